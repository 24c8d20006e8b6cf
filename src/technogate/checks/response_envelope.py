"""ENV: what every response must hold: schema, status word, time, trace id, reason codes, media type. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from technogate.checks import response_predicates, rule_conditions
from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, Scope
from technogate.checks.response_predicates import carries, finding, has_response, json_object, seconds_of
from technogate.checks.rule_conditions import EVERY_MODE, WITH_KEY
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.generation.requests.sent_request import Findings, RuleTerms, SentRequest
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Finding, header_values
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.known_run import KnownRun

#: What a request of no operation gets where a route was looked for.
_REFUSED_ELSEWHERE = frozenset({404, 405, 429})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PLAIN_PATH = re.compile(r"(?:/(?!\.)[A-Za-z0-9_.-]+)+(?:\?.*)?", re.DOTALL)

# ---- predicates ----


def has_current_time(exchange: Exchange, tolerance_s: float, field: str = "ts_utc") -> list[Finding]:
    """`field` is a UTC time within `tolerance_s` of the request (ENV-03)."""
    value = json_object(exchange).get(field)
    at = seconds_of(value)
    if at is None:
        return finding("UTC time", exchange, f"{field} as RFC 3339, UTC, ending in Z", f"{field} {value!r}")
    # The backend may have read its clock at any time between the request and its response.
    off = max(exchange.started - at, at - exchange.ended, 0.0)
    if off <= tolerance_s:
        return []
    return finding(
        "UTC time", exchange, f"{field} within {tolerance_s:g} s of the request", f"{value}, {off:.1f} s off"
    )


def has_trace_header(exchange: Exchange, header: str) -> list[Finding]:
    """The response carries one trace header, equal to the body's trace id where it has one (ENV-05)."""
    if exchange.response is None:
        return has_response(exchange)
    values = header_values(exchange.response.headers, header)
    in_body = json_object(exchange).get("trace_id")
    if len(values) == 1 and values[0] and in_body in (None, values[0]):
        return []
    observed = f"{header}: {', '.join(values) or 'none'}; trace_id in the body: {in_body!r}"
    return finding("trace header", exchange, f"one {header}, equal to the body's trace_id", observed)


# ---- rules of generated requests ----


def _has_reason_where_due(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A status that needs a reason has one (ENV-06)."""
    free = terms.contract.behavior.statuses.empty_reasons
    due = json_object(sent.exchange).get("status") not in free
    return response_predicates.has_reason_code(sent.exchange) if due else []


#: Statuses that a server may answer with before it knows the operation, whatever that documents.
_OF_A_SERVER = frozenset({405, 413, 414, 415, 429, 431})


def _is_declared_strict_json(terms: RuleTerms, sent: SentRequest) -> Findings:
    """The body is declared as JSON and is strict JSON (ENV-07).

    Of an operation without a part the response is a documented one: no other requirement is about that.
    """
    contract, operation = terms.contract, sent.exchange.operation
    if operation in {described.id for described in contract.general}:
        documented = sent.status in contract.operations[operation].responses
        if documented or (sent.status and sent.status < 500 and sent.status not in _OF_A_SERVER):
            return response_predicates.is_documented(contract, sent.exchange)
        if sent.exchange.response is not None and not sent.exchange.response.body.size:
            return []
    return response_predicates.declares_json(sent.exchange) or response_predicates.is_strict_json(sent.exchange)


# ---- over a whole run ----


def _body_trace_id(exchange: Exchange) -> str | None:
    """The `trace_id` member of a JSON object body; None when there is none to compare."""
    if exchange.response is None or not exchange.response.body.text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(exchange.response.body.text)
    except (ValueError, RecursionError):
        return None
    trace_id = value.get(spoken().name("envelope", "trace_id")) if isinstance(value, dict) else None
    return trace_id if isinstance(trace_id, str) else None


def _trace_ids_are_unique(run: WholeRun) -> RunWideResult:
    """No trace id is used for two requests (ENV-04)."""
    first: dict[str, Exchange] = {}
    findings: list[Finding] = []
    checks = 0
    for exchange in run.guarded:
        trace_id = run.trace_id(exchange) or _body_trace_id(exchange)
        if not trace_id:
            continue
        checks += 1
        earlier = first.setdefault(trace_id, exchange)
        if earlier is not exchange:
            findings.append(
                Finding(
                    check="unique trace id",
                    operation=exchange.operation,
                    expected="a trace id that no other request of this run was given",
                    observed=f"{trace_id} came with exchange {earlier.id} and again with exchange {exchange.id}",
                    exchanges=(earlier.id, exchange.id),
                    trace_id=trace_id,
                )
            )
    return run_wide_result(checks, findings)


def _is_refused_elsewhere(exchange: Exchange) -> bool:
    """Whether a request of no operation was refused where a route was looked for.

    A target or a method that an HTTP parser may reject does not count: no route is known then.
    """
    return (
        exchange.response is not None
        and exchange.response.status in _REFUSED_ELSEWHERE
        and not exchange.under_fault
        and exchange.request.method in _METHODS
        and _PLAIN_PATH.fullmatch(exchange.request.path) is not None
    )


def _responses_have_trace_headers(run: WholeRun) -> RunWideResult:
    """The trace header is on every response, once, and equals the body's trace_id (ENV-05).

    404 and 405 belong to them, and 429 wherever it came.
    """
    findings: list[Finding] = []
    guarded = set(run.header.guarded)
    judged = [exchange for exchange in run.backend if exchange.operation in guarded or _is_refused_elsewhere(exchange)]
    for exchange in judged:
        values = run.trace_headers(exchange)
        in_body = _body_trace_id(exchange)
        if len(values) == 1 and in_body in (None, values[0]):
            continue
        observed = "no such header" if not values else f"{run.header.trace_header}: {', '.join(values)}"
        if values and in_body is not None:
            observed += f", and {in_body} in the body"
        findings.append(
            Finding(
                check="trace header",
                operation=exchange.operation,
                expected=f"one {run.header.trace_header} header, equal to the body's trace_id where it has one",
                observed=f"{observed} (status {exchange.response.status if exchange.response else 0})",
                exchanges=(exchange.id,),
                trace_id=in_body or "",
            )
        )
    return run_wide_result(len(judged), findings)


def _wrong_method_without_header(run: KnownRun) -> None:
    """Plant a 405 without a trace header, to a request that is one of no operation."""
    run.response(1, status=405, headers=())
    run.exchange(1, operation="")


EXAMPLES = (
    Example(
        requirement="ENV-03",
        predicate=has_current_time,
        good=lambda e: (e.executed(), 5),
        bad=lambda e: (e.executed(ts_utc="now"), 5),
    ),
    Example(
        requirement="ENV-05",
        predicate=has_trace_header,
        good=lambda e: (e.executed(), e.contract.behavior.headers.trace),
        bad=lambda e: (e.refused(500), e.contract.behavior.headers.trace),
    ),
)

RULES = (
    GeneratedRule(
        requirement="ENV-01",
        subject="Every 200 to a generated execute request is a valid execute response.",
        scope=Scope.EXECUTE,
        modes=WITH_KEY,
        concerns=rule_conditions.is_200,
        check=lambda terms, sent: response_predicates.is_documented(terms.contract, sent.exchange),
        good=lambda e: e.sent(e.conforming(e.executed())),
        bad=lambda e: e.sent(e.executed(trace_id=None)),
    ),
    GeneratedRule(
        requirement="ENV-02",
        subject="Every 200 to a generated execute request has one of the statuses, in exactly that case.",
        scope=Scope.EXECUTE,
        modes=WITH_KEY,
        concerns=rule_conditions.is_200,
        check=lambda terms, sent: response_predicates.has_status_word(sent.exchange, *terms.contract.status_words),
        good=lambda e: e.sent(e.executed(status=e.contract.status_words[0])),
        bad=lambda e: e.sent(e.executed(status=e.approved.swapcase())),
    ),
    GeneratedRule(
        requirement="ENV-03",
        subject="Every response to a generated execute request has a time in UTC that is now.",
        scope=Scope.EXECUTE,
        modes=EVERY_MODE,
        concerns=lambda sent: sent.decided and sent.status != 204 and carries(sent.exchange, "ts_utc"),
        check=lambda terms, sent: has_current_time(sent.exchange, terms.contract.behavior.time.clock_tolerance_s),
        good=lambda e: e.sent(e.executed()),
        bad=lambda e: e.sent(e.executed(ts_utc="2000-01-01T00:00:00Z")),
    ),
    GeneratedRule(
        requirement="ENV-04",
        subject="Every response to a generated execute request has a trace id of the right form.",
        scope=Scope.EXECUTE,
        modes=EVERY_MODE,
        concerns=lambda sent: sent.decided and carries(sent.exchange, "trace_id"),
        check=lambda terms, sent: response_predicates.has_valid_member(
            terms.contract, sent.exchange, "trace_id", terms.contract.behavior.schemas.trace_id
        ),
        good=lambda e: e.sent(e.conforming(e.executed())),
        bad=lambda e: e.sent(e.executed(trace_id="T 1")),
    ),
    GeneratedRule(
        requirement="ENV-05",
        subject="Every response to a generated request has its trace header, equal to the body's trace id.",
        scope=Scope.ANY,
        modes=EVERY_MODE,
        concerns=rule_conditions.has_status,
        check=lambda terms, sent: has_trace_header(sent.exchange, terms.contract.behavior.headers.trace),
        good=lambda e: e.sent(e.executed()),
        bad=lambda e: e.sent(e.refused(400)),
    ),
    GeneratedRule(
        requirement="ENV-06",
        subject="Every response to a generated execute request with a status that needs a reason gives one.",
        scope=Scope.EXECUTE,
        modes=WITH_KEY,
        concerns=rule_conditions.is_200,
        check=_has_reason_where_due,
        good=lambda e: e.sent(e.executed(status=e.contract.behavior.statuses.blocked)),
        bad=lambda e: e.sent(e.executed(status=e.contract.behavior.statuses.blocked, reason_codes=[])),
    ),
    GeneratedRule(
        requirement="ENV-07",
        subject="Every response to a generated request is declared as JSON and is strict JSON.",
        scope=Scope.OPERATIONS,
        modes=EVERY_MODE,
        concerns=rule_conditions.has_status,
        check=_is_declared_strict_json,
        good=lambda e: e.sent(e.executed()),
        bad=lambda e: e.sent(e.exchange(200, b'{"status": NaN}')),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="ENV-04",
        subject="No trace id was given to two requests of the run.",
        run=_trace_ids_are_unique,
        defects=(lambda run: run.response(1, headers=((run.header.trace_header, "self-test-0"),)),),
    ),
    RunWideCheck(
        requirement="ENV-05",
        subject="Every response of the run carries its trace id.",
        run=_responses_have_trace_headers,
        defects=(lambda run: run.response(1, headers=()), _wrong_method_without_header),
    ),
)

FAMILY = Family(prefixes=("ENV",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, run_wide=RUN_WIDE)
