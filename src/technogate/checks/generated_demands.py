"""What requirements demand of one generated exchange, one function for each demand. Pure."""

from __future__ import annotations

import json

from technogate.checks import audit_list, response_checks
from technogate.generation.requests.request_oracle import Auth, RequestDefect, Validity, state_of
from technogate.generation.requests.sent_request import Findings, RuleTerms, SentRequest


def members(sent: SentRequest) -> dict[str, object]:
    """The members of an execute request's body, empty for what is no object."""
    try:
        value = json.loads(sent.case.body or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def command(sent: SentRequest) -> str:
    """The command of an execute request, "" without one."""
    return str(members(sent).get("command", ""))


def session_alone(sent: SentRequest) -> bool:
    """A command with a session id and nothing else that could make a difference."""
    return sent.decided and (
        sent.faulty(RequestDefect.SESSION) or (sent.allowed and set(members(sent)) == {"command", "session_id"})
    )


def further_alone(sent: SentRequest) -> bool:
    """A command with fields that nobody knows, and without a session id."""
    names = set(members(sent))
    return sent.decided and sent.allowed and "session_id" not in names and len(names) > 1


def known_command(sent: SentRequest) -> bool:
    """A command of the target's, alone or with all that may come with it: the rest is compared with that."""
    known = sent.decided and sent.allowed and bool(sent.deserves)
    return known and not session_alone(sent) and not further_alone(sent)


def as_plain(terms: RuleTerms, sent: SentRequest) -> Findings:
    """The answer means the same as the one to the command alone."""
    plain = terms.plain.get(command(sent))
    if plain is None or plain.response is None or sent.status != plain.response.status:
        return response_checks.status(sent.exchange, 200)
    kept = ("status", "reason_codes")
    one, other = response_checks.json_object(plain), response_checks.json_object(sent.exchange)
    expected = [f"{name} {one.get(name)!r}" for name in kept]
    observed = [f"{name} {other.get(name)!r}" for name in kept]
    if expected == observed:
        return []
    return response_checks.finding(
        "same answer", sent.exchange, f"{', '.join(expected)}, as without", ", ".join(observed)
    )


def session(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A valid session id changes nothing, any other is answered 400 (EXE-07)."""
    return response_checks.status(sent.exchange, 400) if sent.faulty(RequestDefect.SESSION) else as_plain(terms, sent)


def deserved(_: RuleTerms, sent: SentRequest) -> Findings:
    """A command that the target names is answered with the status it deserves."""
    return response_checks.status(sent.exchange, 200) or response_checks.says(sent.exchange, sent.deserves)


def unknown(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A command that nobody knows is answered 200 BLOCKED with a reason (EXE-06)."""
    exchange = sent.exchange
    blocked = terms.contract.behavior.statuses.blocked
    return (
        response_checks.status(exchange, 200)
        or response_checks.says(exchange, blocked)
        or response_checks.has_reason(exchange)
    )


def refused(_: RuleTerms, sent: SentRequest) -> Findings:
    """A refused key is answered as its kind of wrong demands."""
    return response_checks.status(sent.exchange, 401 if sent.auth is Auth.MISSING else 403)


def key_first(_: RuleTerms, sent: SentRequest) -> Findings:
    """Malformed and without a key is 401; with a wrong one it is the key's refusal, whichever."""
    return response_checks.status(sent.exchange, *((401,) if sent.auth is Auth.MISSING else (401, 403)))


def invalid(terms: RuleTerms, sent: SentRequest) -> Findings:
    """An invalid command is answered 400 with the reason for that (EXE-02)."""
    reason = terms.contract.behavior.reason_codes.invalid_request
    return response_checks.status(sent.exchange, 400) or response_checks.error_response(
        terms.contract, sent.exchange, reason
    )


def one_of_its_answers(_: RuleTerms, sent: SentRequest) -> Findings:
    """The status is one of those that conform."""
    return response_checks.status(sent.exchange, *sorted(sent.expectation.responses))


def filtered(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A list holds entries of the state asked for alone (AUD-02)."""
    state = state_of(terms.contract, sent.case)
    return audit_list.only_state(sent.exchange, state) if state else response_checks.answered(sent.exchange)


def bad_query(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A forbidden query is answered 400; one that is left open, that or as it reads (AUD-05)."""
    if sent.expectation.validity is Validity.OPEN:
        return one_of_its_answers(terms, sent)
    return response_checks.status(sent.exchange, 400) or response_checks.error_response(terms.contract, sent.exchange)


def reason_due(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A status that needs a reason has one (ENV-06)."""
    free = terms.contract.behavior.statuses.empty_reasons
    due = response_checks.json_object(sent.exchange).get("status") not in free
    return response_checks.has_reason(sent.exchange) if due else []


def snapshot(terms: RuleTerms, sent: SentRequest) -> Findings:
    """The memory answers with a valid snapshot, with BLOCKED, or with none (MEM-01)."""
    return one_of_its_answers(terms, sent) or response_checks.documented(terms.contract, sent.exchange)


def served(_: RuleTerms, sent: SentRequest) -> Findings:
    """An answer, and not one that says the backend failed."""
    if sent.exchange.response is None:
        wanted = "an answer that is no 5xx"
        return response_checks.finding("no failure", sent.exchange, wanted, sent.exchange.error or "no answer")
    if sent.status < 500:
        return []
    return response_checks.finding("no failure", sent.exchange, "an answer that is no 5xx", f"status {sent.status}")


def nothing_there(terms: RuleTerms, sent: SentRequest) -> Findings:
    """404 for a path that is not there, 405 with `Allow` for a method that is not."""
    contract, exchange = terms.contract, sent.exchange
    method = next((each.method.upper() for each in contract.operations.values() if each.path == sent.case.path), "")
    found = response_checks.status(exchange, 405 if method else 404) or response_checks.error_response(
        contract, exchange
    )
    return found or (response_checks.allows(exchange, method) if method else [])


def ok(sent: SentRequest) -> bool:
    """Whether the answer is 200."""
    return sent.status == 200
