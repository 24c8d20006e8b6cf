"""The mutation score: its document, and the one place where its verdict is decided."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from technogate.model.events import ContractRef
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import EXIT_CODES, Document, Verdict
from technogate.util.phrases import many

#: Version of the document's shape; grows when a field changes its meaning.
SCHEMA = 1

#: The share of all mutants that the requirement they break must kill.
KILLED_SHARE = 0.9

#: `killed` by the requirement that the mutant breaks, `killed_by_other` by another requirement only.
MutantStatus = Literal["killed", "killed_by_other", "survived", "not_judged"]


class MutantResult(Document, frozen=True):
    """One mutant. `killed_by` are the requirements with a finding, `observed` is the finding that counts.

    `first_finding_s` is the number of seconds from the start of its run to the first finding of the requirement that
    it breaks, None if there was none; `seconds` is the duration of its runs. `problem` is the reason why it was not
    judged, "" if it was.
    """

    name: str
    kind: str
    breaks: str
    subtlety: int
    description: str
    status: MutantStatus
    killed_by: tuple[str, ...]
    observed: str
    first_finding_s: float | None
    seconds: float
    problem: str


class ReferenceResult(Document, frozen=True):
    """The reference, checked against the contract. `false_positives` are the findings, by requirement.

    `not_exercised` are requirements without a result, each with the reason. `problem` is the reason why the reference
    was not judged, "" if it was.
    """

    name: str
    items: int
    false_positives: dict[str, str]
    not_exercised: dict[str, str]
    seconds: float
    problem: str


class Tally(Document, frozen=True):
    """Numbers of mutants by status."""

    mutants: int
    killed: int
    killed_by_other: int
    survived: int
    not_judged: int

    @property
    def killed_by_any(self) -> int:
        """Those that some requirement killed."""
        return self.killed + self.killed_by_other


class RequirementTally(Document, frozen=True):
    """The mutants that break one requirement."""

    id: str
    party: Party
    level: Level
    text: str
    tally: Tally


class MutationScore(Document, frozen=True, rename={"schema_version": "schema"}):
    """The whole mutation score.

    `reasons` explain a `verdict` other than PASS. `partial` is true if only some mutants were run: the verdict is
    never PASS then, and neither when `not_run` names a kind whose mutants were not run, with the reason. `unproven` are
    the MUST requirements that killed none of the mutants that break them, `unproven_should` the other requirements.
    `median_first_finding_s` is the median number of seconds to the first finding.
    """

    schema_version: int
    verdict: Verdict
    exit_code: int
    reasons: tuple[str, ...]
    partial: bool
    not_run: dict[str, str]
    gate_version: str
    contract: ContractRef
    seed: int
    started: float
    seconds: float
    workers: int
    total: Tally
    by_kind: dict[str, Tally]
    by_subtlety: dict[str, Tally]
    by_requirement: tuple[RequirementTally, ...]
    unproven: tuple[str, ...]
    unproven_should: tuple[str, ...]
    median_first_finding_s: float | None
    mutants: tuple[MutantResult, ...]
    references: tuple[ReferenceResult, ...]


class ScoreOrigin(Document, frozen=True):
    """When, with what and how a mutation score was made."""

    gate_version: str
    contract: ContractRef
    seed: int
    started: float
    seconds: float
    workers: int
    partial: bool


def mutation_score(
    origin: ScoreOrigin,
    requirements: Mapping[str, Requirement],
    mutants: Sequence[MutantResult],
    references: Sequence[ReferenceResult],
    not_run: Mapping[str, str],
) -> MutationScore:
    """Make the document from the results; `not_run` has the kinds without any, with the reason."""
    proven = {mutant.breaks for mutant in mutants if mutant.status == "killed"}
    unproven = [requirement for requirement in requirements.values() if requirement.id not in proven]
    must = tuple(requirement.id for requirement in unproven if requirement.level is Level.MUST)
    total = tally(mutants)
    reasons, verdict = _verdict(total, references, () if origin.partial else must, not_run, partial=origin.partial)
    times = [mutant.first_finding_s for mutant in mutants if mutant.first_finding_s is not None]
    return MutationScore(
        schema_version=SCHEMA,
        verdict=verdict,
        exit_code=int(EXIT_CODES[verdict]),
        reasons=tuple(reasons),
        partial=origin.partial,
        not_run=dict(not_run),
        gate_version=origin.gate_version,
        contract=origin.contract,
        seed=origin.seed,
        started=origin.started,
        seconds=origin.seconds,
        workers=origin.workers,
        total=total,
        by_kind=_grouped(mutants, lambda mutant: mutant.kind),
        by_subtlety=_grouped(mutants, lambda mutant: str(mutant.subtlety)),
        by_requirement=tuple(
            RequirementTally(
                id=requirement.id,
                party=requirement.party,
                level=requirement.level,
                text=requirement.text,
                tally=tally(mutant for mutant in mutants if mutant.breaks == requirement.id),
            )
            for requirement in requirements.values()
        ),
        unproven=must,
        unproven_should=tuple(requirement.id for requirement in unproven if requirement.level is not Level.MUST),
        median_first_finding_s=statistics.median(times) if times else None,
        mutants=tuple(mutants),
        references=tuple(references),
    )


def tally(mutants: Iterable[MutantResult]) -> Tally:
    """Count mutants by status."""
    statuses = [mutant.status for mutant in mutants]
    return Tally(
        mutants=len(statuses),
        killed=statuses.count("killed"),
        killed_by_other=statuses.count("killed_by_other"),
        survived=statuses.count("survived"),
        not_judged=statuses.count("not_judged"),
    )


def _grouped(mutants: Sequence[MutantResult], key: Callable[[MutantResult], str]) -> dict[str, Tally]:
    return {name: tally(mutant for mutant in mutants if key(mutant) == name) for name in sorted(set(map(key, mutants)))}


def _verdict(
    total: Tally,
    references: Sequence[ReferenceResult],
    unproven: Sequence[str],
    not_run: Mapping[str, str],
    *,
    partial: bool,
) -> tuple[list[str], Verdict]:
    """The reasons against a PASS, and the verdict: a failure outweighs what is unknown."""
    failures: list[str] = []
    unknown: list[str] = []
    if total.survived:
        failures.append(f"{total.survived} of {many(total.mutants, 'mutant')} survived")
    if total.killed < KILLED_SHARE * total.mutants:
        failures.append(
            f"{total.killed} of {many(total.mutants, 'mutant')} killed by the requirement that they break: "
            f"less than {KILLED_SHARE:.0%}"
        )
    false_positives = sum(len(reference.false_positives) for reference in references)
    if false_positives:
        failures.append(f"{many(false_positives, 'false positive')}: requirements that the reference meets failed")
    if unproven:
        failures.append(f"{many(len(unproven), 'MUST requirement')} unproven: {', '.join(unproven)}")
    if total.not_judged:
        unknown.append(f"{many(total.not_judged, 'mutant')} could not be judged")
    unknown += [f"the reference {reference.name} could not be judged" for reference in references if reference.problem]
    unknown += [f"the mutants of the kind {kind} were not run: {reason}" for kind, reason in not_run.items()]
    if not total.mutants:
        unknown.append("there was no mutant")
    if partial:
        unknown.append("only some mutants were run: PASS needs all of them and the reference")
    elif not references:
        unknown.append("the reference was not judged")
    verdict = Verdict.FAIL if failures else Verdict.INCONCLUSIVE if unknown else Verdict.PASS
    return failures + unknown, verdict
