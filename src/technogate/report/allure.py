"""`allure-results/`: one result for each item, for an Allure report."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Status, StatusDetails, TestResult

from technogate.journal.journal_file import Journal
from technogate.model.events import Exchange, Outcome
from technogate.model.requirement import Level, Requirement
from technogate.model.verdict import RequirementResult, Sample, VerdictDocument
from technogate.report.cause_text import causes_by_finding
from technogate.report.evidence_text import (
    ItemRow,
    exchange_line,
    exchanges_of,
    item_rows,
    request_text,
    response_text,
    samples_of,
)
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.report_files import ALLURE
from technogate.report.wording import label, not_judged, scope_text, waiver_of, waiver_text
from technogate.util.text import terminal, terminal_lines

NAME = ALLURE

_STATUS = {
    Outcome.PASSED: Status.PASSED,
    Outcome.FAILED: Status.FAILED,
    Outcome.ERRORED: Status.BROKEN,
    Outcome.SKIPPED: Status.SKIPPED,
}
_SEVERITY = {Level.MUST: "critical", Level.SHOULD: "minor"}

#: Attachments of one item, and characters of one attachment.
_MOST_ATTACHMENTS = 10
_LIMIT = 50_000

#: Causes named in the message of one item.
_MOST_CAUSES = 20

_CATEGORIES: list[dict[str, object]] = [
    {"name": "Contract violation", "matchedStatuses": [Status.FAILED]},
    {"name": "The check crashed or never finished", "matchedStatuses": [Status.BROKEN]},
    {"name": "Not exercised", "matchedStatuses": [Status.SKIPPED]},
]


def write(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> Path:
    """Write `allure-results` into `folder` replacing an earlier one; raises OSError when that is impossible."""
    results, part = folder / NAME, folder / f".{NAME}.part"
    if part.exists():
        shutil.rmtree(part)
    try:
        _fill(part, journal, document, evidence)
        if results.exists():
            shutil.rmtree(results)
        return part.replace(results)
    finally:
        if part.exists():
            shutil.rmtree(part)


def _fill(part: Path, journal: Journal, document: VerdictDocument, evidence: EvidenceState) -> None:
    """Write every result, with its attachments, into the folder `part`."""
    logger = AllureFileLogger(part)  # type: ignore[no-untyped-call]
    requirements = {requirement.id: requirement for requirement in document.requirements}
    starts: dict[str, float] = {}
    for exchange in journal.exchanges:
        starts[exchange.item] = min(exchange.started, starts.get(exchange.item, exchange.started))
    for row in item_rows(journal, document):
        samples = samples_of(document, row)
        started = starts.get(row.item, journal.header.started)
        result = _result(row, requirements[row.requirement], samples, document, started)
        result.attachments = _attach(logger, samples, journal, result.uuid)
        logger.report_result(result)  # type: ignore[no-untyped-call]
    (part / "categories.json").write_text(json.dumps(_categories(document), indent=2), encoding="utf-8")
    (part / "environment.properties").write_text(_environment(document, evidence), encoding="utf-8")


def _categories(document: VerdictDocument) -> list[dict[str, object]]:
    """A category for each cause, by its number at the start of a line, and those for the outcomes."""
    causes: list[dict[str, object]] = [
        {
            "name": terminal(f"Cause {cause.number}: {cause.title}", 500),
            "matchedStatuses": [Status.FAILED],
            "messageRegex": rf"(?s)(.*\n)?cause {cause.number}: .*",
        }
        for cause in document.causes
    ]
    return [*causes, *_CATEGORIES]


def _identity(*parts: str) -> str:
    """An identifier that is the same for the same parts in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(["technogate", *parts])))


def _result(
    row: ItemRow, requirement: RequirementResult, samples: list[Sample], document: VerdictDocument, started: float
) -> TestResult:
    """One item as an Allure result; `started` is the time of its first exchange, the run's when it has none."""
    result = TestResult(
        uuid=_identity(document.run, row.requirement, row.item),
        historyId=_identity(row.requirement, row.item),
        testCaseId=_identity(row.requirement, row.item),
        fullName=terminal(row.item),
        name=terminal(row.item),
        status=_STATUS[row.result.outcome] if row.result else Status.BROKEN,
        statusDetails=_details(row, samples, document),
        stage="finished" if row.result else "interrupted",
        description=terminal(requirement.text),
        start=int(started * 1000),
        stop=int((started + (row.result.seconds if row.result else 0.0)) * 1000),
    )
    labels = {**labels_of(requirement), "suite": requirement.group, "framework": "technogate"}
    causes = causes_by_finding(document)
    broken = sorted({causes[sample.number].number for sample in samples})
    if waiver := waiver_of(document, requirement.id):
        result.description = f"{result.description}\n\nwaived: {terminal(waiver, 2_000)}"
    result.labels = [Label(name=name, value=terminal(value)) for name, value in labels.items()]
    result.labels += [Label(name="tag", value=f"cause {number}") for number in broken]
    return result


def labels_of(requirement: Requirement | RequirementResult) -> dict[str, str]:
    """The labels by which Allure groups the items of a requirement."""
    return {
        "epic": "technogate",
        "feature": requirement.group,
        "story": requirement.id,
        "owner": requirement.party.value,
        "severity": _SEVERITY[requirement.level],
    }


def _details(row: ItemRow, samples: list[Sample], document: VerdictDocument) -> StatusDetails | None:
    """Why an item did not pass: one line for each cause, by which the categories find it, then the findings."""
    if row.result is None:
        return StatusDetails(message="planned but never finished")
    if row.result.outcome is Outcome.PASSED:
        return None
    if not samples:
        reason = row.result.reason or "no reason given"
        return StatusDetails(message=terminal(reason, 2_000), trace=terminal(row.result.hint))
    causes = causes_by_finding(document)
    trace = "\n\n".join(
        f"finding {sample.number}, cause {causes[sample.number].number}\n"
        f"expected: {terminal(sample.finding.expected)}\nobserved: {terminal(sample.finding.observed)}\n"
        + "\n".join(terminal_lines(command) for command in (sample.curl, sample.replay, sample.recheck_command))
        for sample in samples
    )
    first = {causes[sample.number].number: sample for sample in reversed(samples)}
    lines = [
        f"cause {number}: {terminal(causes[sample.number].title, 500)}: {terminal(sample.finding.observed, 1_000)}"
        for number, sample in sorted(first.items())
    ]
    return StatusDetails(message="\n".join(lines[:_MOST_CAUSES]), trace=trace[:_LIMIT])


def _attach(logger: AllureFileLogger, samples: list[Sample], journal: Journal, owner: str) -> list[Attachment]:
    """Write the exchanges of an item's findings as text files."""
    exchanges: dict[str, Exchange] = {}
    for sample in samples:
        exchanges |= {exchange.id: exchange for exchange in exchanges_of(journal, sample)[0]}
    attachments = []
    for exchange in list(exchanges.values())[:_MOST_ATTACHMENTS]:
        source = f"{_identity(owner, exchange.id)}-attachment.txt"
        text = f"{exchange_line(exchange)}\n\n{request_text(exchange)}\n\n{response_text(exchange)}\n"
        shown = terminal(text, _LIMIT, multiline=True)
        logger.report_attached_data(shown, source)  # type: ignore[no-untyped-call]
        name = terminal(f"{exchange.id}: {exchange_line(exchange)}", 200)
        attachments.append(Attachment(name=name, source=source, type="text/plain"))
    return attachments


def _environment(document: VerdictDocument, evidence: EvidenceState) -> str:
    """The facts of the run, which Allure shows beside the results."""
    facts = {
        "verdict": label(document),
        "scope": scope_text(document),
        "not.judged": "; ".join(not_judged(document)) or "nothing",
        "next.step": next_step(document, evidence),
        "run": document.run,
        "target": document.target.name,
        "contract": f"{document.contract.id} {document.contract.version}",
        "profile": document.profile,
        "seed": str(document.seed),
        "technogate": document.gate_version,
        "runtimes": ", ".join(document.runtimes),
        "isolation": document.isolation,
        **{
            f"waiver{number}": f"{waiver.waiver.requirement} {waiver.state.value}, {waiver_text(waiver)}"
            for number, waiver in enumerate(document.waivers, 1)
        },
    }
    return "".join(f"{name}={terminal(value, 2_000).replace(chr(92), chr(92) * 2)}\n" for name, value in facts.items())
