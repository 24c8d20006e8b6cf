"""`report.html`: the report for people. One file, no network, no script.

Every value that a template writes out goes through `_harmless`: invisible characters become escapes, markup becomes
text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from technogate.journal.journal_file import Journal
from technogate.model.requirement import Level
from technogate.model.verdict import Counts, Sample, VerdictDocument
from technogate.report import evidence_text, latency_figures, wording
from technogate.report import project_progress as chart
from technogate.report.cause_text import causes_of_requirement, example_rows, shown_causes
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.project_progress import ProjectProgress
from technogate.report.report_files import HTML
from technogate.util.phrases import duration, many, utc_time
from technogate.util.text import no_commands, visible
from technogate.util.write_file import write_file

NAME = HTML

#: The most characters shown of one recorded message, and of any other piece of evidence.
_LONGEST_MESSAGE = 20_000
_LIMIT = 4_000
#: Findings shown with their exchanges, and exchanges shown of one finding; the journal has all of them.
_MOST_DETAILED = 200
_MOST_EXCHANGES = 10


def write(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> Path:
    """Write `report.html` into `folder`; raises OSError when that is impossible."""
    return write_file(folder / NAME, page(journal, document, evidence=evidence))


def page(
    journal: Journal,
    document: VerdictDocument,
    progress: ProjectProgress | None = None,
    evidence: EvidenceState = EvidenceState.UNSIGNED,
) -> str:
    """The whole page; with `progress` it also shows the phases and gaps of a project."""
    return render(
        "report.html.j2",
        progress=progress,
        document=document,
        header=journal.header,
        wording=wording,
        next_step=next_step(document, evidence),
        evidence=evidence_text,
        causes=_causes(journal, document),
        causes_of=partial(causes_of_requirement, document),
        bars={group.group: _bar(group.counts) for group in document.groups} | {"": _bar(document.must)},
        unproven=evidence_text.unproven(document),
        latency=latency_figures,
        latencies=list(zip(latency_figures.rows(document), map(latency_figures.chart, document.latency), strict=True)),
        checks=sum(requirement.checks for requirement in document.requirements),
        repeat=evidence_text.repeat_command(journal),
    )


def render(template: str, **values: object) -> str:
    """A page from one of the templates, which gets `values` and the style that all pages share."""
    environment = _environment()
    loader = environment.loader
    style = loader.get_source(environment, "report.css")[0] if loader else ""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    text = environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - the package's own file
        style_digest=digest,
        chart=chart,
        **values,
    )
    return text if text.endswith("\n") else text + "\n"


@cache
def _environment() -> Environment:
    """The templates: compiling them takes longer than filling them, and a run that is signed writes its page twice."""
    environment = Environment(
        loader=PackageLoader("technogate.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lines"] = _lines
    environment.filters["many"] = many
    environment.filters["duration"] = duration
    environment.filters["utc_time"] = utc_time
    return environment


def _harmless(value: object) -> Markup:
    """Any value as text within an element or a quoted attribute."""
    if isinstance(value, Markup):
        return value
    return Markup(no_commands(str(escape(visible(str(value), _LIMIT)))))  # noqa: S704 - escaped right here


def _lines(value: str) -> Markup:
    """Text of several lines, such as a recorded message."""
    return Markup(no_commands(str(escape(visible(value, _LONGEST_MESSAGE, multiline=True)))))  # noqa: S704 - escaped


def _causes(journal: Journal, document: VerdictDocument) -> list[dict[str, object]]:
    """Each cause with everything that the page shows of it and of its findings."""
    return [
        {
            "shown": shown,
            "cause": shown.cause,
            "tone": "FAIL" if shown.is_must else "INCONCLUSIVE",
            "rows": example_rows(shown.example),
            "printed": shown.cause.output[:_LONGEST_MESSAGE],
            "findings": [_finding(journal, document, sample, shown.example) for sample in shown.samples],
        }
        for shown in shown_causes(document)
    ]


def _finding(journal: Journal, document: VerdictDocument, sample: Sample, example: Sample) -> dict[str, object]:
    """A finding with everything that the page shows of it; `example` is that of its cause."""
    known, missing = evidence_text.exchanges_of(journal, sample)
    most = _MOST_EXCHANGES if sample.number <= _MOST_DETAILED or sample is example else 0
    return {
        "sample": sample,
        "finding": sample.finding,
        "is_must": wording.level_of(document, sample) is Level.MUST,
        "text": wording.text_of(document, sample.finding.requirement),
        "team": wording.TEAMS[sample.party],
        "waiver": wording.waiver_of(document, sample.finding.requirement),
        "decisions": [(name, journal.header.decisions.get(name, "")) for name in sample.decisions],
        "exchanges": known[:most],
        "left_out": len(known[most:]),
        "missing": missing,
        "rendered_outputs": evidence_text.rendered_outputs_of(journal, sample)[:most],
    }


def _bar(counts: Counts) -> list[tuple[str, float, float]]:
    """The parts of a bar in percent: class, start and width, empty parts left out."""
    parts: list[tuple[str, float, float]] = []
    start = 0.0
    for name, number in (("FAIL", counts.failed), ("INCONCLUSIVE", counts.inconclusive), ("PASS", counts.passed)):
        if number:
            width = 100 * number / counts.total
            parts.append((name, round(start, 2), round(width, 2)))
            start += width
    return parts
