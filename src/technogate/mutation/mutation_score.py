"""The score: its document, and the one place where it is complete or not."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from technogate.model.events import ContractRef
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import Document, ExitCode

#: Shape of the document; grows when a field changes its meaning.
SCHEMA = 1

#: The part of all mutants that must be seen through by the very requirement that they break.
BY_DECLARED = 0.9

#: How a mutant fared: seen through by the requirement that it breaks, by another alone, by none; or not judged.
MutantStatus = Literal["declared", "other", "survived", "unjudged"]


class MutantResult(Document, frozen=True):
    """One mutant. `killed_by` are the requirements with a finding, `observed` is the one that counts.

    `first_s` is the number of seconds from the start of its run to the first finding of the requirement that it
    breaks, None when there was none; `seconds` how long it took in all. `problem` says why it was not judged.
    """

    name: str
    kind: str
    breaks: str
    subtlety: int
    description: str
    status: MutantStatus
    killed_by: tuple[str, ...]
    observed: str
    first_s: float | None
    seconds: float
    problem: str


class ReferenceResult(Document, frozen=True):
    """The reference, held to the whole contract: `alarms` are the findings, by requirement; there must be none.

    `not_exercised` are requirements without a result, each with the reason. `problem` says why it was not judged.
    """

    name: str
    items: int
    false_positives: dict[str, str]
    not_exercised: dict[str, str]
    seconds: float
    problem: str


class Tally(Document, frozen=True):
    """Mutants by fate."""

    mutants: int
    declared: int
    other: int
    survived: int
    unjudged: int

    @property
    def killed(self) -> int:
        """Those that some requirement saw through."""
        return self.declared + self.other


class RequirementTally(Document, frozen=True):
    """The mutants that break one requirement."""

    id: str
    party: Party
    level: Level
    text: str
    tally: Tally


class MutationScore(Document, frozen=True, rename={"schema_version": "schema"}):
    """A whole score.

    `partial` says that only some mutants were asked for: such a score is never complete. `unproven` are the MUST
    requirements that no mutant was seen to break, `unproven_should` the others. `median_first_s` is the median
    number of seconds to the first finding.
    """

    schema_version: int
    complete: bool
    exit_code: int
    reasons: tuple[str, ...]
    partial: bool
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
    median_first_s: float | None
    mutants: tuple[MutantResult, ...]
    references: tuple[ReferenceResult, ...]


class About(Document, frozen=True):
    """What a score says of itself."""

    gate_version: str
    contract: ContractRef
    seed: int
    started: float
    seconds: float
    workers: int
    partial: bool


def score(
    about: About,
    requirements: Mapping[str, Requirement],
    mutants: Sequence[MutantResult],
    references: Sequence[ReferenceResult],
) -> MutationScore:
    """Put the document together."""
    proven = {one.breaks for one in mutants if one.status == "declared"}
    unproven = [one for one in requirements.values() if one.id not in proven]
    must = tuple(one.id for one in unproven if one.level is Level.MUST)
    total = tally(mutants)
    reasons, code = _effective_verdict(total, references, () if about.partial else must, partial=about.partial)
    times = [one.first_s for one in mutants if one.first_s is not None]
    return MutationScore(
        schema_version=SCHEMA,
        complete=code is ExitCode.PASS,
        exit_code=int(code),
        reasons=tuple(reasons),
        partial=about.partial,
        gate_version=about.gate_version,
        contract=about.contract,
        seed=about.seed,
        started=about.started,
        seconds=about.seconds,
        workers=about.workers,
        total=total,
        by_kind=_grouped(mutants, lambda one: one.kind),
        by_subtlety=_grouped(mutants, lambda one: str(one.subtlety)),
        by_requirement=tuple(
            RequirementTally(
                id=one.id,
                party=one.party,
                level=one.level,
                text=one.text,
                tally=tally([each for each in mutants if each.breaks == one.id]),
            )
            for one in requirements.values()
        ),
        unproven=must,
        unproven_should=tuple(one.id for one in unproven if one.level is not Level.MUST),
        median_first_s=statistics.median(times) if times else None,
        mutants=tuple(mutants),
        references=tuple(references),
    )


def tally(mutants: Iterable[MutantResult]) -> Tally:
    """Count mutants by fate."""
    statuses = [one.status for one in mutants]
    return Tally(
        mutants=len(statuses),
        declared=statuses.count("declared"),
        other=statuses.count("other"),
        survived=statuses.count("survived"),
        unjudged=statuses.count("unjudged"),
    )


def _grouped(mutants: Sequence[MutantResult], key: Callable[[MutantResult], str]) -> dict[str, Tally]:
    return {name: tally(one for one in mutants if key(one) == name) for name in sorted(set(map(key, mutants)))}


def _effective_verdict(
    total: Tally, references: Sequence[ReferenceResult], unproven: Sequence[str], *, partial: bool
) -> tuple[list[str], ExitCode]:
    """Why the score is not complete, and the exit code. What failed weighs more than what is not known."""
    failed: list[str] = []
    unknown: list[str] = []
    if total.survived:
        failed.append(f"{total.survived} of {total.mutants} mutants survived")
    if total.declared < BY_DECLARED * total.mutants:
        failed.append(
            f"{total.declared} of {total.mutants} were seen through by the requirement that they break: "
            f"less than {BY_DECLARED:.0%}"
        )
    false_positives = sum(len(one.false_positives) for one in references)
    if false_positives:
        failed.append(f"{false_positives} false alarms: requirements that the reference holds turned red")
    if unproven:
        failed.append(f"{len(unproven)} MUST requirements are unproven: {', '.join(unproven)}")
    if total.unjudged:
        unknown.append(f"{total.unjudged} mutants could not be judged")
    unknown += [f"the reference {one.name} could not be judged" for one in references if one.problem]
    if not total.mutants:
        unknown.append("there was no mutant")
    if partial:
        unknown.append("only some mutants were asked for: a score is of all of them")
    elif not references:
        unknown.append("the reference was not judged")
    code = ExitCode.FAIL if failed else ExitCode.INCONCLUSIVE if unknown else ExitCode.PASS
    return failed + unknown, code
