"""What a replay says of a finding: a pure function of the journal that showed it and of the one that replayed it.

FIXED takes proof: the same case was played again in a sound run, its check was made, and it passed.
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
    """What came of a replay: `reason` and `hint` for what cannot be told, the finding that shows it still failing."""

    state: ReplayState
    reason: str = ""
    hint: str = ""
    finding: Finding | None = None


def unknown(reason: str, hint: str = "") -> Replayed:
    """Nobody can tell, for this reason."""
    return Replayed(state=ReplayState.UNKNOWN, reason=reason, hint=hint)


def compare(found: LocatedFinding, journal: Journal, document: VerdictDocument) -> Replayed:
    """Hold the finding against the replay's journal and the document judged from it."""
    before, after, finding = found.journal.header, journal.header, found.sample.finding
    if before.contract.digest != after.contract.digest:
        return unknown("the contract is not the one that the finding was made against", found.sample.recheck_command)
    if problems := self_test_problems(journal):
        return unknown(problems[0])
    mine = [sample.finding for sample in document.findings if sample.finding.requirement == finding.requirement]
    same = [one for one in mine if one.check == finding.check]
    if same:
        return Replayed(state=ReplayState.FAILING, finding=same[0])
    if problems := unsound(journal):
        return unknown(problems[0])
    if mine:
        now = f"expected {mine[0].expected}; observed {mine[0].observed}"
        return unknown(f"its requirement fails in another way now: {now}", found.sample.recheck_command)
    return _not_passed(finding, document) or _another_case(found, journal) or Replayed(state=ReplayState.FIXED)


def _not_passed(finding: Finding, document: VerdictDocument) -> Replayed | None:
    """Why the finding's item did not pass, None when it did."""
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


def _another_case(found: LocatedFinding, journal: Journal) -> Replayed | None:
    """Why what passed may not be what failed, None when it is the same case."""
    before, after, finding = found.journal.header, journal.header, found.sample.finding
    if before.gate_digest != after.gate_digest:
        return unknown(
            "the gate itself has changed since, so the same item may play other cases", found.sample.recheck_command
        )
    if (before.seed, before.profile) != (after.seed, after.profile):
        return unknown("the replay drew other cases: its seed or profile is another", found.sample.recheck_command)
    owed = [one for one in found.journal.exchanges if one.id in finding.exchanges]
    asked = {request_of(one) for one in journal.exchanges if one.responded_by == "backend"}
    for one in owed:
        if one.responded_by == "backend" and request_of(one) not in asked:
            return unknown(
                f"the request of the finding was not sent again: {_named(one)}", found.sample.recheck_command
            )
    answered = [response_of(one) for one in owed if one.responded_by == "mock"]
    given = {response_of(one) for one in journal.exchanges if one.responded_by == "mock"}
    if finding.smallest and answered and not given & set(answered):
        return unknown("the answer of the finding was not given again", found.sample.recheck_command)
    return None


def _named(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.path}, {exchange.case}"
