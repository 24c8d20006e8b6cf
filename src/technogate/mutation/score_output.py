"""The score on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from technogate.mutation import figures
from technogate.mutation.mutation_score import MutantResult, MutationScore
from technogate.util.text import rich_text, terminal


def show(console: Console, document: MutationScore, files: Sequence[Path]) -> None:
    """Print the score: whether it is complete, the figures, and by name what is missing."""
    mark, colour = ("✔ COMPLETE", "green") if document.complete else ("✘ NOT COMPLETE", "red")
    console.print(Text(f"\n {mark}", style=f"bold {colour}"))
    console.print(Text(f"   {figures.headline(document)}\n", style="bold"))
    for reason in document.reasons:
        console.print(rich_text(f"   {reason}"))
    for one in figures.not_killed(document):
        console.print(rich_text(f"   ✗ {_line(one)}"))
    for one in figures.by_another(document):
        console.print(rich_text(f"   ~ {one.name}, which breaks {one.breaks}, is seen by {', '.join(one.killed_by)}"))
    for reference in document.references:
        for name, observed in reference.false_positives.items():
            console.print(rich_text(f"   ✗ false alarm on the reference {reference.name}: {name}: {observed}"))
        if reference.problem:
            console.print(rich_text(f"   ? the reference {reference.name}: {reference.problem}"))
    console.print(_table(document))
    first, all_of_it = figures.seconds(document.median_first_s), figures.seconds(document.seconds)
    console.print(f"   median time to the first finding {first}; in all {all_of_it}", highlight=False)
    for file in files:
        console.print(terminal(f"   {file}"), markup=False, soft_wrap=True)


def _line(one: MutantResult) -> str:
    words = f"{one.name}, which breaks {one.breaks}: {one.description}"
    return f"{words} Not judged: {one.problem}" if one.problem else words


def _table(document: MutationScore) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("   ")
    for column in ("mutants", "killed", "by declared", "by another", "not killed"):
        table.add_column(column, justify="right")
    for name, tally in figures.tables(document):
        table.add_row(f"   {name}", *map(str, figures.row(tally)))
    return table
