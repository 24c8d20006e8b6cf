"""Judging: a pure function from a journal to the verdict document.

Nothing here opens a socket, starts a process or reads a clock: a stored journal gives the same document every time.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from technogate.checks.family import RunWideCheck
from technogate.checks.registry import REGISTRY
from technogate.checks.whole_run import RunWideResult, WholeRun
from technogate.journal.journal_file import Journal
from technogate.judging.causes.group import causes_of
from technogate.judging.numbered_findings import numbered_findings
from technogate.judging.requirement_results import requirement_result
from technogate.judging.verdict_document import end_of, verdict_document
from technogate.judging.verdict_scope import requirements_in_scope
from technogate.judging.waivers import apply_waivers
from technogate.model.contract_words import speaking
from technogate.model.events import Finding, ItemResult, Outcome, PlannedItem
from technogate.model.verdict import VerdictDocument


def judge(journal: Journal) -> VerdictDocument:
    """Judge a journal: each requirement in scope, and the run as a whole."""
    with speaking(journal.header.words):
        return _judged(journal)


def _judged(journal: Journal) -> VerdictDocument:
    """The verdict on a journal, which is read in the words of its contract."""
    planned = {item.item: item for plan in journal.plans for item in plan.items}
    scope = requirements_in_scope(journal.header)
    whole = WholeRun(journal)
    results = _reported(journal, planned)
    findings = [finding for finding in journal.findings if finding.requirement in scope]
    covered = {item.requirement for item in planned.values()}
    for check in REGISTRY.run_wide_checks:
        if check.requirement in scope:
            outcome = check.run(whole)
            if not (outcome.checks or outcome.findings or outcome.gap) and check.requirement in covered:
                # The run sent nothing that this check is about; the items of the requirement give its result.
                continue
            results.append(_run_wide_item(check, outcome))
            findings += _run_wide_findings(check, outcome)
    samples = numbered_findings(journal, findings, scope)
    requirements = tuple(
        requirement_result(
            requirement,
            planned,
            [result for result in results if result.requirement == requirement.id],
            samples,
            journal,
        )
        for requirement in scope.values()
    )
    reported = {result.item for result in results}
    unfinished = {item.requirement for name, item in planned.items() if name not in reported}
    effective, waivers = apply_waivers(journal.header, end_of(journal), requirements, unfinished)
    return verdict_document(whole, effective, waivers, samples, causes_of(journal, samples, scope))


def _reported(journal: Journal, planned: Mapping[str, PlannedItem]) -> list[ItemResult]:
    """One result for each planned item: the worst one, if a restarted worker reported it twice."""
    worst_first = (Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.PASSED)
    worst: dict[str, ItemResult] = {}
    for result in journal.results:
        known = worst.get(result.item)
        if known is None or worst_first.index(result.outcome) < worst_first.index(known.outcome):
            worst[result.item] = result
    with_finding = {finding.item for finding in journal.findings}
    checked = [_proven(result, result.item in with_finding) for result in worst.values()]
    return [result for result in checked if result.item in planned]


def _proven(result: ItemResult, has_finding: bool) -> ItemResult:
    """The result of an item; a pass without a check, or with a finding of the same item, becomes an error."""
    if result.outcome is not Outcome.PASSED or (result.checks > 0 and not has_finding):
        return result
    reason = "it passed although it reported a finding" if has_finding else "it made no check"
    return msgspec.structs.replace(result, outcome=Outcome.ERRORED, reason=reason, hint="")


def _run_wide_item(check: RunWideCheck, outcome: RunWideResult) -> ItemResult:
    """What a run-wide check came to, as an item of its requirement."""
    gap = outcome.gap or ("" if outcome.checks else "the run holds no exchange to check")
    state = Outcome.FAILED if outcome.findings else Outcome.SKIPPED if gap else Outcome.PASSED
    return ItemResult(
        item=check.item,
        requirement=check.requirement,
        outcome=state,
        checks=outcome.checks,
        seconds=0.0,
        reason=gap if state is Outcome.SKIPPED else "",
        hint=outcome.hint if state is Outcome.SKIPPED else "",
    )


def _run_wide_findings(check: RunWideCheck, outcome: RunWideResult) -> list[Finding]:
    """The findings of a run-wide check, with the item and the requirement that they belong to."""
    return [
        msgspec.structs.replace(finding, item=check.item, requirement=check.requirement) for finding in outcome.findings
    ]
