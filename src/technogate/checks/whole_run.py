"""A run as a whole, as the checks over it read it, and what such a check returns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from technogate.journal.journal_file import Journal
from technogate.model.events import Exchange, Finding, Header, header_values
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.reconcile.reconciliation import Reconciliation, reconcile

#: A run-wide check reports at most this many findings: more would repeat them.
MOST = 20


class WholeRun:
    """A journal, with what several run-wide checks need of it computed once."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @property
    def header(self) -> Header:
        """The journal's header."""
        return self.journal.header

    @property
    def finished(self) -> bool:
        """Whether the run ended by itself, so that its record of requests is complete."""
        return self.journal.footer is not None and self.journal.footer.end == "finished"

    @cached_property
    def backend(self) -> list[Exchange]:
        """The exchanges with the backend under test that have a response."""
        return [
            exchange
            for exchange in self.journal.exchanges
            if exchange.responded_by == "backend" and exchange.response is not None
        ]

    @cached_property
    def guarded(self) -> list[Exchange]:
        """The exchanges of the operations that the contract guards."""
        guarded = set(self.header.guarded)
        return [exchange for exchange in self.backend if exchange.operation in guarded]

    @cached_property
    def without_fault(self) -> list[Exchange]:
        """Exchanges with guarded operations, with or without a response, outside of any fault and item with a fault.

        A command that hangs on purpose counts as a fault.
        """
        guarded = set(self.header.guarded)
        faulty_items = {fault.item for fault in self.journal.faults}
        slow = f'"{self.header.slow}"' if self.header.slow else ""
        return [
            exchange
            for exchange in self.journal.exchanges
            if exchange.responded_by == "backend"
            and exchange.operation in guarded
            and not exchange.under_fault
            and exchange.item not in faulty_items
            and not (slow and slow in exchange.request.body.text)
        ]

    @cached_property
    def reconciled(self) -> Reconciliation:
        """Requests and audit trail compared."""
        return reconcile(self.journal.exchanges, self.journal.trails, TrailTerms.of_header(self.header))

    def trace_headers(self, exchange: Exchange) -> list[str]:
        """Every value of the trace header of a response."""
        return header_values(exchange.response.headers, self.header.trace_header) if exchange.response else []

    def trace_id(self, exchange: Exchange) -> str:
        """The first value of the trace header of a response, "" without one."""
        return next(iter(self.trace_headers(exchange)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWideResult:
    """What a run-wide check did: how many pieces of evidence it checked, and what it found.

    `gap` is the reason why it cannot decide although it found nothing, "" when it can; `hint` what to do about it.
    """

    checks: int
    findings: tuple[Finding, ...] = ()
    gap: str = ""
    hint: str = ""


def run_wide_result(checks: int, findings: Sequence[Finding] = (), gap: str = "", hint: str = "") -> RunWideResult:
    """The result of a run-wide check, with at most `MOST` of its findings."""
    return RunWideResult(checks=checks, findings=tuple(findings[:MOST]), gap=gap, hint=hint)
