"""Compare a finding with its replay: a pure function of the finding's journal and of the replay's journal.

FIXED requires proof: the same case ran again in a sound run, and its check was made and passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from technogate.journal.journal_file import Journal
from technogate.judging.self_test_result import self_test_problems
from technogate.judging.soundness import unsound
from technogate.model.events import Exchange, Finding, ItemResult, Outcome
from technogate.model.verdict import ExitCode, VerdictDocument
from technogate.replay.finding_lookup import LocatedFinding
from technogate.replay.same_case import request_of, response_of


class ReplayState(StrEnum):
    """How a replay ends."""

    FIXED = "FIXED"
    FAILING = "STILL FAILING"
    UNKNOWN = "CANNOT TELL"


EXIT_CODES = {
    ReplayState.FIXED: ExitCode.PASS,
    ReplayState.FAILING: ExitCode.FAIL,
    ReplayState.UNKNOWN: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The result of a replay: `reason` and `hint` for CANNOT TELL, `finding` for STILL FAILING."""

    state: ReplayState
    reason: str = ""
    hint: str = ""
    finding: Finding | None = None


def unknown(reason: str, hint: str = "") -> Replayed:
    """Return CANNOT TELL, with the reason."""
    return Replayed(state=ReplayState.UNKNOWN, reason=reason, hint=hint)


def compare(located: LocatedFinding, journal: Journal, document: VerdictDocument) -> Replayed:
    """Compare the finding with the replay's journal and the document judged from it."""
    before, after, finding = located.journal.header, journal.header, located.sample.finding
    if before.contract.digest != after.contract.digest:
        return unknown("the contract is not that of the finding", located.sample.recheck_command)
    if problems := self_test_problems(journal):
        return unknown(problems[0])
    findings = [sample.finding for sample in document.findings if sample.finding.requirement == finding.requirement]
    same = [candidate for candidate in findings if candidate.check == finding.check]
    if same:
        return Replayed(state=ReplayState.FAILING, finding=same[0])
    if problems := unsound(journal):
        return unknown(problems[0])
    if findings:
        now = f"expected {findings[0].expected}; observed {findings[0].observed}"
        return unknown(f"its requirement fails in another way now: {now}", located.sample.recheck_command)
    return _not_passed(finding, document) or _another_case(located, journal) or Replayed(state=ReplayState.FIXED)


def _not_passed(finding: Finding, document: VerdictDocument) -> Replayed | None:
    """Return why the finding's item did not pass; None when it passed."""
    results: list[ItemResult] = [
        item
        for requirement in document.requirements
        if requirement.id == finding.requirement
        for item in requirement.items
        if item.item == finding.item
    ]
    if not results:
        return unknown(f"{finding.item} did not run: this gate has no such item for this target")
    [result] = results
    if result.outcome is Outcome.PASSED and result.checks:
        return None
    return unknown(result.reason or f"{finding.item} {result.outcome.value}", result.hint)


def _another_case(located: LocatedFinding, journal: Journal) -> Replayed | None:
    """Return why another case may have passed than the one that failed; None for the same case."""
    before, after, finding = located.journal.header, journal.header, located.sample.finding
    if before.gate_digest != after.gate_digest:
        return unknown(
            "the gate has changed since, so the same item may run other cases", located.sample.recheck_command
        )
    if (before.seed, before.profile) != (after.seed, after.profile):
        return unknown("the replay drew other cases: its seed or profile differs", located.sample.recheck_command)
    originals = [exchange for exchange in located.journal.exchanges if exchange.id in finding.exchanges]
    requested = {request_of(exchange) for exchange in journal.exchanges if exchange.responded_by == "backend"}
    for original in originals:
        if original.responded_by == "backend" and request_of(original) not in requested:
            return unknown(
                f"the request of the finding was not sent again: {_named(original)}", located.sample.recheck_command
            )
    responses = [response_of(original) for original in originals if original.responded_by == "mock"]
    replayed = {response_of(exchange) for exchange in journal.exchanges if exchange.responded_by == "mock"}
    if finding.smallest and responses and not replayed & set(responses):
        return unknown("the response of the finding was not sent again", located.sample.recheck_command)
    return None


def _named(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.path}, {exchange.case}"
