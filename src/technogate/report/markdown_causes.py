"""The causes in `report.md`: a table, and each with its smallest example and, collapsed, its findings."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.journal.journal_file import Journal
from technogate.model.verdict import Sample, VerdictDocument
from technogate.report.cause_text import ShownCause, facts_line, heading, printed, shown_causes
from technogate.report.evidence_text import exchange_line, exchanges_of
from technogate.report.markdown_parts import LIMIT, cell, command, row, short, some
from technogate.report.wording import level_of, text_of, waiver_of
from technogate.util.phrases import few, many
from technogate.util.text import markdown_block, markdown_text

#: Causes in all; findings in all, and of one cause; bytes of all of it.
_MOST_CAUSES = 50
_MOST_FINDINGS = 300
_MOST_LISTED = 60
_BUDGET = 250_000

#: Parts of one cause.
_MOST_EXAMPLES = 10
_MOST_EXCHANGES = 5
_MOST_NAMES = 40
_MOST_PRINTED = 20
#: Characters of a cell in the list of findings.
_CELL = 160


def causes(journal: Journal, document: VerdictDocument) -> Iterator[str]:
    """The causes as a table, and each with its smallest example and its findings, as many as fit."""
    if not document.causes:
        return
    shown = shown_causes(document)
    yield f"## {heading(document)}\n"
    yield "Each finding has exactly one cause; `technogate replay NUMBER` runs one again.\n"
    yield "| | cause | who must act | level | requirements | findings |\n|--:|---|---|---|---|--:|"
    rows = (
        row(
            str(one.cause.number),
            short(one.cause.title),
            one.team,
            f"{one.level}, waived" if one.waived else one.level,
            short(few(one.cause.requirements, _MOST_NAMES)),
            str(one.cause.count),
        )
        for one in shown
    )
    yield from some(rows, _MOST_CAUSES, row("", "and {} more causes", "", "", "", ""))
    yield ""
    listed = size = 0
    for number, one in enumerate(shown):
        text = "\n".join(_cause(journal, document, one, max(0, _MOST_FINDINGS - listed)))
        listed += min(one.cause.count, _MOST_LISTED)
        size += len(text.encode("utf-8"))
        if number >= _MOST_CAUSES or size > _BUDGET:
            yield f"… and {many(len(shown) - number, 'cause')} more: see `report.html`.\n"
            return
        yield text


def _cause(journal: Journal, document: VerdictDocument, shown: ShownCause, most: int) -> Iterator[str]:
    """One cause: its smallest example, what the program printed, how to reproduce it, and at most `most` findings."""
    cause, example = shown.cause, shown.example
    yield f"### {cause.number}. {short(cause.title)}\n"
    yield f"{short(facts_line(shown, _MOST_NAMES))}\n"
    yield from _finding(journal, document, example)
    if lines := printed(cause, _MOST_PRINTED):
        yield "The program printed meanwhile:\n"
        yield markdown_block("\n".join(lines), LIMIT * 4)
    if cause.count > 1:
        yield f"<details><summary>{many(cause.count, 'finding')}</summary>\n"
        yield "| finding | requirement | case | expected | observed |\n|--:|---|---|---|---|"
        yield from some(
            map(_listed, shown.samples), min(most, _MOST_LISTED), row("", "", "and {} more: see `report.html`", "", "")
        )
        yield "\n</details>\n"


def _listed(sample: Sample) -> str:
    """A finding as a row of its cause."""
    finding = sample.finding
    case = finding.example.get("case") or finding.example.get("request") or finding.operation
    return row(
        str(sample.number),
        markdown_text(finding.requirement, 80),
        markdown_text(case, _CELL),
        markdown_text(finding.expected, _CELL),
        markdown_text(finding.observed, _CELL),
    )


def _finding(journal: Journal, document: VerdictDocument, sample: Sample) -> Iterator[str]:
    """The smallest example of a cause: the requirement, expected and observed, and how to reproduce it."""
    finding = sample.finding
    yield "| | |\n|---|---|"
    requirement = markdown_text(finding.requirement, 80)
    yield row(
        "smallest example", f"finding {sample.number}, {requirement} ({level_of(document, sample).value.upper()})"
    )
    yield row("requirement", short(text_of(document, finding.requirement) or finding.requirement))
    yield row("expected", short(finding.expected))
    yield row("observed", f"**{short(finding.observed)}**")
    if waiver := waiver_of(document, finding.requirement):
        yield row("waived", short(waiver))
    examples = [f"{cell(name)} = {cell(value)}" for name, value in finding.example.items()]
    if examples:
        yield row("its fields", "; ".join(some(examples, _MOST_EXAMPLES, "and {} more fields")))
    for decision in sample.decisions:
        text = journal.header.decisions.get(decision, "")
        yield row("rests on", f"decision {short(decision)}{': ' if text else ''}{short(text)}")
    if finding.operation:
        yield row("operation", cell(finding.operation))
    if finding.trace_id:
        yield row("trace id", cell(finding.trace_id))
    known, missing = exchanges_of(journal, sample)
    lines = [row("exchange", f"{cell(exchange.id)} {cell(exchange_line(exchange))}") for exchange in known]
    lines += [row("exchange", f"{cell(exchange_id)} is not in the journal") for exchange_id in missing]
    yield from some(lines, _MOST_EXCHANGES, row("", "and {} more exchanges"))
    commands = [text for text in (sample.curl, sample.replay, sample.recheck_command) if text]
    yield "\nReproduce with:\n" if commands else ""
    yield from map(command, commands)
