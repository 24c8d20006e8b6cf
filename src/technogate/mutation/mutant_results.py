"""The results of mutants and references from the outcomes of their runs."""

from __future__ import annotations

from technogate.mutation.job import JobOutcome
from technogate.mutation.mutant import Mutant
from technogate.mutation.mutation_score import MutantResult, MutantStatus, ReferenceResult
from technogate.util.phrases import many


def reference_result(name: str, outcome: JobOutcome) -> ReferenceResult:
    """The result of a reference."""
    problem = "" if outcome.end == "judged" else outcome.message
    if not problem and outcome.crashed_items:
        problem = f"{many(len(outcome.crashed_items), 'item')} crashed: {outcome.crashed_items[0]}"
    if not problem and not outcome.items:
        problem = "no check ran"
    return ReferenceResult(
        name=name,
        items=outcome.items,
        false_positives=outcome.findings,
        not_exercised=outcome.not_exercised,
        seconds=round(outcome.seconds, 2),
        problem=problem,
    )


def mutant_result(
    name: str, kind: str, mutant: Mutant, outcome: JobOutcome, first_outcome: JobOutcome | None
) -> MutantResult:
    """The result of a mutant.

    `first_outcome` is that of the run of the requirement that it breaks, if that requirement found nothing and
    `outcome` is that of a second run, with every requirement of its parties.
    """
    findings = outcome.findings
    observed = findings.get(mutant.breaks) or next(iter(findings.values()), "")
    status, problem = _status(mutant, outcome)
    if outcome.end == "refused" and status == "killed":
        # The gate refused to run, and its message names the requirement.
        findings, observed = {mutant.breaks: outcome.message}, outcome.message
    first_finding_s = outcome.seconds if outcome.end == "refused" else outcome.first_finding_s
    return MutantResult(
        name=name,
        kind=kind,
        breaks=mutant.breaks,
        subtlety=mutant.subtlety,
        description=mutant.description,
        status=status,
        killed_by=tuple(findings),
        observed=observed,
        first_finding_s=round(first_finding_s, 2) if status == "killed" and first_finding_s is not None else None,
        seconds=round(outcome.seconds + (first_outcome.seconds if first_outcome else 0.0), 2),
        problem=problem,
    )


def _status(mutant: Mutant, outcome: JobOutcome) -> tuple[MutantStatus, str]:
    """The status of a mutant, and the reason if it is `not_judged`."""
    if outcome.end == "refused":
        return ("killed", "") if mutant.breaks in outcome.message else ("not_judged", outcome.message)
    if outcome.end == "crashed":
        return "not_judged", outcome.message
    if mutant.breaks in outcome.findings:
        return "killed", ""
    if outcome.findings:
        return "killed_by_other", ""
    return ("survived", "") if outcome.items else ("not_judged", "no check ran")
