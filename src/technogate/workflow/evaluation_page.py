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
        parts += [*(f"- {markdown_text(problem)}" for problem in evaluation.problems), ""]
    parts += ["## Completeness\n"]
    sections = [row(section.title, str(section.complete), str(section.required)) for section in evaluation.sections]
    parts += [*table("section | complete: | required:", *sections), "## Criteria\n"]
    parts += ["The first rule that applies decides. The strictest rules come first.\n", *_criteria(evaluation)]
    if evaluation.grades:
        parts += ["## Comparison with the ideal\n", *_grades(evaluation)]
    if evaluation.gaps:
        parts += [f"## Gaps ({len(evaluation.gaps)})\n", *_gaps(evaluation)]
    return page(parts)


def _summary(evaluation: Evaluation) -> Iterator[str]:
    rule = evaluation.rule
    critical = sum(gap.priority is Priority.CRITICAL for gap in evaluation.gaps)
    flags = sum(criterion.red_flag and criterion.applies is True for criterion in evaluation.criteria)
    # The gaps of an incomplete answer are not known.
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
    others = [
        criterion for criterion in evaluation.criteria if criterion.applies and criterion.decision is not rule.decision
    ]
    if others:
        named = ", ".join(f"{criterion.id} ({criterion.decision.value})" for criterion in others)
        yield f"{named} {'applies' if len(others) == 1 else 'apply'} too; the stricter rule wins.\n"


def _signature(evaluation: Evaluation) -> str:
    if evaluation.confirmed_by:
        return f"by **{markdown_text(evaluation.confirmed_by)}**, {evaluation.confirmed_at}"
    return "**not yet**: a person confirms the decision with `technogate evaluate FILE --confirmed-by NAME`"


def _criteria(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "rule | leads to | when | observed | applies",
        *(
            row(
                criterion.id,
                criterion.decision.value,
                criterion.text + (" (red flag)" if criterion.red_flag else ""),
                markdown_text(criterion.observed),
                _APPLIES[criterion.applies],
            )
            for criterion in evaluation.criteria
        ),
    )


def _grades(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "what | answered | ideal | comparison | gap | days:",
        *(
            row(
                markdown_text(grade.title),
                grade.answered,
                grade.ideal,
                grade.comparison if grade.comparison == "as the ideal" else f"**{grade.comparison}**",
                markdown_text(grade.gap),
                f"{grade.effort_days:g}" if grade.section != "whole" else "",
            )
            for grade in evaluation.grades
        ),
    )


def _gaps(evaluation: Evaluation) -> Iterator[str]:
    yield from table(
        "concerns | priority | what | fix | note",
        *(
            row(
                markdown_text(gap.concerns),
                gap.priority.value,
                markdown_text(gap.what),
                markdown_text(gap.fix) or "none given",
                gap.note,
            )
            for gap in evaluation.gaps
        ),
    )
