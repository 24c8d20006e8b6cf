"""The reports of a mutation score: JSON for programs, Markdown for the summary of a CI step, HTML for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from technogate.mutation import mutation_figures as figures
from technogate.mutation.mutation_score import MutationScore
from technogate.report import wording
from technogate.report.html import render
from technogate.report.verdict_json import encode
from technogate.util.phrases import many
from technogate.util.text import markdown_code, markdown_text
from technogate.util.write_file import write_file

JSON, MARKDOWN, HTML = FILES = ("mutation-score.json", "mutation-score.md", "mutation-score.html")

#: The template of the HTML report.
_TEMPLATE = "mutation-score.html.j2"

#: Characters of one piece of evidence.
_LIMIT = 300


def write_all(document: MutationScore, folder: Path) -> list[Path]:
    """Write every report of a mutation score into `folder`; raises OSError when that is impossible."""
    return [
        write_file(folder / JSON, encode(document)),
        write_file(folder / MARKDOWN, markdown(document)),
        write_file(folder / HTML, render(_TEMPLATE, document=document, figures=figures, reading=wording)),
    ]


def markdown(document: MutationScore) -> str:
    """The mutation score as a page of Markdown."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: MutationScore) -> Iterator[str]:
    verdict = f"{wording.SHAPES[document.verdict]} {document.verdict.value}"
    yield from (f"# Mutation score: {verdict}", "", figures.headline(document), "")
    yield from (f"- {markdown_text(reason)}" for reason in document.reasons)
    yield from ("", *_table(("", *figures.COLUMNS), _tallies(document)), "")
    for title, lines in _lists(document):
        yield from (f"## {title}", "", *lines, "")
    yield from ("## By requirement", "", *_table(("requirement", *figures.COLUMNS), _requirements(document)), "")
    yield from ("## References", "", *_references(document), "")
    yield (
        f"Median time to the first finding: {figures.seconds(document.median_first_finding_s)}. "
        f"Total time: {figures.seconds(document.seconds)} with {many(document.workers, 'worker')}."
    )


def _lists(document: MutationScore) -> Iterator[tuple[str, list[str]]]:
    """The lists of what is missing, without the empty ones."""
    if left := figures.not_killed(document):
        yield (
            "Not killed",
            [
                f"- {markdown_code(mutant.name)} breaks {mutant.breaks}: {markdown_text(mutant.description)}"
                + (f" Not judged: {markdown_text(mutant.problem, _LIMIT)}" if mutant.problem else "")
                for mutant in left
            ],
        )
    if by_other := figures.killed_by_other(document):
        yield (
            "Killed by another requirement only",
            [
                f"- {markdown_code(mutant.name)} breaks {mutant.breaks}; killed by {', '.join(mutant.killed_by)}"
                for mutant in by_other
            ],
        )
    if document.unproven and not document.partial:
        yield "Unproven: the requirement killed no mutant", [f"- {name}" for name in document.unproven]
    if document.unproven_should and not document.partial:
        yield "Unproven SHOULD requirements", [f"- {name}" for name in document.unproven_should]


def _tallies(document: MutationScore) -> Iterator[Sequence[object]]:
    return ((name, *figures.row(tally)) for name, tally in figures.tables(document))


def _requirements(document: MutationScore) -> Iterator[Sequence[object]]:
    return ((requirement.id, *figures.row(requirement.tally)) for requirement in figures.broken(document))


def _references(document: MutationScore) -> Iterator[str]:
    for reference in document.references:
        false_positives = ", ".join(
            f"{name} ({markdown_text(text, _LIMIT)})" for name, text in reference.false_positives.items()
        )
        result = f"false positives: {false_positives}" if false_positives else "no false positive"
        line = f"- {reference.name}: {many(reference.items, 'item')}, {result}"
        if reference.not_exercised:
            line += f"; not exercised: {', '.join(reference.not_exercised)}"
        yield line + (f"; {markdown_text(reference.problem, _LIMIT)}" if reference.problem else "")
    if not document.references:
        yield "Not judged."


def _table(head: Iterable[object], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [str(cell) for cell in head]
    lines = ["| " + " | ".join(cells) + " |", "|---|" + "---:|" * (len(cells) - 1)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
