"""`junit.xml`: one test case for each item, and one for the whole run, for tools that read this format only.

The format has no state for inconclusive: if the run is inconclusive, its first case is an error. An item that never
finished is an error too, so that nothing missing looks like a success. The verdict itself is a property.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

from technogate.journal.journal_file import Journal
from technogate.model.events import Outcome
from technogate.model.verdict import ExitCode, Sample, Verdict, VerdictDocument, exit_code
from technogate.report.cause_text import causes_by_finding, facts_line, shown_causes
from technogate.report.evidence_text import ItemRow, item_rows, samples_of
from technogate.report.next_step import EvidenceState, next_step
from technogate.report.report_files import JUNIT
from technogate.report.wording import label, not_judged, scope_text, waiver_of, waiver_text
from technogate.util.text import no_commands, xml_text
from technogate.util.write_file import write_file

NAME = JUNIT

#: The suite and the case that pass only when the run exits 0.
WHOLE_RUN = "the whole run"
_LIMIT = 20_000
_MOST_NAMES = 40

#: The outcome of the case of the whole run, by the exit code; any other exit code is an error.
_OUTCOME_OF_RUN = {ExitCode.PASS: Outcome.PASSED, ExitCode.FAIL: Outcome.FAILED}


def write(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> Path:
    """Write `junit.xml` into `folder`; raises OSError when that is impossible."""
    ET.indent(tree := _suites(journal, document, _properties(document, evidence)))
    return write_file(folder / NAME, no_commands(_declared(ET.tostring(tree, encoding="unicode"))))


def _declared(markup: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{markup}\n'


def _suites(journal: Journal, document: VerdictDocument, properties: list[tuple[str, str]]) -> ET.Element:
    """The suite of the whole run, then one for each group of the contract that has items."""
    rows = item_rows(journal, document)
    group_of = {requirement.id: requirement.group for requirement in document.requirements}
    outcome = _OUTCOME_OF_RUN.get(exit_code(document), Outcome.ERRORED)
    root = ET.Element("testsuites", {"name": "technogate", **_totals(rows, outcome)})
    whole = [*properties, *_causes(document)]
    _case_of_run(_suite(root, WHOLE_RUN, _totals([], outcome), document, whole), outcome, document)
    titles = {group.group: group.title for group in document.groups}
    for group in dict.fromkeys(group_of[row.requirement] for row in rows):
        members = [row for row in rows if group_of[row.requirement] == group]
        suite = _suite(root, titles.get(group, group), _totals(members), document, properties)
        for row in members:
            _case(suite, row, document)
    return root


def _suite(
    root: ET.Element, name: str, totals: dict[str, str], document: VerdictDocument, properties: list[tuple[str, str]]
) -> ET.Element:
    """An empty suite with the properties of the run."""
    started = datetime.fromtimestamp(document.started, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    about = {"name": xml_text(name), **totals, "timestamp": started, "hostname": "localhost"}
    suite = ET.SubElement(root, "testsuite", about)
    element = ET.SubElement(suite, "properties")
    for key, value in properties:
        ET.SubElement(element, "property", {"name": xml_text(key, 200), "value": xml_text(value, 2_000)})
    return suite


def _properties(document: VerdictDocument, evidence: EvidenceState) -> list[tuple[str, str]]:
    """The properties of the run that each suite carries."""
    return [
        ("technogate.verdict", document.verdict.value),
        ("technogate.is_validation", str(document.is_validation).lower()),
        ("technogate.result", label(document)),
        ("technogate.scope", scope_text(document)),
        ("technogate.not_judged", "; ".join(not_judged(document)) or "nothing"),
        ("technogate.isolation", document.isolation),
        ("technogate.next_step", next_step(document, evidence)),
        ("technogate.run", document.run),
        ("technogate.target", document.target.name),
        (
            "technogate.contract",
            f"{document.contract.id} {document.contract.version} {document.contract.digest}",
        ),
        ("technogate.seed", str(document.seed)),
        *(
            (f"technogate.waiver.{waiver.waiver.requirement}", f"{waiver.state.value}, {waiver_text(waiver)}")
            for waiver in document.waivers
        ),
    ]


def _causes(document: VerdictDocument) -> list[tuple[str, str]]:
    """The causes, as properties of the whole run; the title comes last, since it may be of any length."""
    return [
        (
            f"technogate.cause.{shown.cause.number}",
            f"{facts_line(shown, _MOST_NAMES)}; {shown.cause.id}; {shown.cause.title}",
        )
        for shown in shown_causes(document)
    ]


def _totals(rows: list[ItemRow], *others: Outcome) -> dict[str, str]:
    """The counts that the format requires, of these items and of one more case for each outcome in `others`."""
    outcomes = [*others, *(row.result.outcome if row.result else Outcome.ERRORED for row in rows)]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.FAILED)),
        "errors": str(outcomes.count(Outcome.ERRORED)),
        "skipped": str(outcomes.count(Outcome.SKIPPED)),
        "time": f"{sum(row.result.seconds for row in rows if row.result):.3f}",
    }


def _case_of_run(suite: ET.Element, outcome: Outcome, document: VerdictDocument) -> None:
    """The whole run as a test case: its verdict, and why it is not PASS."""
    case = ET.SubElement(suite, "testcase", {"classname": "technogate", "name": WHOLE_RUN, "time": "0.000"})
    if outcome is not Outcome.PASSED:
        reasons = document.reasons or ("no reason given",)
        causes = [f"cause {cause.number}: {cause.title}" for cause in document.causes]
        # After a failure, the causes say more than the reasons after the first, which names what failed.
        why = [reasons[0], *causes] if document.verdict is Verdict.FAIL and causes else reasons
        tag = "failure" if outcome is Outcome.FAILED else "error"
        details = "\n".join([*causes, *reasons])
        _outcome(case, tag, f"{document.verdict.value}: {'; '.join(why)}", document.verdict.value, details)


def _case(suite: ET.Element, row: ItemRow, document: VerdictDocument) -> None:
    """One item as a test case."""
    seconds = row.result.seconds if row.result else 0.0
    case = ET.SubElement(
        suite,
        "testcase",
        {"classname": xml_text(row.requirement), "name": xml_text(row.item), "time": f"{seconds:.3f}"},
    )
    if row.result is None:
        _outcome(case, "error", "planned but never finished", "unfinished", "")
        return
    reason = row.result.reason
    if row.result.outcome is Outcome.FAILED:
        samples = samples_of(document, row)
        message = _message(samples, document) or reason or "failed without a finding"
        check = samples[0].finding.check if samples else "failed"
        _outcome(case, "failure", message, check, _details(samples, document))
    elif row.result.outcome is Outcome.ERRORED:
        _outcome(case, "error", reason or "the check crashed", "errored", row.result.hint)
    elif row.result.outcome is Outcome.SKIPPED:
        _outcome(case, "skipped", reason or "no reason given", "", row.result.hint)


def _message(samples: list[Sample], document: VerdictDocument) -> str:
    """The causes of an item's findings by number and title, and what the first of them observed; "" for no finding."""
    causes = {cause.number: cause for cause in map(causes_by_finding(document).__getitem__, _numbers(samples))}
    if not causes:
        return ""
    titles = "; ".join(f"cause {number}: {cause.title}" for number, cause in sorted(causes.items()))
    return f"{titles}: {samples[0].finding.observed}"


def _numbers(samples: list[Sample]) -> list[int]:
    return [sample.number for sample in samples]


def _outcome(case: ET.Element, tag: str, message: str, kind: str, details: str) -> None:
    """Add the element for how a case ended."""
    element = ET.SubElement(case, tag, {"message": xml_text(message, 2_000)})
    if kind:
        element.set("type", xml_text(kind))
    if details:
        element.text = xml_text(details, _LIMIT)


def _details(samples: list[Sample], document: VerdictDocument) -> str:
    """The findings of an item as text, each with its cause."""
    causes = causes_by_finding(document)
    return "\n\n".join(
        "\n".join(
            [
                f"finding {sample.number}: {sample.finding.requirement}, cause {causes[sample.number].number}",
                f"cause: {causes[sample.number].title}",
                f"expected: {sample.finding.expected}",
                f"observed: {sample.finding.observed}",
                *(f"waived: {waiver}" for waiver in [waiver_of(document, sample.finding.requirement)] if waiver),
                *([f"trace id: {sample.finding.trace_id}"] if sample.finding.trace_id else []),
                *([sample.curl] if sample.curl else []),
                *([sample.replay] if sample.replay else []),
                *([sample.recheck_command] if sample.recheck_command else []),
            ]
        )
        for sample in samples
    )
