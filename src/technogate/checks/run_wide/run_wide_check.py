"""What a sweep is, and the run that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from technogate.journal.journal_file import Journal
from technogate.model.events import Exchange, Finding, Header, header_values
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.reconcile.reconciliation import Reconciliation, reconcile

#: A sweep stops at this many findings: the rest would say the same.
MOST = 20


class WholeRun:
    """A journal, with what several sweeps need of it worked out once."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @property
    def header(self) -> Header:
        """The journal's header."""
        return self.journal.header

    @property
    def finished(self) -> bool:
        """Whether the run came to its own end, so that its record of requests is whole."""
        return self.journal.footer is not None and self.journal.footer.end == "finished"

    @cached_property
    def backend(self) -> list[Exchange]:
        """The exchanges with the backend under test that have an answer."""
        return [one for one in self.journal.exchanges if one.responded_by == "backend" and one.response is not None]

    @cached_property
    def guarded(self) -> list[Exchange]:
        """Those of the operations that the contract guards."""
        guarded = set(self.header.guarded)
        return [one for one in self.backend if one.operation in guarded]

    @cached_property
    def undisturbed(self) -> list[Exchange]:
        """Exchanges with guarded operations, answered or not, that no fault and no item with a fault disturbed.

        A command that hangs on purpose is a fault too.
        """
        guarded = set(self.header.guarded)
        shaken = {fault.item for fault in self.journal.faults}
        slow = f'"{self.header.slow}"' if self.header.slow else ""
        return [
            one
            for one in self.journal.exchanges
            if one.responded_by == "backend"
            and one.operation in guarded
            and not one.under_fault
            and one.item not in shaken
            and not (slow and slow in one.request.body.text)
        ]

    @cached_property
    def reconciled(self) -> Reconciliation:
        """Requests and trail compared."""
        return reconcile(self.journal.exchanges, self.journal.trails, TrailTerms.of_header(self.header))

    def trace_headers(self, exchange: Exchange) -> list[str]:
        """Every value of the trace header of an answer."""
        return header_values(exchange.response.headers, self.header.trace_header) if exchange.response else []

    def trace_id(self, exchange: Exchange) -> str:
        """The first value of the trace header of an answer, "" without one."""
        return next(iter(self.trace_headers(exchange)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWideResult:
    """What a sweep did: how many pieces of evidence it checked, and what it found.

    `gap` is why it cannot decide although it found nothing, "" when it can; `hint` what helps.
    """

    checks: int
    findings: tuple[Finding, ...] = ()
    gap: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWideCheck:
    """One sweep: its requirement, the sentence a report shows, and the function."""

    requirement: str
    subject: str
    run: Callable[[WholeRun], RunWideResult]

    @property
    def item(self) -> str:
        """The name under which reports list it."""
        return f"every exchange::{self.requirement}"


def run_wide_result(checks: int, findings: Sequence[Finding] = (), gap: str = "", hint: str = "") -> RunWideResult:
    """The result of a sweep, at most `MOST` findings of it."""
    return RunWideResult(checks=checks, findings=tuple(findings[:MOST]), gap=gap, hint=hint)
