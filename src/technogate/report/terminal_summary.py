"""The summary on the terminal: the verdict first, then what to do about it, in 80 columns.

Evidence never reaches the terminal as markup or as an escape sequence. rich adds the colours and respects NO_COLOR
and pipes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from technogate.model.verdict import Verdict, VerdictDocument
from technogate.report import latency_figures
from technogate.report.evidence_text import unproven
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.report_files import HTML
from technogate.report.terminal_causes import causes
from technogate.report.terminal_parts import LIMIT, grid, heading, near, path_text
from technogate.report.wording import SHAPES, actors, label, meaning, not_judged, scope_text, waiver_text
from technogate.report.wrapped_text import wrapped
from technogate.util.phrases import many
from technogate.util.text import rich_text, terminal

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}

#: The file in front of the name of an item.
_FILE = re.compile(r"^\S+\.py::")

#: Reasons and warnings listed, characters of each, and requirements listed beside one reason.
_MOST_REASONS = 5
_LONGEST_REASON = 160
_MOST_NAMES = 12


def summary(
    document: VerdictDocument,
    *,
    files: Sequence[Path] = (),
    evidence: EvidenceState = EvidenceState.UNSIGNED,
) -> Group:
    """The summary of a verdict, its causes first.

    Its last line is the verdict with the report to read. Print it with `show`, which does not cut commands off.
    """
    return Group(*_parts(document, files, evidence))


def show(
    console: Console,
    document: VerdictDocument,
    *,
    files: Sequence[Path] = (),
    evidence: EvidenceState = EvidenceState.UNSIGNED,
) -> None:
    """Print the summary."""
    put(console, summary(document, files=files, evidence=evidence))


def put(console: Console, shown: RenderableType) -> None:
    """Print several lines; a character that the console's encoding lacks is written as an escape."""
    text = _text(shown, console.width)
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        console.out(text.encode(console.encoding, "backslashreplace").decode(console.encoding), end="", highlight=False)
        return
    if console.is_terminal:
        console.print(shown, crop=False)
    else:
        console.out(text, end="", highlight=False)


def plain(document: VerdictDocument, *, files: Sequence[Path] = (), width: int = 80) -> str:
    """The summary as text without colour; a shell command may be longer than `width`."""
    return _text(summary(document, files=files), width)


def _text(shown: RenderableType, width: int) -> str:
    """The rendered text without colour."""
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(shown, crop=False)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _parts(document: VerdictDocument, files: Sequence[Path], evidence: EvidenceState) -> Iterator[RenderableType]:
    """The parts of the summary, one under the other."""
    colour = _COLOURS[document.verdict]
    yield Text(f"\n {SHAPES[document.verdict]} {label(document)}", style=f"bold {colour}")
    yield Padding(rich_text(meaning(document), "bold"), (0, 0, 1, 3))
    yield _facts(document, evidence)
    reasons = _reasons(document)
    found = list(causes(document, _report(files) or HTML))
    # What fails is explained by its causes; where nothing is proven, the reason is what counts.
    yield from [*found, *reasons] if document.verdict is Verdict.FAIL else [*reasons, *found]
    yield heading("Counts")
    yield _counts(document)
    yield heading("Phase 5")
    yield _groups(document)
    if document.waivers:
        yield heading(f"Waivers ({len(document.waivers)})")
        yield _waivers(document)
    if unproven(document):
        yield heading(f"Inconclusive requirements ({document.counts.inconclusive})")
        yield _unproven(document)
    if document.latency:
        yield heading("Latency (limit of p99)")
        yield _latency(document)
    yield heading("Reports")
    where = grid()
    for file in files:
        where.add_row("", path_text(file))
    where.add_row("journal", rich_text(f"{document.journal.file}, {many(document.journal.exchanges, 'exchange')}"))
    where.add_row("seed", Text(str(document.seed)))
    yield where
    yield _last_line(document, files)


def _facts(document: VerdictDocument, evidence: EvidenceState) -> Table:
    """What was judged, who must act, what to do next, and why."""
    facts = grid()
    facts.add_row("scope", rich_text(scope_text(document)))
    for number, line in enumerate(not_judged(document)):
        facts.add_row("" if number else "not judged", rich_text(line, limit=LIMIT))
    facts.add_row("isolation", rich_text(document.isolation, limit=LIMIT))
    facts.add_row("who must act", rich_text(actors(document)))
    facts.add_row("next step", rich_text(next_step(document, evidence)))
    return facts


def _reasons(document: VerdictDocument) -> list[RenderableType]:
    """Why the verdict is not PASS, and the warnings of the run."""
    shown = grid()
    for name, texts in (("reason", document.reasons), ("warning", document.warnings)):
        for number, text in enumerate(texts[:_MOST_REASONS]):
            # The file of an item is in the reports; here its path would be broken in two.
            shown.add_row("" if number else name, wrapped(_FILE.sub("", text), limit=_LONGEST_REASON))
        if len(texts) > _MOST_REASONS:
            shown.add_row("", f"… and {len(texts) - _MOST_REASONS} more: see the reports")
    return [Text(""), shown] if document.reasons or document.warnings else []


def _last_line(document: VerdictDocument, files: Sequence[Path]) -> Text:
    """The verdict, its scope and the report to read, on one line that is never wrapped."""
    report = f"see {_report(files)}" if _report(files) else "no report was written"
    text = f"\n {SHAPES[document.verdict]} {label(document)} ({scope_text(document)}): {terminal(report)}"
    return Text(text, style=f"bold {_COLOURS[document.verdict]}", no_wrap=True, overflow="ignore")


def _report(files: Sequence[Path]) -> str:
    """The report for people among the files written, "" for none."""
    return next((str(near(file)) for file in files if file.name == HTML), "")


def _table(*columns: str) -> Table:
    """A table of numbers, its first columns text."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 2 else "right", overflow="fold", no_wrap=number != 1)
    return table


def _counts(document: VerdictDocument) -> RenderableType:
    """Requirements by verdict, items by outcome."""
    table = _table("  ", "", "passed", "failed", "inconclusive", "total")
    for name, counts in (("MUST requirements", document.must), ("all requirements", document.counts)):
        figures = (counts.passed, counts.failed, counts.inconclusive, counts.total)
        table.add_row("", name, *(str(figure) for figure in figures))
    items = document.items
    line = (
        f"   items: {items.passed} passed, {items.failed} failed, {items.errored} errored, "
        f"{items.skipped} skipped, {items.unfinished} unfinished"
    )
    return Group(table, Text(line))


def _groups(document: VerdictDocument) -> Table:
    """The Phase 5 report."""
    table = _table("  ", "", "passed", "failed", "inconclusive", "")
    for group in document.groups:
        colour = _COLOURS[group.verdict]
        counts = group.counts
        table.add_row(
            "",
            rich_text(group.title, limit=LIMIT),
            *(str(figure) for figure in (counts.passed, counts.failed, counts.inconclusive)),
            Text(f"{SHAPES[group.verdict]} {group.verdict.value}", style=colour, justify="left"),
        )
    return table


def _latency(document: VerdictDocument) -> Table:
    """Response times, one operation a line; a p99 over its limit is highlighted."""
    table = _table("  ", "", "count", *latency_figures.COLUMNS[1:-1], "limit")
    for row in latency_figures.rows(document):
        *figures, limit = row.figures
        if row.held is False:
            limit = f"over {limit}"
        table.add_row(
            "",
            rich_text(row.operation, limit=LIMIT),
            *figures,
            "too few" if row.few else limit,
            style="bold yellow" if row.held is False else "",
        )
    return table


def _waivers(document: VerdictDocument) -> Table:
    """Every waiver of the run, and its state."""
    table = grid()
    for waiver in document.waivers:
        text = f"{waiver.state.value}, {waiver_text(waiver)}"
        table.add_row(rich_text(waiver.waiver.requirement), rich_text(text, limit=LIMIT))
        if waiver.problem:
            table.add_row("problem", rich_text(waiver.problem, "bold", limit=LIMIT))
    return table


def _unproven(document: VerdictDocument) -> Table:
    """Why requirements have no result, one line for each reason."""
    table = grid()
    for group in unproven(document):
        names = ", ".join(terminal(requirement.id) for requirement in group.requirements[:_MOST_NAMES])
        left = len(group.requirements) - _MOST_NAMES
        table.add_row(str(len(group.requirements)), wrapped(group.reason or "no reason given", limit=LIMIT))
        if group.hint:
            table.add_row("hint", wrapped(group.hint, limit=LIMIT))
        table.add_row("", Text(names + (f" and {left} more" if left > 0 else ""), style="dim"))
    return table
