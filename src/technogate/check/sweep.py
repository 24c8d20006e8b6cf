"""Sweeps: checks over every exchange of a run, whoever sent it and whatever it was sent for.

A sweep is a pure function from a journal to findings, tied to one requirement. It runs
when the journal is judged, and it counts as one item of its requirement. It needs evidence: a sweep
that met no exchange of its kind has checked nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from technogate.evidence import Exchange, Finding, header_values
from technogate.journal import Journal

Sweeper = Callable[[Journal], "Swept"]

#: A sweep stops at this many findings: the rest would say the same.
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did: how many pieces of evidence it checked, and what it found."""

    checks: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep: its requirement, the sentence a report shows, and the function."""

    requirement: str
    subject: str
    run: Sweeper

    @property
    def item(self) -> str:
        """The name under which reports list it."""
        return f"every exchange::{self.requirement}"


def _of_backend(journal: Journal) -> list[Exchange]:
    """Answers of the backend under test to the operations that the contract guards."""
    guarded = set(journal.header.guarded)
    return [
        exchange
        for exchange in journal.exchanges
        if exchange.answered_by == "backend" and exchange.answer is not None and exchange.operation in guarded
    ]


def _trace_headers(journal: Journal, exchange: Exchange) -> list[str]:
    """Every value of the trace header of an answer."""
    return header_values(exchange.answer.headers, journal.header.trace_header) if exchange.answer else []


def _body_trace_id(exchange: Exchange) -> str | None:
    """The `trace_id` member of a JSON object body; None when there is none to compare."""
    if exchange.answer is None or not exchange.answer.body.text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(exchange.answer.body.text)
    except ValueError:
        return None
    found = value.get("trace_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _unique_trace_ids(journal: Journal) -> Swept:
    """ENV-04: no trace id is ever used for two requests."""
    first: dict[str, Exchange] = {}
    findings: list[Finding] = []
    checks = 0
    for exchange in _of_backend(journal):
        trace_id = next(iter(_trace_headers(journal, exchange)), None) or _body_trace_id(exchange)
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
    return Swept(checks=checks, findings=tuple(findings[:MOST]))


def _trace_header(journal: Journal) -> Swept:
    """ENV-05: the trace header is on every answer, once, and equals the body's trace_id."""
    findings: list[Finding] = []
    answered = _of_backend(journal)
    for exchange in answered:
        values = _trace_headers(journal, exchange)
        in_body = _body_trace_id(exchange)
        if len(values) == 1 and in_body in (None, values[0]):
            continue
        observed = "no such header" if not values else f"{journal.header.trace_header}: {', '.join(values)}"
        if values and in_body is not None:
            observed += f", and {in_body} in the body"
        findings.append(
            Finding(
                check="trace header",
                operation=exchange.operation,
                expected=f"one {journal.header.trace_header} header, equal to the body's trace_id where it has one",
                observed=f"{observed} (status {exchange.answer.status if exchange.answer else 0})",
                exchanges=(exchange.id,),
                trace_id=in_body or "",
            )
        )
    return Swept(checks=len(answered), findings=tuple(findings[:MOST]))


def _no_key(journal: Journal) -> Swept:
    """AUT-06: the key is in no answer and in nothing that the backend wrote to its log."""
    findings = [
        Finding(
            check="no key given away",
            operation=exchange.operation,
            expected="the API key in no part of an answer",
            observed=f"the key in: {', '.join(exchange.leaks)}",
            exchanges=(exchange.id,),
            trace_id=next(iter(_trace_headers(journal, exchange)), ""),
        )
        for exchange in journal.exchanges
        if exchange.answered_by == "backend" and exchange.leaks
    ]
    logs = [output for output in journal.outputs if output.program == "backend"]
    findings += [
        Finding(
            check="no key given away",
            expected="the API key in no line of the backend's log",
            observed=f"the key in its output ({', '.join(output.leaks)})",
        )
        for output in logs
        if output.leaks
    ]
    checks = sum(exchange.answered_by == "backend" and exchange.answer is not None for exchange in journal.exchanges)
    return Swept(checks=checks + (len(logs) if checks else 0), findings=tuple(findings[:MOST]))


SWEEPS: tuple[Sweep, ...] = (
    Sweep(requirement="ENV-04", subject="No trace id was given to two requests of the run.", run=_unique_trace_ids),
    Sweep(requirement="ENV-05", subject="Every answer of the run carries its trace id.", run=_trace_header),
    Sweep(requirement="AUT-06", subject="No answer and no log line of the run holds the key.", run=_no_key),
)
