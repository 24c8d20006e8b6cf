"""`report.md`: the verdict as Markdown, short enough for the summary of a CI step.

Such a summary holds 1 MiB. The page stays far below that: lists and texts are limited, and where something is left
out, the page gives the number and refers to `report.html`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from technogate.journal.journal_file import Journal
from technogate.model.verdict import Verdict, VerdictDocument
from technogate.report import latency_figures
from technogate.report.evidence_text import repeat_command, unproven
from technogate.report.markdown_causes import causes
from technogate.report.markdown_parts import cell, command, row, short, some
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.report_files import MARKDOWN
from technogate.report.wording import (
    SHAPES,
    actors,
    label,
    meaning,
    not_judged,
    scope_text,
    waiver_text,
)
from technogate.util.phrases import duration, utc_time
from technogate.util.text import markdown_text
from technogate.util.write_file import write_file

NAME = MARKDOWN

#: Requirements named in one cell.
_MOST_NAMES = 40


def write(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> Path:
    """Write `report.md` into `folder`; raises OSError when that is impossible."""
    return write_file(folder / NAME, page(journal, document, evidence))


def page(journal: Journal, document: VerdictDocument, evidence: EvidenceState = EvidenceState.UNSIGNED) -> str:
    """The whole page."""
    parts = [*_head(document, evidence)]
    found, reasons = list(causes(journal, document)), list(_reasons(document))
    # What fails is explained by its causes; where nothing is proven, the reason is what counts.
    parts += [*found, *reasons] if document.verdict is Verdict.FAIL else [*reasons, *found]
    parts += [*_counts(document), *_groups(document), *_waivers(document)]
    parts += _unproven(document)
    parts += _latency(document)
    parts += _run(journal, document)
    return "\n".join(parts)


def _head(document: VerdictDocument, evidence: EvidenceState) -> Iterator[str]:
    """The verdict, what it means, what it is about, and what to do."""
    yield f"# {SHAPES[document.verdict]} {label(document)}\n"
    yield f"**{markdown_text(meaning(document))}**\n"
    yield f"- Scope: {scope_text(document)}"
    yield from (f"- Not judged: {short(line)}" for line in not_judged(document))
    yield f"- Who must act: **{actors(document)}**"
    yield f"- What to do next: {next_step(document, evidence)}"
    yield ""


def _reasons(document: VerdictDocument) -> Iterator[str]:
    """Why the verdict is not PASS, and the warnings of the run."""
    if not document.reasons and not document.warnings:
        return
    yield "## Reasons\n"
    yield from some((f"- Reason: {short(reason)}" for reason in document.reasons), 20, "- … and {} more reasons")
    yield from some((f"- Warning: {short(warning)}" for warning in document.warnings), 20, "- … and {} more warnings")
    yield ""


def _counts(document: VerdictDocument) -> Iterator[str]:
    """Requirements by verdict, items by outcome."""
    yield "| | passed | failed | inconclusive | total |\n|---|--:|--:|--:|--:|"
    for name, counts in (("MUST requirements", document.must), ("all requirements", document.counts)):
        yield row(name, str(counts.passed), str(counts.failed), str(counts.inconclusive), str(counts.total))
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
        yield row(short(group.title), verdict, str(counts.passed), str(counts.failed), str(counts.inconclusive))
    yield ""


def _waivers(document: VerdictDocument) -> Iterator[str]:
    """Every waiver of the run, and its state."""
    if not document.waivers:
        return
    yield f"## Waivers ({len(document.waivers)})\n"
    yield "A failure that is covered by a waiver does not fail the run. A waiver that covers nothing does.\n"
    yield "| requirement | state | waiver | problem |\n|---|---|---|---|"
    rows = (
        row(
            markdown_text(waiver.waiver.requirement, 80),
            waiver.state.value,
            short(waiver_text(waiver)),
            short(waiver.problem),
        )
        for waiver in document.waivers
    )
    yield from some(rows, 100, row("", "", "and {} more waivers", ""))
    yield ""


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
            row(
                f"{len(names)}: " + ", ".join(some(names, _MOST_NAMES, "and {} more")),
                short(group.reason or "no reason given"),
                short(group.hint),
            )
        )
    yield from some(rows, 100, row("", "and {} more reasons", ""))
    yield ""


def _latency(document: VerdictDocument) -> Iterator[str]:
    """Response times."""
    if not document.latency:
        return
    yield f"## Latency\n\n{latency_figures.LEAD}\n"
    yield row("operation", *latency_figures.COLUMNS, "p99")
    yield "|---|--:|--:|--:|--:|--:|--:|---|"
    for line in latency_figures.rows(document):
        yield row(cell(line.operation), *line.figures, line.judged)
    yield ""


def _run(journal: Journal, document: VerdictDocument) -> Iterator[str]:
    """What was judged, and how to repeat it."""
    contract, target = document.contract, document.target
    yield "## The run\n"
    yield "| | |\n|---|---|"
    yield row("target", f"{short(target.name)} ({target.kind}: {short(', '.join(target.parties))})")
    yield row("contract", f"{short(contract.id)} {short(contract.version)}, digest {cell(contract.digest)}")
    yield row("profile, seed", f"{short(document.profile)}, {cell(str(document.seed))}")
    if document.selection:
        yield row("selection", short(", ".join(document.selection)))
    yield row("run", f"{cell(document.run)}, technogate {short(document.gate_version)}")
    yield row("isolation", short(document.isolation))
    if document.runtimes:
        yield row("runtimes", short(", ".join(document.runtimes)))
    yield row("time", f"{utc_time(document.started)}, {duration(document.ended - document.started)}")
    torn = f", torn: {short(document.journal.torn)}" if document.journal.torn else ""
    yield row("journal", f"{cell(document.journal.file)}, sha256 {cell(document.journal.sha256)}{torn}")
    yield "\nRepeat this run with:\n"
    yield command(repeat_command(journal))
