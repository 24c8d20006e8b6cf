"""Sweeps of what every answer looks like: its trace id, and the body of a 5xx."""

from __future__ import annotations

import json

from technogate.checks.run_wide.run_wide_check import RunWideCheck, RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Exchange, Finding


def _body_trace_id(exchange: Exchange) -> str | None:
    """The `trace_id` member of a JSON object body; None when there is none to compare."""
    if exchange.response is None or not exchange.response.body.text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(exchange.response.body.text)
    except (ValueError, RecursionError):
        return None
    found = value.get("trace_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _unique_trace_ids(run: WholeRun) -> RunWideResult:
    """ENV-04: no trace id is ever used for two requests."""
    first: dict[str, Exchange] = {}
    findings: list[Finding] = []
    checks = 0
    for exchange in run.guarded:
        trace_id = run.trace_id(exchange) or _body_trace_id(exchange)
        if not trace_id:
            continue
        checks += 1
        other = first.setdefault(trace_id, exchange)
        if other is not exchange:
            findings.append(
                Finding(
                    check="unique trace id",
                    operation=exchange.operation,
                    expected="a trace id that no other request of this run was given",
                    observed=f"{trace_id} came with exchange {other.id} and again with exchange {exchange.id}",
                    exchanges=(other.id, exchange.id),
                    trace_id=trace_id,
                )
            )
    return run_wide_result(checks, findings)


def _trace_header(run: WholeRun) -> RunWideResult:
    """ENV-05: the trace header is on every answer, once, and equals the body's trace_id."""
    findings: list[Finding] = []
    for exchange in run.guarded:
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
    return run_wide_result(len(run.guarded), findings)


def _server_errors(run: WholeRun) -> RunWideResult:
    """ERR-02: every 5xx of the guarded operations is a valid ErrorResponse; it was measured when it was recorded."""
    errors = [one for one in run.guarded if one.response and one.response.status >= 500 and not one.response.body.cut]
    findings = [
        Finding(
            check="error answer",
            operation=exchange.operation,
            expected="a valid ErrorResponse with every 5xx",
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
    return run_wide_result(len(errors), findings, "" if errors else "no request of the run was answered 5xx", CRASHING)


CRASHING = 'name a command whose executor fails in the target file: [backend.commands] crashing = "…"'

RUN_WIDE_CHECKS = (
    RunWideCheck(
        requirement="ENV-04", subject="No trace id was given to two requests of the run.", run=_unique_trace_ids
    ),
    RunWideCheck(requirement="ENV-05", subject="Every answer of the run carries its trace id.", run=_trace_header),
    RunWideCheck(requirement="ERR-02", subject="Every 5xx of the run is a valid ErrorResponse.", run=_server_errors),
)
