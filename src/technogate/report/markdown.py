"""`report.md`: the verdict as Markdown, short enough for the summary of a CI step.

Such a summary holds 1 MiB. The page stays far below that: lists and texts are limited, and where something is left
out, the page gives the number and refers to `report.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from technogate.journal.journal_file import Journal
from technogate.model.verdict import Sample, VerdictDocument
from technogate.report import latency_figures
from technogate.report.evidence_text import exchange_line, exchanges_of, repeat_command, unproven
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
from technogate.util.phrases import duration, many, utc_time
from technogate.util.text import markdown_block, markdown_code, markdown_text, terminal_lines
from technogate.util.write_file import write_file

NAME = "report.md"

#: Bytes of findings, and of inconclusive requirements; the rest of the page is short.
_BUDGET = 250_000
_MOST_FINDINGS = 50
_MOST_EXAMPLES = 10
_MOST_EXCHANGES = 5
_MOST_NAMES = 40
#: Characters of one piece of evidence, and of one command.
_LIMIT = 600
_LONGEST_COMMAND = 4_000


def write(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> Path:
    """Write `report.md` into `folder`; raises OSError when that is impossible."""
    return write_file(folder / NAME, page(journal, document, evidence))


def page(journal: Journal, document: VerdictDocument, evidence: EvidenceState = EvidenceState.UNSIGNED) -> str:
    """The whole page."""
    parts = [*_head(document, evidence), *_counts(document), *_groups(document)]
    parts += _waivers(document)
    parts += _findings(journal, document)
    parts += _unproven(document)
    parts += _latency(document)
    parts += _run(journal, document)
    return "\n".join(parts)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _short(text: str) -> str:
    return markdown_text(text, _LIMIT)


def _head(document: VerdictDocument, evidence: EvidenceState) -> Iterator[str]:
    """The verdict, what it means, and what to do."""
    yield f"# {SHAPES[document.verdict]} {label(document)}\n"
    yield f"**{markdown_text(meaning(document))}**\n"
    yield f"- Scope: {scope_text(document)}"
    yield from (f"- Not judged: {_short(line)}" for line in not_judged(document))
    yield f"- Who must act: **{actors(document)}**"
    yield f"- What to do next: {next_step(document, evidence)}"
    yield from _some((f"- Reason: {_short(reason)}" for reason in document.reasons), 20, "- … and {} more reasons")
    yield from _some((f"- Warning: {_short(warning)}" for warning in document.warnings), 20, "- … and {} more warnings")
    yield ""


def _some(lines: Iterable[str], most: int, rest: str) -> list[str]:
    """At most `most` of `lines`, and a line that counts the rest."""
    listed = list(lines)
    left = len(listed) - most
    return listed[:most] + ([rest.format(left)] if left > 0 else [])


def _counts(document: VerdictDocument) -> Iterator[str]:
    """Requirements by verdict, items by outcome."""
    yield "| | passed | failed | inconclusive | total |\n|---|--:|--:|--:|--:|"
    for name, counts in (("MUST requirements", document.must), ("all requirements", document.counts)):
        yield _row(name, str(counts.passed), str(counts.failed), str(counts.inconclusive), str(counts.total))
    items = document.items
    yield (
        f"\nItems: {items.passed} passed, {items.failed} failed, {items.errored} errored, {items.skipped} skipped, "
        f"{items.unfinished} unfinished. Findings: {len(document.findings)}. Exchanges: {document.journal.exchanges}.\n"
    )


def _groups(document: VerdictDocument) -> Iterator[str]:
    """The Phase 5 report."""
    yield "## Phase 5\n"
    yield "| group | verdict | passed | failed | inconclusive |\n|---|---|--:|--:|--:|"
    for group in document.groups:
        counts = group.counts
        verdict = f"{SHAPES[group.verdict]} {group.verdict.value}"
        yield _row(_short(group.title), verdict, str(counts.passed), str(counts.failed), str(counts.inconclusive))
    yield ""


def _waivers(document: VerdictDocument) -> Iterator[str]:
    """Every waiver of the run, and its state."""
    if not document.waivers:
        return
    yield f"## Waivers ({len(document.waivers)})\n"
    yield "A failure that is covered by a waiver does not fail the run. A waiver that covers nothing does.\n"
    yield "| requirement | state | waiver | problem |\n|---|---|---|---|"
    rows = (
        _row(
            markdown_text(waiver.waiver.requirement, 80),
            waiver.state.value,
            _short(waiver_text(waiver)),
            _short(waiver.problem),
        )
        for waiver in document.waivers
    )
    yield from _some(rows, 100, _row("", "", "and {} more waivers", ""))
    yield ""


def _findings(journal: Journal, document: VerdictDocument) -> Iterator[str]:
    """The findings, as many as fit."""
    if not document.findings:
        return
    yield f"## Findings ({len(document.findings)})\n"
    size = 0
    for number, sample in enumerate(document.findings):
        text = "\n".join(_finding(journal, document, sample))
        size += len(text.encode("utf-8"))
        if number >= _MOST_FINDINGS or size > _BUDGET:
            left = len(document.findings) - number
            yield f"… and {many(left, 'finding')} more: see `report.html`.\n"
            return
        yield text


def _finding(journal: Journal, document: VerdictDocument, sample: Sample) -> Iterator[str]:
    """One finding: the requirement, who must act, expected and observed, and how to reproduce it."""
    finding = sample.finding
    level = level_of(document, sample).value.upper()
    yield f"### {sample.number}. {markdown_text(finding.requirement, 80)} ({level}): {TEAMS[sample.party]}\n"
    yield f"> {_short(text_of(document, finding.requirement) or finding.requirement)}\n"
    yield "| | |\n|---|---|"
    yield _row("expected", _short(finding.expected))
    yield _row("observed", f"**{_short(finding.observed)}**")
    if waiver := waiver_of(document, finding.requirement):
        yield _row("waived", _short(waiver))
    examples = [f"{_cell(name)} = {_cell(value)}" for name, value in finding.example.items()]
    if examples:
        yield _row("smallest example", "; ".join(_some(examples, _MOST_EXAMPLES, "and {} more fields")))
    for decision in sample.decisions:
        text = journal.header.decisions.get(decision, "")
        yield _row("rests on", f"decision {_short(decision)}{': ' if text else ''}{_short(text)}")
    if finding.operation:
        yield _row("operation", _cell(finding.operation))
    if finding.trace_id:
        yield _row("trace id", _cell(finding.trace_id))
    known, missing = exchanges_of(journal, sample)
    lines = [_row("exchange", f"{_cell(exchange.id)} {_cell(exchange_line(exchange))}") for exchange in known]
    lines += [_row("exchange", f"{_cell(exchange_id)} is not in the journal") for exchange_id in missing]
    yield from _some(lines, _MOST_EXCHANGES, _row("", "and {} more exchanges"))
    commands = [command for command in (sample.curl, sample.replay, sample.recheck_command) if command]
    yield "\nReproduce with:\n" if commands else ""
    for command in commands:
        yield _command(command)


def _cell(text: str) -> str:
    return markdown_code(text, _LIMIT, cell=True)


def _command(command: str) -> str:
    """A shell command as a block; a very long one is left to the HTML report."""
    shown = terminal_lines(command)
    if len(shown) > _LONGEST_COMMAND:
        return f"The command has {len(shown)} characters: see `report.html`.\n"
    return markdown_block(shown, language="sh")


def _unproven(document: VerdictDocument) -> Iterator[str]:
    """The requirements without a result, by reason."""
    if not document.counts.inconclusive:
        return
    yield f"## Inconclusive requirements ({document.counts.inconclusive})\n"
    yield "A MUST requirement without a result makes the run INCONCLUSIVE.\n"
    yield "| requirements | reason | hint |\n|---|---|---|"
    rows = []
    for group in unproven(document):
        names = [markdown_text(requirement.id, 80) for requirement in group.requirements]
        rows.append(
            _row(
                f"{len(names)}: " + ", ".join(_some(names, _MOST_NAMES, "and {} more")),
                _short(group.reason or "no reason given"),
                _short(group.hint),
            )
        )
    yield from _some(rows, 100, _row("", "and {} more reasons", ""))
    yield ""


def _latency(document: VerdictDocument) -> Iterator[str]:
    """Response times."""
    if not document.latency:
        return
    yield f"## Latency\n\n{latency_figures.LEAD}\n"
    yield _row("operation", *latency_figures.COLUMNS, "p99")
    yield "|---|--:|--:|--:|--:|--:|--:|---|"
    for row in latency_figures.rows(document):
        yield _row(_cell(row.operation), *row.figures, row.judged)
    yield ""


def _run(journal: Journal, document: VerdictDocument) -> Iterator[str]:
    """What was judged, and how to repeat it."""
    contract, target = document.contract, document.target
    yield "## The run\n"
    yield "| | |\n|---|---|"
    yield _row("target", f"{_short(target.name)} ({target.kind}: {_short(', '.join(target.parties))})")
    yield _row("contract", f"{_short(contract.id)} {_short(contract.version)}, digest {_cell(contract.digest)}")
    yield _row("profile, seed", f"{_short(document.profile)}, {_cell(str(document.seed))}")
    if document.selection:
        yield _row("selection", _short(", ".join(document.selection)))
    yield _row("run", f"{_cell(document.run)}, technogate {_short(document.gate_version)}")
    yield _row("time", f"{utc_time(document.started)}, {duration(document.ended - document.started)}")
    torn = f", torn: {_short(document.journal.torn)}" if document.journal.torn else ""
    yield _row("journal", f"{_cell(document.journal.file)}, sha256 {_cell(document.journal.sha256)}{torn}")
    yield "\nRepeat this run with:\n"
    yield _command(repeat_command(journal))
