"""The result of each requirement, rolled up from its items and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from technogate.journal.journal_file import Journal
from technogate.model.events import ItemResult, Outcome, PlannedItem
from technogate.model.requirement import Requirement
from technogate.model.verdict import RequirementResult, Sample, Verdict, roll_up

_VERDICTS = {
    Outcome.PASSED: Verdict.PASS,
    Outcome.FAILED: Verdict.FAIL,
    Outcome.ERRORED: Verdict.INCONCLUSIVE,
    Outcome.SKIPPED: Verdict.INCONCLUSIVE,
}


def requirement_result(
    requirement: Requirement,
    planned: Mapping[str, PlannedItem],
    results: Sequence[ItemResult],
    samples: Sequence[Sample],
    journal: Journal,
) -> RequirementResult:
    """Roll the items of one requirement up into its result.

    `results` are the items of this requirement, `planned` and `samples` those of the whole run.
    """
    reported = {result.item for result in results}
    missing = [
        item.item for item in planned.values() if item.requirement == requirement.id and item.item not in reported
    ]
    verdict = roll_up([_VERDICTS[result.outcome] for result in results] + [Verdict.INCONCLUSIVE] * len(missing))
    if verdict is Verdict.PASS and not any(result.outcome is Outcome.PASSED for result in results):
        verdict = Verdict.INCONCLUSIVE
    violations = [sample for sample in samples if sample.finding.requirement == requirement.id]
    if violations:
        verdict = Verdict.FAIL
    reason, hint = _reason_and_hint(requirement, verdict, results, missing, violations, journal)
    return RequirementResult(
        id=requirement.id,
        party=requirement.party,
        level=requirement.level,
        group=requirement.group,
        text=requirement.text,
        decisions=requirement.decisions,
        verdict=verdict,
        effective_verdict=verdict,
        reason=reason,
        hint=hint,
        items=tuple(results),
        checks=sum(result.checks for result in results),
        findings=tuple(sample.number for sample in violations),
    )


def _reason_and_hint(
    requirement: Requirement,
    verdict: Verdict,
    results: Sequence[ItemResult],
    missing: Sequence[str],
    violations: Sequence[Sample],
    journal: Journal,
) -> tuple[str, str]:
    """Why a requirement did not pass, and what to do about it."""
    if verdict is Verdict.PASS:
        return "", ""
    if violations:
        return violations[0].finding.observed + _and_more(violations), ""
    not_passed = [result for result in results if result.outcome is not Outcome.PASSED]
    if not_passed:
        first = not_passed[0]
        return (first.reason or f"{first.item} {first.outcome.value}") + _and_more(not_passed), first.hint
    if missing:
        return f"{len(missing)} of its {len(missing) + len(results)} items never finished", "run the validation again"
    if requirement.not_tested:
        return f"no check: {requirement.not_tested}", ""
    if not journal.plans:
        return "no tests were collected", ""
    return "no check exercises it", ""


def _and_more(reasons: Sequence[object]) -> str:
    """How many reasons there are beside the first."""
    return f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
