"""Causes as text that all reports share: who acts, what is broken, the smallest example, what the program printed.

Pure functions of the verdict document. They return text as it was recorded; each report escapes it for its own
format (`technogate.util.text`).
"""

from __future__ import annotations

from dataclasses import dataclass

from technogate.model.cause import Cause
from technogate.model.requirement import Level
from technogate.model.verdict import Sample, VerdictDocument
from technogate.report.evidence_text import interaction_after, interaction_before
from technogate.report.wording import TEAMS, level_of, waiver_of
from technogate.util.phrases import few, many, one_line

#: Fields of an example without a request or a call that are shown in short, and characters of each.
_MOST_FIELDS = 3
_FIELD = 120

#: Methods of requests that have a body as a rule.
_WITH_BODY = ("POST ", "PUT ", "PATCH ")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """A cause with the findings that it explains: `samples` are all of them, `example` is the smallest."""

    cause: Cause
    example: Sample
    samples: tuple[Sample, ...]
    waived: bool

    @property
    def level(self) -> str:
        """MUST or SHOULD, in capitals."""
        return self.cause.level.value.upper()

    @property
    def team(self) -> str:
        """Who must act."""
        return TEAMS[self.cause.party]

    @property
    def is_must(self) -> bool:
        """Whether it decides the verdict."""
        return self.cause.level is Level.MUST and not self.waived

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that reproduce its example."""
        return tuple(command for command in (self.example.curl, self.example.replay) if command)


def shown_causes(document: VerdictDocument) -> tuple[ShownCause, ...]:
    """Every cause of a document with its findings, in the order of the document."""
    samples = {sample.number: sample for sample in document.findings}
    waived = {
        sample.number
        for sample in document.findings
        if level_of(document, sample) is Level.SHOULD or waiver_of(document, sample.finding.requirement)
    }
    return tuple(
        ShownCause(
            cause=cause,
            example=samples[cause.example],
            samples=tuple(samples[number] for number in cause.findings),
            waived=cause.level is Level.MUST and waived.issuperset(cause.findings),
        )
        for cause in document.causes
    )


def causes_by_finding(document: VerdictDocument) -> dict[int, Cause]:
    """The one cause of each finding, by the number of the finding."""
    return {number: cause for cause in document.causes for number in cause.findings}


def causes_of_requirement(document: VerdictDocument, requirement: str) -> list[Cause]:
    """The causes that break a requirement."""
    return [cause for cause in document.causes if requirement in cause.requirements]


def heading(document: VerdictDocument) -> str:
    """How many causes explain how many findings."""
    return f"Causes ({len(document.causes)}) of {many(len(document.findings), 'finding')}"


def facts_line(shown: ShownCause, most: int) -> str:
    """A cause in short: its level, who must act, how much it explains, the requirements that it breaks."""
    level = f"{shown.level}, waived" if shown.waived else shown.level
    requirements = few(shown.cause.requirements, most)
    return f"{level}, {shown.team}; {many(shown.cause.count, 'finding')}; {requirements}"


def example_rows(sample: Sample) -> list[tuple[str, str]]:
    """What was sent or called, in which case, what was expected, observed and shown; name and text of each."""
    finding = sample.finding
    example = finding.example
    rows = interaction_before(finding)
    if request := example.get("request"):
        empty = ", without a body" if request.startswith(_WITH_BODY) else ""
        body = f", body {example['request body']}" if example.get("request body") else empty
        rows.append(("request", f"{request}{body}"))
    if case := example.get("case"):
        rows.append(("case", case))
    if not rows:
        fields = [f"{name} = {one_line(text, _FIELD)}" for name, text in example.items()]
        rows += [("example", few(fields, _MOST_FIELDS))] if fields else []
    rows += [("expected", finding.expected), ("observed", finding.observed)]
    shown = interaction_after(finding)
    return [*rows, ("shown", shown)] if shown else rows


def printed(cause: Cause, most: int) -> list[str]:
    """The last `most` lines that the program printed for the example, blank ones aside, after how many there were."""
    lines = [line for line in cause.output.splitlines() if line.strip()]
    left = len(lines) - most
    return ([f"… ({many(left, 'line')} before)"] if left > 0 else []) + lines[-most:]
