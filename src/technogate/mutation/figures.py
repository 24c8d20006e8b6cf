"""The figures of a score as every writer shows them, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.mutation.mutation_score import MutantResult, MutationScore, RequirementTally, Tally

#: What the numbers of subtlety mean.
SUBTLETY = {"1": "blatant", "2": "easily overlooked", "3": "subtle"}

#: The head of a table of tallies.
COLUMNS = ("mutants", "killed", "by the declared requirement", "by another alone", "survived")

#: What becomes of a mutant, in words.
MUTANT_STATUSES = {
    "declared": "seen through by the requirement that it breaks",
    "other": "seen through by another requirement alone",
    "survived": "survived",
    "unjudged": "not judged",
}


def headline(document: MutationScore) -> str:
    """The score in one sentence."""
    total = document.total
    words = f"{total.killed} of {total.mutants} mutants killed ({share(total.killed, total.mutants)})"
    words += f", {total.declared} by the requirement that they break ({share(total.declared, total.mutants)})"
    false_positives = sum(len(one.false_positives) for one in document.references)
    return f"{words}, {false_positives} false alarm{'' if false_positives == 1 else 's'}."


def share(part: int, whole: int) -> str:
    """A part in percent, never rounded up to all of it."""
    if not whole:
        return "-"
    return "100 %" if part == whole else f"{min(99.9, 100 * part / whole):.1f} %"


def row(tally: Tally) -> tuple[int, ...]:
    """The figures of `COLUMNS`."""
    return tally.mutants, tally.killed, tally.declared, tally.other, tally.survived + tally.unjudged


def tables(document: MutationScore) -> Iterator[tuple[str, Tally]]:
    """The lines of the main table: all, by kind, by subtlety."""
    yield "all", document.total
    yield from document.by_kind.items()
    for level, tally in document.by_subtlety.items():
        yield f"{level} {SUBTLETY.get(level, '')}".strip(), tally


def not_killed(document: MutationScore) -> list[MutantResult]:
    """Those that survived or could not be judged."""
    return [one for one in document.mutants if one.status in ("survived", "unjudged")]


def by_another(document: MutationScore) -> list[MutantResult]:
    """Those that another requirement saw."""
    return [one for one in document.mutants if one.status == "other"]


def broken(document: MutationScore) -> list[RequirementTally]:
    """Requirements that some mutant breaks."""
    return [one for one in document.by_requirement if one.tally.mutants]


def seconds(value: float | None) -> str:
    """Seconds for a person; "-" for none."""
    return "-" if value is None else f"{value:.1f} s" if value < 100 else f"{value:.0f} s"
