"""The files of a score: `score.json` for programs, `score.md` for the summary of a CI step, `score.html` for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from technogate.mutation import figures
from technogate.mutation.mutation_score import MutationScore
from technogate.report import wording
from technogate.report.html import render
from technogate.report.verdict_json import encode
from technogate.util.text import markdown_code, markdown_text
from technogate.util.write_file import write_file

JSON, MARKDOWN, HTML = FILES = ("score.json", "score.md", "score.html")

#: Characters of one piece of evidence.
_LIMIT = 300


def write_all(document: MutationScore, folder: Path) -> list[Path]:
    """Write every file of a score into `folder`; raises OSError when that is impossible."""
    return [
        write_file(folder / JSON, encode(document)),
        write_file(folder / MARKDOWN, markdown(document)),
        write_file(folder / HTML, render("score.html.j2", document=document, figures=figures, reading=wording)),
    ]


def markdown(document: MutationScore) -> str:
    """The score as a page of Markdown."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: MutationScore) -> Iterator[str]:
    mark = "✔ complete" if document.complete else "✘ not complete"
    yield from (f"# Detection score: {mark}", "", figures.headline(document), "")
    yield from (f"- {markdown_text(reason)}" for reason in document.reasons)
    yield from ("", *_table(("", *figures.COLUMNS), _tallies(document)), "")
    for title, lines in _lists(document):
        yield from (f"## {title}", "", *lines, "")
    yield from ("## By requirement", "", *_table(("requirement", *figures.COLUMNS), _requirements(document)), "")
    yield from ("## References", "", *_references(document), "")
    yield (
        f"Median time to the first finding: {figures.seconds(document.median_first_s)}. "
        f"The whole score took {figures.seconds(document.seconds)} with {document.workers} workers."
    )


def _lists(document: MutationScore) -> Iterator[tuple[str, list[str]]]:
    """The lists of what is missing, those that are empty left out."""
    if left := figures.not_killed(document):
        yield (
            "Not killed",
            [
                f"- {markdown_code(one.name)}, which breaks {one.breaks}: {markdown_text(one.description)}"
                + (f" Not judged: {markdown_text(one.problem, _LIMIT)}" if one.problem else "")
                for one in left
            ],
        )
    if other := figures.by_another(document):
        yield (
            "Seen by another requirement alone",
            [f"- {markdown_code(one.name)}, which breaks {one.breaks}: {', '.join(one.killed_by)}" for one in other],
        )
    if document.unproven and not document.partial:
        yield "Unproven: no mutant was seen to break it", [f"- {name}" for name in document.unproven]
    if document.unproven_should and not document.partial:
        yield "Unproven, and no MUST", [f"- {name}" for name in document.unproven_should]


def _tallies(document: MutationScore) -> Iterator[Sequence[object]]:
    return ((name, *figures.row(tally)) for name, tally in figures.tables(document))


def _requirements(document: MutationScore) -> Iterator[Sequence[object]]:
    return ((one.id, *figures.row(one.tally)) for one in figures.broken(document))


def _references(document: MutationScore) -> Iterator[str]:
    for one in document.references:
        false_positives = ", ".join(
            f"{name} ({markdown_text(text, _LIMIT)})" for name, text in one.false_positives.items()
        )
        wrong = f"false positives: {false_positives}" if false_positives else "no false positive"
        words = f"- {one.name}: {one.items} items, {wrong}"
        if one.not_exercised:
            words += f"; not exercised: {', '.join(one.not_exercised)}"
        yield words + (f"; {markdown_text(one.problem, _LIMIT)}" if one.problem else "")
    if not document.references:
        yield "Not judged."


def _table(head: Iterable[object], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [str(cell) for cell in head]
    lines = ["| " + " | ".join(cells) + " |", "|---|" + "---:|" * (len(cells) - 1)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
