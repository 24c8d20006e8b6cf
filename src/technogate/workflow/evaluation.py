"""Phase 2: grade an answer by the rubric and compare it with the ideal answer. Pure; a person confirms the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from technogate.contract.loader import Contract
from technogate.model.verdict import Document
from technogate.workflow.facts import LAYERS
from technogate.workflow.intake import ideal
from technogate.workflow.intake_answer import Entry, IntakeAnswer, Priority, State
from technogate.workflow.intake_answer_file import AnswerReading, read_answer, required_entries
from technogate.workflow.rubric import DAYS_A_WEEK, Measured, RubricDecision, deciding, ruled

#: GO, CAUTION and HOLD as a shell sees them.
EXIT_CODES = {RubricDecision.GO: 0, RubricDecision.CAUTION: 4, RubricDecision.HOLD: 1}

Comparison = Literal["as the ideal", "expected difference", "gap", "red flag"]


class Section(Document, frozen=True):
    """A section of the answer: how many of the entries required are complete, details included."""

    title: str
    required: int
    complete: int


class Criterion(Document, frozen=True):
    """A rule of the rubric, the values it was applied to, and whether it applies (null: not known)."""

    id: str
    decision: RubricDecision
    text: str
    observed: str
    applies: bool | None
    red_flag: bool


class Grade(Document, frozen=True):
    """A layer, an endpoint or the answer as a whole, compared with the ideal answer."""

    name: str
    title: str
    section: Literal["layer", "endpoint", "whole"]
    answered: str
    ideal: str
    comparison: Comparison
    gap: str
    effort_days: float


class OpenGap(Document, frozen=True):
    """A gap that counts; `note` explains where the evaluation is stricter than the answer, "" where it is not."""

    concerns: str
    priority: Priority
    what: str
    fix: str
    note: str


class Evaluation(Document, frozen=True):
    """The whole evaluation: `EVALUATION_RESULTS_<date>.json`. A decision counts only once a person has confirmed it."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    contract: str
    contract_digest: str
    answer_sha256: Annotated[str, msgspec.Meta(description="of the file that was evaluated")]
    team: str
    date: str
    decision: RubricDecision
    decided_by: Annotated[str, msgspec.Meta(description="the id of the criterion that decided")]
    sections: tuple[Section, ...]
    criteria: tuple[Criterion, ...]
    grades: Annotated[tuple[Grade, ...], msgspec.Meta(description="empty when the answer is incomplete")]
    gaps: tuple[OpenGap, ...]
    problems: Annotated[tuple[str, ...], msgspec.Meta(description="what is still to fill in")]
    weeks: Annotated[float | None, msgspec.Meta(description="of work; null when the answer is incomplete")]
    confirmed_by: Annotated[str, msgspec.Meta(description='the person who confirmed the decision, "" for nobody')]
    confirmed_at: str

    @property
    def rule(self) -> Criterion:
        """The criterion that decided."""
        return next(criterion for criterion in self.criteria if criterion.id == self.decided_by)


def evaluate(reading: AnswerReading, contract: Contract, date: str) -> Evaluation:
    """Grade an answer; `date` is the day, ISO 8601. Nobody has confirmed the result."""
    answer = reading.answer
    missing = sum(not problem.detail for problem in reading.problems)
    gaps = _gaps(answer) if answer else ()
    rulings = ruled(_measured(answer, gaps, len(reading.problems)) if answer else None, missing)
    rule = deciding(rulings)
    return Evaluation(
        schema=1,
        contract=contract.id,
        contract_digest=contract.digest,
        answer_sha256=reading.sha256,
        team=answer.team if answer else "",
        date=date,
        decision=rule.decision,
        decided_by=rule.id,
        sections=tuple(_sections(reading, contract)),
        criteria=tuple(
            Criterion(
                id=ruling.rule.id,
                decision=ruling.rule.decision,
                text=ruling.rule.text,
                observed=ruling.observed,
                applies=ruling.applies,
                red_flag=ruling.rule.red_flag,
            )
            for ruling in rulings
        ),
        grades=tuple(_grades(answer, contract, gaps)) if answer else (),
        gaps=gaps,
        problems=tuple(problem.text for problem in reading.problems),
        weeks=_weeks(answer) if answer else None,
        confirmed_by="",
        confirmed_at="",
    )


def confirmed(evaluation: Evaluation, person: str, at: str) -> Evaluation:
    """The evaluation with the name of the person who confirms it, and when (UTC)."""
    return msgspec.structs.replace(evaluation, confirmed_by=person, confirmed_at=at)


def _sections(reading: AnswerReading, contract: Contract) -> Iterator[Section]:
    """How complete each section is."""
    keys = [problem.key for problem in reading.problems]
    for title, table in (("1, the layers", "layer"), ("2, the endpoints", "endpoint")):
        names = [f"{table}.{name}" for name in required_entries(contract)[table]]
        incomplete = [name for name in names if any(key == name or key.startswith(f"{name}.") for key in keys)]
        yield Section(title=title, required=len(names), complete=len(names) - len(incomplete))
    yield Section(title="3, the gaps", required=1, complete=int(not any(key.split(".")[0] == "gaps" for key in keys)))


def _weeks(answer: IntakeAnswer) -> float:
    """Weeks of work: the total in the answer, or the sum of its days when that is more."""
    days = sum(entry.effort_days for entry in [*answer.layer.values(), *answer.endpoint.values()])
    return max(answer.weeks, days / DAYS_A_WEEK)


def _gaps(answer: IntakeAnswer) -> tuple[OpenGap, ...]:
    """The gaps that the answer lists, and those that it shows without listing them. What is missing is critical."""
    entries = {**answer.layer, **answer.endpoint}
    gaps = []
    for gap in answer.gaps.list:
        raised = gap.priority is Priority.MINOR and entries[gap.concerns].state is State.MISSING
        priority = Priority.CRITICAL if raised else gap.priority
        note = "listed as minor, but what is missing altogether is critical" if raised else ""
        gaps.append(
            OpenGap(concerns=gap.concerns, priority=priority, what=gap.what, fix=gap.fix.strip(), note=note),
        )
    named = {gap.concerns for gap in gaps}
    for name, entry in entries.items():
        if entry.state is not State.EXISTS and name not in named:
            priority = Priority.CRITICAL if entry.state is State.MISSING else Priority.MINOR
            what = entry.gap.strip() or f"{name} is {entry.state.value}"
            gaps.append(OpenGap(concerns=name, priority=priority, what=what, fix="", note="not listed as a gap"))
    return tuple(sorted(gaps, key=lambda gap: gap.priority is Priority.MINOR))


def _measured(answer: IntakeAnswer, gaps: tuple[OpenGap, ...], details: int) -> Measured:
    minor = [gap for gap in gaps if gap.priority is Priority.MINOR]
    return Measured(
        details=details,
        critical=len(gaps) - len(minor),
        minor=len(minor),
        minor_without_fix=sum(not gap.fix for gap in minor),
        weeks=_weeks(answer),
        redesign=tuple(area.value for area in answer.redesign),
        schema_change=answer.schema_change,
        trace_ids=answer.trace_ids,
    )


def _grades(answer: IntakeAnswer, contract: Contract, gaps: tuple[OpenGap, ...]) -> Iterator[Grade]:
    """Every layer, every endpoint and the answer as a whole, compared with the ideal answer."""
    best = read_answer(ideal(contract), contract).answer
    if best is None:
        raise ValueError("the ideal answer is not complete")
    layers_of = {"authentication": "authentication", "audit": "audit_log"}
    flagged = {layers_of[area.value] for area in answer.redesign if area.value in layers_of}
    planned = {gap.concerns for gap in gaps if gap.fix} - {gap.concerns for gap in gaps if not _expected(gap)}
    endpoints = {operation.id: f"{operation.method} {operation.path}" for operation in contract.guarded}
    tables: tuple[tuple[Literal["layer", "endpoint"], dict[str, str], dict[str, Entry], dict[str, Entry]], ...] = (
        ("layer", LAYERS, answer.layer, best.layer),
        ("endpoint", endpoints, answer.endpoint, best.endpoint),
    )
    concerned = {gap.concerns for gap in gaps}
    for section, titles, answered, ideal_entries in tables:
        for name, title in titles.items():
            same = answered[name].state is ideal_entries[name].state and name not in concerned
            difference: Comparison = "expected difference" if name in planned else "gap"
            yield Grade(
                name=name,
                title=title,
                section=section,
                answered=answered[name].state.value,
                ideal=ideal_entries[name].state.value,
                comparison="red flag" if name in flagged else "as the ideal" if same else difference,
                gap=answered[name].gap,
                effort_days=answered[name].effort_days,
            )
    yield from _whole(answer, best)


def _expected(gap: OpenGap) -> bool:
    """Whether a gap is acceptable in an answer: minor, and with a fix."""
    return gap.priority is Priority.MINOR and bool(gap.fix)


def _whole(answer: IntakeAnswer, best: IntakeAnswer) -> Iterator[Grade]:
    """The values of the answer as a whole, compared with the ideal answer."""

    def listed(areas: tuple[str, ...]) -> str:
        return ", ".join(areas) or "none"

    rows = (
        ("redesign", "Redesign", listed(answer.redesign), listed(best.redesign)),
        ("schema_change", "Schema change", _yes(answer.schema_change), _yes(best.schema_change)),
        ("trace_ids", "Trace ids", _yes(answer.trace_ids), _yes(best.trace_ids)),
    )
    for name, title, answered, wished in rows:
        comparison: Comparison = "as the ideal" if answered == wished else "red flag"
        yield Grade(
            name=name, title=title, section="whole", answered=answered, ideal=wished, comparison=comparison, gap="",
            effort_days=0,
        )  # fmt: skip


def _yes(value: bool) -> str:
    return "yes" if value else "no"
