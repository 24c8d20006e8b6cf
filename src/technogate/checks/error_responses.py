"""ERR-01, ERR-02, ERR-04, ERR-06: what an error response holds, and that no input makes the backend fail. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from technogate.checks import rule_conditions
from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, Scope
from technogate.checks.response_predicates import finding, has_response, has_status, is_error_response
from technogate.checks.rule_conditions import EVERY_MODE
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.generation.requests.request_oracle import RequestDefect
from technogate.generation.requests.sent_request import Findings, RuleTerms, SentRequest
from technogate.model.events import Ended, Exchange, Finding, header_values
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

CRASHING = 'name a command whose executor fails in the target file: [backend.commands] crashing = "…"'


def allows_method(exchange: Exchange, method: str) -> list[Finding]:
    """The `Allow` header of a 405 names `method` (ERR-04)."""
    if exchange.response is None:
        return has_response(exchange)
    values = header_values(exchange.response.headers, "allow")
    if method in {word.strip().upper() for value in values for word in value.split(",")}:
        return []
    return finding("Allow", exchange, f"Allow: {method}", f"Allow: {', '.join(values) or 'none'}")


def survives(exchange: Exchange) -> list[Finding]:
    """There is a response, and it is no 5xx (ERR-06)."""
    wanted = "a response that is no 5xx"
    if exchange.response is None:
        return finding("no failure", exchange, wanted, exchange.error or "no response")
    status = exchange.response.status
    return [] if status < 500 else finding("no failure", exchange, wanted, f"status {status}")


def survives_or_closes(contract: Contract, exchange: Exchange) -> list[Finding]:
    """As `survives`, for a head that a parser may refuse: it may close the connection, in time (ERR-06)."""
    in_time = exchange.ended - exchange.started < contract.behavior.time.response_s
    closed = exchange.response is None and exchange.end is Ended.INDETERMINATE and in_time
    return [] if closed else survives(exchange)


# ---- rules of generated requests ----


def _server_error_is_error_response(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A 5xx is a valid error response (ERR-02)."""
    return is_error_response(terms.contract, sent.exchange) if sent.status >= 500 else []


def _unknown_route_is_refused(terms: RuleTerms, sent: SentRequest) -> Findings:
    """404 for a path that does not exist, 405 with `Allow` for a method that does not (ERR-04)."""
    contract, exchange = terms.contract, sent.exchange
    found = contract.operations_at(sent.case.path)
    method = next((operation.method.upper() for operation in found), "")
    # Below a parameter in the path there may be nothing, whatever the method.
    missing = (404,) if any("{" in operation.path for operation in found) else ()
    findings = has_status(exchange, *((405, *missing) if method else (404,))) or is_error_response(contract, exchange)
    return findings or (allows_method(exchange, method) if sent.status == 405 else [])


# ---- over a whole run ----


def _server_errors_are_error_responses(run: WholeRun) -> RunWideResult:
    """Every 5xx of the guarded operations is a valid error response; recording it noted the problems (ERR-02)."""
    errors = [
        exchange
        for exchange in run.guarded
        if exchange.response and exchange.response.status >= 500 and not exchange.response.body.cut
    ]
    findings = [
        Finding(
            check="error response",
            operation=exchange.operation,
            expected="a valid error response with every 5xx",
            observed=f"status {exchange.response.status if exchange.response else 0}: {exchange.problems[0]}",
            example={
                "request": f"{exchange.request.method} {exchange.request.path}",
                "request body": exchange.request.body.text,
                "response body": exchange.response.body.text if exchange.response else "",
            },
            exchanges=(exchange.id,),
            trace_id=run.trace_id(exchange),
        )
        for exchange in errors
        if exchange.problems
    ]
    return run_wide_result(
        len(errors), findings, "" if errors else "no request of the run got a 5xx response", CRASHING
    )


EXAMPLES = (
    Example(
        requirement="ERR-06",
        predicate=survives,
        good=lambda e: (e.refused(400),),
        bad=lambda e: (e.refused(500),),
    ),
    Example(
        requirement="ERR-06",
        predicate=survives_or_closes,
        good=lambda e: (e.contract, msgspec.structs.replace(e.no_response(), end=Ended.INDETERMINATE)),
        bad=lambda e: (e.contract, e.refused(503)),
    ),
    Example(
        requirement="ERR-04",
        predicate=allows_method,
        good=lambda e: (e.exchange(405, {}, headers=(("Allow", "GET, HEAD"),)), "GET"),
        bad=lambda e: (e.exchange(405, {}), "GET"),
    ),
)

RULES = (
    GeneratedRule(
        requirement="ERR-01",
        subject="Every 4xx to a generated request is a valid error response.",
        scope=Scope.OPERATIONS,
        modes=EVERY_MODE,
        concerns=lambda sent: 400 <= sent.status < 500,
        check=lambda terms, sent: is_error_response(terms.contract, sent.exchange),
        good=lambda e: e.sent(e.conforming(e.refused(400))),
        bad=lambda e: e.sent(e.exchange(400, {"detail": "self-test"})),
    ),
    GeneratedRule(
        requirement="ERR-02",
        subject="Every 5xx to a generated request is a valid error response.",
        scope=Scope.OPERATIONS,
        modes=EVERY_MODE,
        concerns=rule_conditions.has_status,
        check=_server_error_is_error_response,
        good=lambda e: e.sent(e.conforming(e.refused(500))),
        bad=lambda e: e.sent(e.exchange(500, "self-test")),
    ),
    GeneratedRule(
        requirement="ERR-04",
        subject="Every generated path that does not exist gets 404, every other method 405 with `Allow`.",
        scope=Scope.UNKNOWN_ROUTES,
        modes=EVERY_MODE,
        concerns=rule_conditions.is_decided,
        check=_unknown_route_is_refused,
        good=lambda e: e.sent(e.unknown_route()),
        bad=lambda e: e.sent(e.executed()),
    ),
    GeneratedRule(
        requirement="ERR-06",
        subject="No generated request makes a 5xx.",
        scope=Scope.ANY,
        modes=EVERY_MODE,
        # A body over the limit may be cut off without a response.
        concerns=lambda sent: sent.status > 0 or RequestDefect.SIZE not in sent.expectation.faults,
        check=lambda _, sent: survives(sent.exchange),
        good=lambda e: e.sent(e.refused(400)),
        bad=lambda e: e.sent(e.refused(500)),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="ERR-02",
        subject="Every 5xx of the run is a valid error response.",
        run=_server_errors_are_error_responses,
        defects=(lambda run: run.exchange(len(run.exchanges) - 1, problems=("no message",)),),
    ),
)

FAMILY = Family(prefixes=("ERR",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, run_wide=RUN_WIDE)
