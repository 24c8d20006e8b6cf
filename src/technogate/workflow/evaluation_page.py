"""The evaluation as a document to send: `EVALUATION_RESULTS_<date>.md`."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.contract.loader import Contract
from technogate.util.text import markdown_text
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.facts import about, page, row, table
from technogate.workflow.intake_answer import Priority

_APPLIES = {True: "**yes**", False: "no", None: "not known"}


def markdown(evaluation: Evaluation, contract: Contract) -> str:
    """The whole document."""
    parts = [f"# Evaluation: {evaluation.decision.value}\n", about(contract), *_summary(evaluation)]
    if evaluation.problems:
        parts += [f"## To fill in ({len(evaluation.problems)})\n"]
        parts += [*(f"- {markdown_text(one)}" for one in evaluation.problems), ""]
    parts += ["## Completeness\n"]
    sections = [row(one.title, str(one.complete), str(one.asked)) for one in evaluation.sections]
    parts += [*table("section | complete: | asked for:", *sections), "## Criteria\n"]
    parts += ["The first that applies decides: the strictest come first.\n", *_criteria(evaluation)]
    if evaluation.grades:
        parts += ["## Beside the ideal\n", *_grades(evaluation)]
    if evaluation.gaps:
        parts += [f"## Gaps ({len(evaluation.gaps)})\n", *_gaps(evaluation)]
    return page(parts)


def _summary(evaluation: Evaluation) -> Iterator[str]:
    rule = evaluation.rule
    critical = sum(one.priority is Priority.CRITICAL for one in evaluation.gaps)
    flags = sum(one.red_flag and one.applies is True for one in evaluation.criteria)
    # An incomplete answer is not said to have no gap: nobody knows.
    known = evaluation.weeks is not None
    counted = f"{critical} critical, {len(evaluation.gaps) - critical} minor" if known else "not known"
    yield from table(
        "what | result",
        row("Decision", f"**{evaluation.decision.value}**"),
        row("Decided by", f"rule {rule.id}: {rule.text} ({markdown_text(rule.observed)})"),
        row("Confirmed", _signature(evaluation)),
        row("Team", markdown_text(evaluation.team) or "not known"),
        row("Date", evaluation.date),
        row("Weeks of work", f"{evaluation.weeks:g}" if evaluation.weeks is not None else "not known"),
        row("Gaps", counted),
        row("Red flags", str(flags) if known else "not known"),
        row("Answer", f"sha256 `{evaluation.answer_sha256}`"),
    )
    others = [one for one in evaluation.criteria if one.applies and one.decision is not rule.decision]
    if others:
        named = ", ".join(f"{one.id} ({one.decision.value})" for one in others)
        yield f"{named} {'applies' if len(others) == 1 else 'apply'} too: the stricter rule wins.\n"


def _signature(evaluation: Evaluation) -> str:
    if evaluation.confirmed_by:
        return f"by **{markdown_text(evaluation.confirmed_by)}**, {evaluation.confirmed_at}"
    return "**by nobody yet**: a person decides to go on, with `technogate evaluate FILE --confirmed-by NAME`"


def _criteria(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "rule | leads to | when | observed | applies",
        *(
            row(
                one.id,
                one.decision.value,
                one.text + (" (red flag)" if one.red_flag else ""),
                markdown_text(one.observed),
                _APPLIES[one.applies],
            )
            for one in evaluation.criteria
        ),
    )


def _grades(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "what | answered | ideal | comparison | gap | days:",
        *(
            row(
                markdown_text(one.title),
                one.answered,
                one.ideal,
                one.comparison if one.comparison == "as the ideal" else f"**{one.comparison}**",
                markdown_text(one.gap),
                f"{one.effort_days:g}" if one.section != "whole" else "",
            )
            for one in evaluation.grades
        ),
    )


def _gaps(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "concerns | priority | what | fix | note",
        *(
            row(
                markdown_text(one.concerns),
                one.priority.value,
                markdown_text(one.what),
                markdown_text(one.fix) or "none given",
                one.note,
            )
            for one in evaluation.gaps
        ),
    )
