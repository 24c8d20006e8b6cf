"""Which generated exchanges each requirement concerns, and what it demands of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from technogate.checks import audit_list, generated_demands, response_checks
from technogate.generation.requests.commands import is_unknown
from technogate.generation.requests.request_oracle import Auth, RequestDefect, Validity, limit_of
from technogate.generation.requests.request_plan import Mode
from technogate.generation.requests.sent_request import GeneratedRule

EVERY = tuple(Mode)
#: Modes whose cases come with the right key.
KEYED = (Mode.ALLOWED, Mode.FORBIDDEN, Mode.OPEN)

#: Every rule by the requirement that it proves, one for each.
RULES: Mapping[str, GeneratedRule] = {
    rule.requirement: rule
    for rule in (
        GeneratedRule(
            requirement="ENV-01",
            modes=KEYED,
            concerns=generated_demands.ok,
            check=lambda terms, sent: response_checks.documented(terms.contract, sent.exchange),
        ),
        GeneratedRule(
            requirement="ENV-02",
            modes=KEYED,
            concerns=generated_demands.ok,
            check=lambda terms, sent: response_checks.says(sent.exchange, *terms.contract.status_words),
        ),
        GeneratedRule(
            requirement="ENV-03",
            modes=EVERY,
            concerns=lambda sent: sent.decided and sent.status != 204,
            check=lambda terms, sent: response_checks.timely(
                sent.exchange, terms.contract.behavior.time.clock_tolerance_s
            ),
        ),
        GeneratedRule(
            requirement="ENV-04",
            modes=EVERY,
            concerns=lambda sent: sent.decided,
            check=lambda terms, sent: response_checks.member_is(terms.contract, sent.exchange, "trace_id", "TraceId"),
        ),
        GeneratedRule(
            requirement="ENV-05",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda terms, sent: response_checks.traced(sent.exchange, terms.contract.behavior.headers.trace),
        ),
        GeneratedRule(
            requirement="ENV-06", modes=KEYED, concerns=generated_demands.ok, check=generated_demands.reason_due
        ),
        GeneratedRule(
            requirement="ENV-07",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda _, sent: (
                response_checks.media_type(sent.exchange) or response_checks.strict_json(sent.exchange)
            ),
        ),
        GeneratedRule(
            requirement="AUT-01",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.auth is Auth.MISSING and not sent.expectation.faults,
            check=generated_demands.refused,
        ),
        GeneratedRule(
            requirement="AUT-02",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.auth is Auth.WRONG and not sent.expectation.faults,
            check=generated_demands.refused,
        ),
        GeneratedRule(
            requirement="AUT-03",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.auth is not Auth.RIGHT and sent.status in (401, 403),
            check=lambda terms, sent: response_checks.error_response(
                terms.contract, sent.exchange, terms.contract.behavior.reason_codes.key_refused
            ),
        ),
        GeneratedRule(
            requirement="AUT-04",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.auth is not Auth.RIGHT and bool(sent.expectation.faults),
            check=generated_demands.key_first,
        ),
        GeneratedRule(
            requirement="EXE-01",
            modes=(Mode.ALLOWED,),
            concerns=generated_demands.known_command,
            check=generated_demands.deserved,
        ),
        GeneratedRule(
            requirement="EXE-02",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.COMMAND, RequestDefect.SESSION),
            check=generated_demands.invalid,
        ),
        GeneratedRule(
            requirement="EXE-03",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.BODY),
            check=generated_demands.one_of_its_answers,
        ),
        GeneratedRule(
            requirement="EXE-04",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: (
                sent.decided and sent.faulty(RequestDefect.TYPE, *(set(RequestDefect) - {RequestDefect.SIZE}))
            ),
            check=generated_demands.one_of_its_answers,
        ),
        GeneratedRule(
            requirement="EXE-05",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.SIZE, *RequestDefect),
            check=generated_demands.one_of_its_answers,
        ),
        GeneratedRule(
            requirement="EXE-06",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: sent.decided and sent.allowed and is_unknown(generated_demands.command(sent)),
            check=generated_demands.unknown,
        ),
        GeneratedRule(
            requirement="EXE-07",
            modes=(Mode.ALLOWED, Mode.FORBIDDEN),
            concerns=generated_demands.session_alone,
            check=generated_demands.session,
        ),
        GeneratedRule(
            requirement="EXE-08",
            modes=(Mode.ALLOWED,),
            concerns=generated_demands.further_alone,
            check=generated_demands.as_plain,
        ),
        GeneratedRule(
            requirement="AUD-01",
            modes=KEYED,
            concerns=generated_demands.ok,
            check=lambda terms, sent: response_checks.documented(terms.contract, sent.exchange),
        ),
        GeneratedRule(
            requirement="AUD-02",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: generated_demands.ok(sent) and sent.allowed,
            check=generated_demands.filtered,
        ),
        GeneratedRule(
            requirement="AUD-03",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: generated_demands.ok(sent) and sent.allowed,
            check=lambda terms, sent: audit_list.at_most(sent.exchange, limit_of(terms.contract, sent.case)),
        ),
        GeneratedRule(
            requirement="AUD-04",
            modes=(Mode.ALLOWED, Mode.OPEN),
            concerns=generated_demands.ok,
            check=lambda _, sent: audit_list.newest_first(sent.exchange),
        ),
        GeneratedRule(
            requirement="AUD-05",
            modes=(Mode.FORBIDDEN, Mode.OPEN),
            concerns=lambda sent: (
                sent.decided and sent.auth is Auth.RIGHT and sent.expectation.validity is not Validity.ALLOWED
            ),
            check=generated_demands.bad_query,
        ),
        GeneratedRule(
            requirement="MEM-01",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: sent.decided and sent.allowed,
            check=generated_demands.snapshot,
        ),
        GeneratedRule(
            requirement="ERR-01",
            modes=EVERY,
            concerns=lambda sent: 400 <= sent.status < 500,
            check=lambda terms, sent: response_checks.error_response(terms.contract, sent.exchange),
        ),
        GeneratedRule(
            requirement="ERR-02",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda terms, sent: (
                response_checks.error_response(terms.contract, sent.exchange) if sent.status >= 500 else []
            ),
        ),
        GeneratedRule(
            requirement="ERR-04", modes=EVERY, concerns=lambda sent: sent.decided, check=generated_demands.nothing_there
        ),
        GeneratedRule(
            requirement="ERR-06",
            modes=EVERY,
            # A body over the limit may be cut off without an answer.
            concerns=lambda sent: sent.status > 0 or RequestDefect.SIZE not in sent.expectation.faults,
            check=generated_demands.served,
        ),
    )
}
