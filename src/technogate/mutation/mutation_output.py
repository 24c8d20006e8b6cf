"""The mutation score on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from technogate.model.verdict import Verdict
from technogate.mutation import mutation_figures as figures
from technogate.mutation.mutation_score import MutantResult, MutationScore
from technogate.report.wording import SHAPES
from technogate.util.text import rich_text, terminal

#: The colours of the verdicts.
_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}


def show(console: Console, document: MutationScore, files: Sequence[Path]) -> None:
    """Print the verdict, its reasons, the figures, and by name the mutants and references behind the reasons."""
    verdict = document.verdict
    console.print(Text(f"\n {SHAPES[verdict]} {verdict.value}", style=f"bold {_COLOURS[verdict]}"))
    console.print(Text(f"   {figures.headline(document)}\n", style="bold"))
    for reason in document.reasons:
        console.print(rich_text(f"   {reason}"))
    for mutant in figures.not_killed(document):
        console.print(rich_text(f"   ✗ {_line(mutant)}"))
    for mutant in figures.killed_by_other(document):
        killed_by = ", ".join(mutant.killed_by)
        console.print(rich_text(f"   ~ {mutant.name} breaks {mutant.breaks}, but is killed by {killed_by}"))
    for reference in document.references:
        for name, observed in reference.false_positives.items():
            console.print(rich_text(f"   ✗ false positive on the reference {reference.name}: {name}: {observed}"))
        if reference.problem:
            console.print(rich_text(f"   ? the reference {reference.name}: {reference.problem}"))
    console.print(_table(document))
    first_finding, total = figures.seconds(document.median_first_finding_s), figures.seconds(document.seconds)
    console.print(f"   median time to the first finding: {first_finding}; total time: {total}", highlight=False)
    for file in files:
        console.print(terminal(f"   {file}"), markup=False, soft_wrap=True)


def _line(mutant: MutantResult) -> str:
    text = f"{mutant.name} breaks {mutant.breaks}: {mutant.description}"
    return f"{text} Not judged: {mutant.problem}" if mutant.problem else text


def _table(document: MutationScore) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("   ", no_wrap=True)
    for column in figures.COLUMNS:
        # A heading wraps between words, never within one.
        table.add_column(column, justify="right", min_width=max(map(len, column.split())))
    for name, tally in figures.tables(document):
        table.add_row(f"   {name}", *map(str, figures.row(tally)))
    return table
