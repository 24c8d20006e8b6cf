"""Phase 2: an answer, graded by the rubric and compared with the ideal. Pure; a person confirms the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from technogate.contract.loader import Contract
from technogate.model.verdict import Document
from technogate.workflow.facts import LAYERS
from technogate.workflow.intake import ideal
from technogate.workflow.intake_answer import Entry, IntakeAnswer, Priority, State
from technogate.workflow.intake_answer_file import AnswerReading, asked, read_answer
from technogate.workflow.rubric import DAYS_A_WEEK, Measured, RubricDecision, deciding, ruled

#: GO, CAUTION and HOLD as a shell sees them.
EXIT_CODES = {RubricDecision.GO: 0, RubricDecision.CAUTION: 4, RubricDecision.HOLD: 1}

Comparison = Literal["as the ideal", "expected difference", "gap", "red flag"]


class Section(Document, frozen=True):
    """A section of the answer: how many of the things asked for are complete, details included."""

    title: str
    asked: int
    complete: int


class Criterion(Document, frozen=True):
    """A rule of the rubric, what was looked at, and whether it applies (null: not known)."""

    id: str
    decision: RubricDecision
    text: str
    observed: str
    applies: bool | None
    red_flag: bool


class Grade(Document, frozen=True):
    """A layer, an endpoint or the answer as a whole, beside the ideal."""

    name: str
    title: str
    section: Literal["layer", "endpoint", "whole"]
    answered: str
    ideal: str
    comparison: Comparison
    gap: str
    effort_days: float


class OpenGap(Document, frozen=True):
    """A gap that counts; `note` says where the evaluation is stricter than the answer, "" where it is not."""

    concerns: str
    priority: Priority
    what: str
    fix: str
    note: str


class Evaluation(Document, frozen=True):
    """The whole evaluation: `EVALUATION_RESULTS_<date>.json`. A decision that nobody confirmed lets nobody go on."""

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
        return next(one for one in self.criteria if one.id == self.decided_by)


def evaluate(reading: AnswerReading, contract: Contract, date: str) -> Evaluation:
    """Grade an answer; `date` is the day, ISO 8601. Nobody has confirmed the result."""
    answer = reading.answer
    missing = sum(not one.detail for one in reading.problems)
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
                id=one.rule.id,
                decision=one.rule.decision,
                text=one.rule.text,
                observed=one.observed,
                applies=one.applies,
                red_flag=one.rule.red_flag,
            )
            for one in rulings
        ),
        grades=tuple(_grades(answer, contract, gaps)) if answer else (),
        gaps=gaps,
        problems=tuple(one.text for one in reading.problems),
        weeks=_weeks(answer) if answer else None,
        confirmed_by="",
        confirmed_at="",
    )


def confirmed(evaluation: Evaluation, person: str, at: str) -> Evaluation:
    """The evaluation with the name of the person who confirms it, and when (UTC)."""
    return msgspec.structs.replace(evaluation, confirmed_by=person, confirmed_at=at)


def _sections(reading: AnswerReading, contract: Contract) -> Iterator[Section]:
    """How complete each section is."""
    keys = [one.key for one in reading.problems]
    for title, table in (("1, the layers", "layer"), ("2, the endpoints", "endpoint")):
        names = [f"{table}.{name}" for name in asked(contract)[table]]
        open_ = [name for name in names if any(key == name or key.startswith(f"{name}.") for key in keys)]
        yield Section(title=title, asked=len(names), complete=len(names) - len(open_))
    yield Section(title="3, the gaps", asked=1, complete=int(not any(key.split(".")[0] == "gaps" for key in keys)))


def _weeks(answer: IntakeAnswer) -> float:
    """Weeks of work: what the answer says in all, or the sum of its days when that is more."""
    days = sum(one.effort_days for one in [*answer.layer.values(), *answer.endpoint.values()])
    return max(answer.weeks, days / DAYS_A_WEEK)


def _gaps(answer: IntakeAnswer) -> tuple[OpenGap, ...]:
    """The gaps listed, and those that the answer shows without listing them. What is missing is critical."""
    entries = {**answer.layer, **answer.endpoint}
    found = []
    for one in answer.gaps.list:
        raised = one.priority is Priority.MINOR and entries[one.concerns].state is State.MISSING
        priority = Priority.CRITICAL if raised else one.priority
        note = "listed as minor; what is missing altogether is critical" if raised else ""
        found.append(
            OpenGap(concerns=one.concerns, priority=priority, what=one.what, fix=one.fix.strip(), note=note),
        )
    named = {one.concerns for one in found}
    for name, entry in entries.items():
        if entry.state is not State.EXISTS and name not in named:
            priority = Priority.CRITICAL if entry.state is State.MISSING else Priority.MINOR
            what = entry.gap.strip() or f"{name} is {entry.state.value}"
            found.append(OpenGap(concerns=name, priority=priority, what=what, fix="", note="not listed as a gap"))
    return tuple(sorted(found, key=lambda one: one.priority is Priority.MINOR))


def _measured(answer: IntakeAnswer, gaps: tuple[OpenGap, ...], details: int) -> Measured:
    minor = [one for one in gaps if one.priority is Priority.MINOR]
    return Measured(
        details=details,
        critical=len(gaps) - len(minor),
        minor=len(minor),
        minor_without_fix=sum(not one.fix for one in minor),
        weeks=_weeks(answer),
        redesign=tuple(area.value for area in answer.redesign),
        schema_change=answer.schema_change,
        trace_ids=answer.trace_ids,
    )


def _grades(answer: IntakeAnswer, contract: Contract, gaps: tuple[OpenGap, ...]) -> Iterator[Grade]:
    """Every layer, every endpoint and the answer as a whole, beside the ideal."""
    best = read_answer(ideal(contract), contract).answer
    if best is None:
        raise ValueError("the ideal answer is not complete")
    layers_of = {"authentication": "authentication", "audit": "audit_log"}
    flagged = {layers_of[area.value] for area in answer.redesign if area.value in layers_of}
    planned = {one.concerns for one in gaps if one.fix} - {one.concerns for one in gaps if not _expected(one)}
    endpoints = {one.id: f"{one.method} {one.path}" for one in contract.guarded}
    tables: tuple[tuple[Literal["layer", "endpoint"], dict[str, str], dict[str, Entry], dict[str, Entry]], ...] = (
        ("layer", LAYERS, answer.layer, best.layer),
        ("endpoint", endpoints, answer.endpoint, best.endpoint),
    )
    concerned = {one.concerns for one in gaps}
    for section, titles, mine, wished in tables:
        for name, title in titles.items():
            same = mine[name].state is wished[name].state and name not in concerned
            open_: Comparison = "expected difference" if name in planned else "gap"
            yield Grade(
                name=name,
                title=title,
                section=section,
                answered=mine[name].state.value,
                ideal=wished[name].state.value,
                comparison="red flag" if name in flagged else "as the ideal" if same else open_,
                gap=mine[name].gap,
                effort_days=mine[name].effort_days,
            )
    yield from _whole(answer, best)


def _expected(gap: OpenGap) -> bool:
    """Whether a gap is one that an answer may well have: minor, and with a fix."""
    return gap.priority is Priority.MINOR and bool(gap.fix)


def _whole(answer: IntakeAnswer, best: IntakeAnswer) -> Iterator[Grade]:
    """What an answer says of itself as a whole, beside the ideal."""

    def listed(areas: tuple[str, ...]) -> str:
        return ", ".join(areas) or "none"

    rows = (
        ("redesign", "Redesign", listed(answer.redesign), listed(best.redesign)),
        ("schema_change", "Schema change", _yes(answer.schema_change), _yes(best.schema_change)),
        ("trace_ids", "Trace ids", _yes(answer.trace_ids), _yes(best.trace_ids)),
    )
    for name, title, mine, wished in rows:
        comparison: Comparison = "as the ideal" if mine == wished else "red flag"
        yield Grade(
            name=name, title=title, section="whole", answered=mine, ideal=wished, comparison=comparison, gap="",
            effort_days=0,
        )  # fmt: skip


def _yes(value: bool) -> str:
    return "yes" if value else "no"
