"""The figures of a mutation score, shared by all its reports."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.mutation.mutation_score import MutantResult, MutantStatus, MutationScore, RequirementTally, Tally
from technogate.util.phrases import many

#: The tally of a kind whose mutants were not run.
NONE = Tally(mutants=0, killed=0, killed_by_other=0, survived=0, not_judged=0)

#: The meaning of the levels of subtlety.
SUBTLETY = {"1": "blatant", "2": "easily overlooked", "3": "subtle"}

#: The head of a table of tallies.
COLUMNS = ("mutants", "killed", "by its requirement", "by another only", "not killed")

#: The statuses of a mutant, in words.
MUTANT_STATUSES: dict[MutantStatus, str] = {
    "killed": "killed by the requirement that it breaks",
    "killed_by_other": "killed by another requirement only",
    "survived": "survived",
    "not_judged": "not judged",
}


def headline(document: MutationScore) -> str:
    """The mutation score in one sentence."""
    total = document.total
    text = (
        f"{total.killed_by_any} of {many(total.mutants, 'mutant')} killed ({share(total.killed_by_any, total.mutants)})"
    )
    text += f", {total.killed} by the requirement that they break ({share(total.killed, total.mutants)})"
    if not document.references:
        return f"{text}; the reference was not run."
    false_positives = sum(len(reference.false_positives) for reference in document.references)
    return f"{text}, {many(false_positives, 'false positive')}."


def share(part: int, whole: int) -> str:
    """A part in percent, never rounded up to 100 %."""
    if not whole:
        return "-"
    return "100 %" if part == whole else f"{min(99.9, 100 * part / whole):.1f} %"


def row(tally: Tally) -> tuple[int, ...]:
    """The figures of `COLUMNS`."""
    return (
        tally.mutants,
        tally.killed_by_any,
        tally.killed,
        tally.killed_by_other,
        tally.survived + tally.not_judged,
    )


def tables(document: MutationScore) -> Iterator[tuple[str, Tally]]:
    """The rows of the main table: all, by kind, by subtlety."""
    yield "all", document.total
    yield from document.by_kind.items()
    yield from ((f"{kind} (not run)", NONE) for kind in document.not_run)
    for level, tally in document.by_subtlety.items():
        yield f"{level} {SUBTLETY.get(level, '')}".strip(), tally


def not_killed(document: MutationScore) -> list[MutantResult]:
    """The mutants that survived or could not be judged."""
    return [mutant for mutant in document.mutants if mutant.status in ("survived", "not_judged")]


def killed_by_other(document: MutationScore) -> list[MutantResult]:
    """The mutants that only another requirement killed."""
    return [mutant for mutant in document.mutants if mutant.status == "killed_by_other"]


def broken(document: MutationScore) -> list[RequirementTally]:
    """The requirements that some mutant breaks."""
    return [requirement for requirement in document.by_requirement if requirement.tally.mutants]


def seconds(value: float | None) -> str:
    """Seconds as text; "-" for None."""
    return "-" if value is None else f"{value:.1f} s" if value < 100 else f"{value:.0f} s"
