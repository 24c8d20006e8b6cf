"""The summary on the terminal: the verdict first, then what to do about it, in 80 columns.

Evidence never reaches the terminal as markup or as an escape sequence. rich adds the colours and respects NO_COLOR
and pipes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from technogate.model.verdict import Sample, Verdict, VerdictDocument
from technogate.report import latency_figures
from technogate.report.evidence_text import interaction_after, interaction_before, unproven
from technogate.report.html import NAME as HTML
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.wording import (
    SHAPES,
    TEAMS,
    actors,
    label,
    level_of,
    meaning,
    not_judged,
    scope_text,
    text_of,
    waiver_of,
    waiver_text,
)
from technogate.util.phrases import many
from technogate.util.text import rich_text, terminal, terminal_lines

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}

#: The most characters of one piece of evidence, and of one command; the reports have longer ones.
_LIMIT = 300
_LONGEST_COMMAND = 1_200

#: Requirements listed beside one reason.
_MOST_NAMES = 12


def summary(
    document: VerdictDocument,
    *,
    files: Sequence[Path] = (),
    findings: int = 5,
    evidence: EvidenceState = EvidenceState.UNSIGNED,
) -> Group:
    """The summary of a verdict, with at most `findings` findings, one of each requirement.

    Its last line is the verdict with the report to read. Print it with `show`, which does not cut commands off.
    """
    return Group(*_parts(document, files, findings, evidence))


def show(
    console: Console,
    document: VerdictDocument,
    *,
    files: Sequence[Path] = (),
    findings: int = 5,
    evidence: EvidenceState = EvidenceState.UNSIGNED,
) -> None:
    """Print the summary."""
    put(console, summary(document, files=files, findings=findings, evidence=evidence))


def put(console: Console, shown: RenderableType) -> None:
    """Print several lines; a character that the console's encoding lacks is written as an escape."""
    text = _text(shown, console.width)
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        console.out(text.encode(console.encoding, "backslashreplace").decode(console.encoding), end="", highlight=False)
        return
    console.print(shown, crop=False)


def plain(document: VerdictDocument, *, files: Sequence[Path] = (), findings: int = 5, width: int = 80) -> str:
    """The summary as text without colour; a shell command may be longer than `width`."""
    return _text(summary(document, files=files, findings=findings), width)


def _text(shown: RenderableType, width: int) -> str:
    """The rendered text without colour."""
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(shown, crop=False)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _parts(
    document: VerdictDocument, files: Sequence[Path], most: int, evidence: EvidenceState
) -> Iterator[RenderableType]:
    """The parts of the summary, one under the other."""
    colour = _COLOURS[document.verdict]
    yield Text(f"\n {SHAPES[document.verdict]} {label(document)}", style=f"bold {colour}")
    yield Padding(rich_text(meaning(document), "bold"), (0, 0, 1, 3))
    yield _facts(document, evidence)
    yield _heading("Counts")
    yield _counts(document)
    yield _heading("Phase 5")
    yield _groups(document)
    if document.waivers:
        yield _heading(f"Waivers ({len(document.waivers)})")
        yield _waivers(document)
    if document.findings:
        yield _heading(f"Findings ({len(document.findings)})")
        first = {sample.finding.requirement: sample for sample in reversed(document.findings)}
        chosen = sorted(first.values(), key=lambda sample: sample.number)[:most]
        for sample in chosen:
            yield from _finding(document, sample)
        left = len(document.findings) - len(chosen)
        if left > 0:
            yield Text(f"\n   … and {left} more: see the reports. Only the first finding of each requirement is shown.")
    if unproven(document):
        yield _heading(f"Inconclusive requirements ({document.counts.inconclusive})")
        yield _unproven(document)
    if document.latency:
        yield _heading("Latency (limit of p99)")
        yield _latency(document)
    yield _heading("Reports")
    where = _grid()
    for file in files:
        where.add_row("", rich_text(str(file)))
    where.add_row("journal", rich_text(f"{document.journal.file}, {many(document.journal.exchanges, 'exchange')}"))
    where.add_row("seed", Text(str(document.seed)))
    yield where
    yield _last_line(document, files)


def _facts(document: VerdictDocument, evidence: EvidenceState) -> Table:
    """What was judged, who must act, what to do next, and why."""
    facts = _grid()
    facts.add_row("scope", rich_text(scope_text(document)))
    for number, line in enumerate(not_judged(document)):
        facts.add_row("" if number else "not judged", rich_text(line, limit=_LIMIT))
    facts.add_row("who must act", rich_text(actors(document)))
    facts.add_row("next step", rich_text(next_step(document, evidence)))
    for number, reason in enumerate(document.reasons):
        facts.add_row("" if number else "reason", rich_text(reason, limit=_LIMIT))
    for number, warning in enumerate(document.warnings):
        facts.add_row("" if number else "warning", rich_text(warning, limit=_LIMIT))
    return facts


def _last_line(document: VerdictDocument, files: Sequence[Path]) -> Text:
    """The verdict, its scope and the report to read, on one line that is never wrapped."""
    report = next((f"see {_near(file)}" for file in files if file.name == HTML), "no report was written")
    text = f"\n {SHAPES[document.verdict]} {label(document)} ({scope_text(document)}): {terminal(report)}"
    return Text(text, style=f"bold {_COLOURS[document.verdict]}", no_wrap=True, overflow="ignore")


def _near(file: Path) -> Path:
    """The path of a file as seen from the current folder, when it lies in it."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _heading(text: str) -> Text:
    return Text(f"\n {text}", style="bold underline")


def _grid() -> Table:
    """Labels on the left, wrapped text on the right."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=15, justify="right", style="dim")
    grid.add_column(overflow="fold")
    return grid


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
            rich_text(group.title, limit=_LIMIT),
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
            rich_text(row.operation, limit=_LIMIT),
            *figures,
            "too few" if row.few else limit,
            style="bold yellow" if row.held is False else "",
        )
    return table


def _waivers(document: VerdictDocument) -> Table:
    """Every waiver of the run, and its state."""
    grid = _grid()
    for waiver in document.waivers:
        text = f"{waiver.state.value}, {waiver_text(waiver)}"
        grid.add_row(rich_text(waiver.waiver.requirement), rich_text(text, limit=_LIMIT))
        if waiver.problem:
            grid.add_row("problem", rich_text(waiver.problem, "bold", limit=_LIMIT))
    return grid


def _finding(document: VerdictDocument, sample: Sample) -> Iterator[RenderableType]:
    """One finding: the requirement, who must act, expected and observed, and how to reproduce it."""
    finding = sample.finding
    head = Text("\n ").append(f"{sample.number:>2}  ", style="bold")
    head.append_text(rich_text(finding.requirement, "bold red"))
    head.append_text(rich_text(f"  {level_of(document, sample).value.upper()}, {TEAMS[sample.party]}"))
    yield head
    facts = _grid()
    facts.add_row("requirement", rich_text(text_of(document, finding.requirement), limit=_LIMIT))
    if "case" in finding.example:
        facts.add_row("case", rich_text(finding.example["case"], limit=_LIMIT))
    for name, text in interaction_before(finding):
        facts.add_row(name, rich_text(text, limit=_LIMIT))
    facts.add_row("expected", rich_text(finding.expected, limit=_LIMIT))
    facts.add_row("observed", rich_text(finding.observed, "bold", limit=_LIMIT))
    if shown := interaction_after(finding):
        facts.add_row("shown", rich_text(shown, limit=_LIMIT))
    if waiver := waiver_of(document, finding.requirement):
        facts.add_row("waived", rich_text(waiver, limit=_LIMIT))
    if finding.trace_id:
        facts.add_row("trace id", rich_text(finding.trace_id, limit=_LIMIT))
    yield facts
    commands = [command for command in (sample.curl, sample.replay) if command]
    if commands:
        yield Text("   Reproduce with:", style="dim")
    for command in commands:
        yield _command(command)


def _command(command: str) -> Text:
    """A shell command, never wrapped: a line feed inside would change it."""
    shown = terminal_lines(command)
    if len(shown) > _LONGEST_COMMAND:
        shown = f"(a command of {len(shown)} characters: see the reports)"
    indented = "\n".join(f"     {line}" for line in shown.split("\n"))
    return Text(indented, style="cyan", no_wrap=True, overflow="ignore")


def _unproven(document: VerdictDocument) -> Table:
    """Why requirements have no result, one line for each reason."""
    grid = _grid()
    for group in unproven(document):
        names = ", ".join(terminal(requirement.id) for requirement in group.requirements[:_MOST_NAMES])
        left = len(group.requirements) - _MOST_NAMES
        grid.add_row(str(len(group.requirements)), rich_text(group.reason or "no reason given", limit=_LIMIT))
        if group.hint:
            grid.add_row("hint", rich_text(group.hint, limit=_LIMIT))
        grid.add_row("", Text(names + (f" and {left} more" if left > 0 else ""), style="dim"))
    return grid
