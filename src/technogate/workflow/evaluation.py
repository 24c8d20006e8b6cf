"""Phase 2: an answer, graded by the rubric and compared with the ideal. Pure; a person confirms the decision."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from technogate.contract import Contract
from technogate.text import markdown_text
from technogate.workflow.answer import Answer, Entry, Priority, Reading, State, read_answer
from technogate.workflow.facts import LAYERS, about, page, row
from technogate.workflow.intake import ideal
from technogate.workflow.rubric import DAYS_A_WEEK, Decision, Measured, applied

#: GO, CAUTION and HOLD as a shell sees them.
EXIT_CODES = {Decision.GO: 0, Decision.CAUTION: 4, Decision.HOLD: 1}


class _Doc(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the evaluation document."""


class Grade(_Doc, frozen=True):
    """A layer or an endpoint: its state, and how it stands to the ideal."""

    name: str
    title: str
    section: str
    state: str
    comparison: str
    gap: str
    effort_days: float


class AppliedRule(_Doc, frozen=True):
    """A rule that applied."""

    id: str
    text: str
    decision: Decision
    red_flag: bool


class OpenGap(_Doc, frozen=True):
    """A gap that counts; `listed` is false for one that the answer shows and does not list."""

    concerns: str
    priority: Priority
    what: str
    fix: str
    listed: bool


class Evaluation(_Doc, frozen=True):
    """The whole evaluation; `confirmed_by` and `confirmed_at` are "" until a person has confirmed it."""

    schema: int
    contract: str
    contract_digest: str
    team: str
    date: str
    decision: Decision
    decided_by: str
    rules: tuple[AppliedRule, ...]
    grades: tuple[Grade, ...]
    gaps: tuple[OpenGap, ...]
    problems: tuple[str, ...]
    weeks: float
    confirmed_by: str
    confirmed_at: str


def evaluate(reading: Reading, contract: Contract, date: str, confirmed_by: str = "", now: str = "") -> Evaluation:
    """Grade an answer; `date` and `now` are the day and the time in UTC, ISO 8601."""
    answer = reading.answer
    gaps = _gaps(answer) if answer else ()
    weeks = _weeks(answer) if answer else 0.0
    rules = applied(_measured(reading, gaps, weeks))
    return Evaluation(
        schema=1,
        contract=contract.id,
        contract_digest=contract.digest,
        team=answer.team if answer else "",
        date=date,
        decision=rules[0].decision,
        decided_by=rules[0].id,
        rules=tuple(AppliedRule(id=r.id, text=r.text, decision=r.decision, red_flag=r.red_flag) for r in rules),
        grades=tuple(_grades(answer, contract, gaps)) if answer else (),
        gaps=gaps,
        problems=tuple(one.text for one in reading.problems),
        weeks=weeks,
        confirmed_by=confirmed_by,
        confirmed_at=now if confirmed_by else "",
    )


def _weeks(answer: Answer) -> float:
    """Weeks of work: what the answer says in all, or the sum of its days when that is more."""
    days = sum(one.effort_days for one in [*answer.layer.values(), *answer.endpoint.values()])
    return max(answer.weeks, days / DAYS_A_WEEK)


def _gaps(answer: Answer) -> tuple[OpenGap, ...]:
    """The gaps listed, and those that the answer shows without listing them."""
    found = [
        OpenGap(concerns=one.concerns, priority=one.priority, what=one.what, fix=one.fix.strip(), listed=True)
        for one in answer.gaps.list
    ]
    named = {one.concerns for one in found}
    for name, entry in {**answer.layer, **answer.endpoint}.items():
        if entry.state is not State.EXISTS and name not in named:
            priority = Priority.CRITICAL if entry.state is State.MISSING else Priority.MINOR
            what = entry.gap.strip() or f"{name} is {entry.state.value}"
            found.append(OpenGap(concerns=name, priority=priority, what=what, fix="", listed=False))
    return tuple(found)


def _measured(reading: Reading, gaps: tuple[OpenGap, ...], weeks: float) -> Measured:
    answer = reading.answer
    minor = [one for one in gaps if one.priority is Priority.MINOR]
    return Measured(
        incomplete=sum(not one.detail for one in reading.problems),
        details_missing=sum(one.detail for one in reading.problems),
        critical=len(gaps) - len(minor),
        minor=len(minor),
        minor_without_fix=sum(not one.fix for one in minor),
        weeks=weeks,
        redesigns=len(answer.redesign) if answer else 0,
        schema_change=answer.schema_change if answer else False,
        trace_ids=answer.trace_ids if answer else True,
    )


def _grades(answer: Answer, contract: Contract, gaps: tuple[OpenGap, ...]) -> Iterator[Grade]:
    """Every layer and endpoint beside the ideal."""
    best = read_answer(ideal(contract), contract).answer
    if best is None:
        raise ValueError("the ideal answer is not complete")
    listed = {one.concerns for one in gaps if one.listed and one.fix}
    flags = {"authentication": "authentication", "audit": "audit_log"}
    flagged = {flags[area.value] for area in answer.redesign if area.value in flags}
    endpoints = {one.id: f"{one.method} {one.path}" for one in contract.guarded}
    for section, titles, mine, wished in (
        ("layer", LAYERS, answer.layer, best.layer),
        ("endpoint", endpoints, answer.endpoint, best.endpoint),
    ):
        for name, title in titles.items():
            entry = mine[name]
            yield Grade(
                name=name,
                title=title,
                section=section,
                state=entry.state.value,
                comparison="red flag" if name in flagged else _compared(entry, wished[name], name in listed),
                gap=entry.gap,
                effort_days=entry.effort_days,
            )


def _compared(mine: Entry, wished: Entry, planned: bool) -> str:
    if mine.state is wished.state:
        return "as the ideal"
    return "expected difference" if planned and mine.state is State.PARTIAL else "gap"


def markdown(evaluation: Evaluation, contract: Contract) -> str:
    """The evaluation as a document to send."""
    text = markdown_text
    first = evaluation.rules[0]
    red = sum(one.red_flag for one in evaluation.rules)
    critical = sum(one.priority is Priority.CRITICAL for one in evaluation.gaps)
    signed = "**not confirmed**: a person confirms with `technogate evaluate FILE --confirmed-by NAME`"
    if evaluation.confirmed_by:
        signed = f"confirmed by **{text(evaluation.confirmed_by)}** at {evaluation.confirmed_at}"
    parts = [f"# Evaluation: {evaluation.decision.value}\n", about(contract)]
    parts += [f"- Team: {text(evaluation.team) or 'not named'}", f"- Date: {evaluation.date}"]
    parts += [
        f"- Decided by rule **{first.id}**: {first.text}",
        f"- Decision: {signed}",
        f"- Weeks of work: {evaluation.weeks:g}",
    ]
    parts += [f"- Gaps: {critical} critical, {len(evaluation.gaps) - critical} minor; red flags: {red}\n"]
    parts += ["## Rules that applied\n", row("rule", "leads to", "because", "red flag"), "|---|---|---|---|"]
    parts += [row(one.id, one.decision.value, one.text, "yes" if one.red_flag else "") for one in evaluation.rules]
    if evaluation.problems:
        parts += [f"\n## To fill in ({len(evaluation.problems)})\n", *(f"- {text(one)}" for one in evaluation.problems)]
    if evaluation.grades:
        parts += [
            "\n## Beside the ideal\n",
            row("section", "what", "state", "comparison", "gap", "days"),
            "|---|---|---|---|---|--:|",
        ]
        parts += [
            row(one.section, text(one.title), one.state, one.comparison, text(one.gap), f"{one.effort_days:g}")
            for one in evaluation.grades
        ]
    if evaluation.gaps:
        parts += [
            f"\n## Gaps ({len(evaluation.gaps)})\n",
            row("concerns", "priority", "what", "fix"),
            "|---|---|---|---|",
        ]
        for one in evaluation.gaps:
            fix = text(one.fix) or ("none given" if one.listed else "none given, and not listed as a gap")
            parts.append(row(text(one.concerns), one.priority.value, text(one.what), fix))
    return page(parts)
