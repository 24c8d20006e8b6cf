"""Sweeps of what must not be given away: the key, what the backend is made of, what was sent to it."""

from __future__ import annotations

from collections import defaultdict

from technogate.checks.leak import Leak, response_leaks
from technogate.checks.payload import Payload
from technogate.checks.run_wide.run_wide_check import RunWideCheck, RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Exchange, Finding, TrailEntry


def _key_in_responses(run: WholeRun, check: str) -> list[Finding]:
    """Every answer that held the key, in whatever spelling: they were found when they were recorded."""
    return [
        Finding(
            check=check,
            operation=exchange.operation,
            expected="the API key in no part of an answer",
            observed=f"the key in: {', '.join(exchange.leaks)}",
            exchanges=(exchange.id,),
            trace_id=run.trace_id(exchange),
        )
        for exchange in run.backend
        if exchange.leaks
    ]


def _key_in_trail(run: WholeRun, check: str) -> list[Finding]:
    """Every reading whose entries held the key."""
    return [
        Finding(
            check=check,
            expected="the API key in no entry of the audit trail",
            observed=f"the key in: {', '.join(reading.leaks)} (reading {reading.id})",
        )
        for reading in run.journal.trails
        if reading.leaks
    ]


def _no_key(run: WholeRun) -> RunWideResult:
    """AUT-06: the key is in no answer, in no entry of the trail, and in nothing that the backend wrote to its log."""
    check = "no key given away"
    logs = [output for output in run.journal.outputs if output.program == "backend"]
    findings = _key_in_responses(run, check) + _key_in_trail(run, check)
    findings += [
        Finding(
            check=check,
            expected="the API key in no line of the backend's log",
            observed=f"the key in its output ({', '.join(output.leaks)})",
        )
        for output in logs
        if output.leaks
    ]
    responses = len(run.backend)
    entries = sum(len(reading.entries) for reading in run.journal.trails)
    return run_wide_result(responses + (len(logs) + entries if responses else 0), findings)


def _nothing_within(run: WholeRun) -> RunWideResult:
    """ERR-03: no answer tells of the backend's inside, or holds the key."""
    found: dict[tuple[str, str], list[tuple[Exchange, Leak]]] = defaultdict(list)
    guarded = set(run.header.guarded)
    asked = [
        one
        for one in run.backend
        if one.response is not None and (one.operation in guarded or one.response.status >= 400)
    ]
    for exchange in asked:
        for leak in response_leaks(exchange):
            found[leak.kind, leak.text].append((exchange, leak))
    findings = _key_in_responses(run, "nothing from within")
    for (kind, text), cases in found.items():
        exchange, leak = cases[0]
        more = f", and in {len(cases) - 1} more answers" if len(cases) > 1 else ""
        findings.append(
            Finding(
                check="nothing from within",
                operation=exchange.operation,
                expected="no stack trace, path, SQL, host, address, environment value or key in an answer",
                observed=f"{kind} in {leak.place}: {text}{more}",
                example={"request": f"{exchange.request.method} {exchange.request.path}", kind: text},
                exchanges=tuple(one.id for one, _ in cases[:5]),
                trace_id=run.trace_id(exchange),
            )
        )
    return run_wide_result(len(asked), findings)


def _no_payload(run: WholeRun) -> RunWideResult:
    """TRL-09: no entry holds a session id or another part of a body that was sent, or the key."""
    payload = Payload.of(one for one in run.journal.exchanges if one.responded_by == "backend")
    findings = _key_in_trail(run, "nothing of the request")
    checks = 0
    for reading in run.journal.trails:
        for entry in reading.entries if payload else ():
            checks += 1
            findings += [_carried(entry, *found) for found in payload.within(entry)]
    return run_wide_result(
        checks, findings, "" if payload else "no request of the run had a session id or payload to look for"
    )


def _carried(entry: TrailEntry, field: str, what: str, exchange_id: str) -> Finding:
    """A part of a request that stands in an entry."""
    return Finding(
        check="nothing of the request",
        expected="no payload, session id or key in an entry of the audit trail",
        observed=f"{what} in the entry's {field}",
        example={f"entry's {field}": str(entry.extra.get(field) or getattr(entry, field, ""))},
        exchanges=(exchange_id,),
        trace_id=entry.trace_id,
    )


RUN_WIDE_CHECKS = (
    RunWideCheck(requirement="AUT-06", subject="No answer, entry and log line of the run holds the key.", run=_no_key),
    RunWideCheck(
        requirement="ERR-03", subject="No answer of the run tells of the backend's inside.", run=_nothing_within
    ),
    RunWideCheck(
        requirement="TRL-09", subject="No entry holds a payload, session id or key of the run.", run=_no_payload
    ),
)
