"""What the commands of the workflow do: read files, write files, print a line for each, return an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from technogate.contract.loader import Contract
from technogate.journal.journal_file import read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.verdict import VerdictDocument
from technogate.report import html, status_page
from technogate.report.project_progress import ProjectProgress
from technogate.report.verdict_json import encode
from technogate.report.write_all import evidence_in
from technogate.util.phrases import many
from technogate.util.text import terminal
from technogate.workflow import evaluation as grading
from technogate.workflow import gaps, gaps_page, intake, integration_spec, phases, project_files
from technogate.workflow.evaluation_page import markdown as evaluation_page
from technogate.workflow.intake_answer_file import read_answer


def write_prompt(contract: Contract, project: Path) -> None:
    """Write the prompt to the backend team into the project's folder."""
    _write(project / intake.PROMPT, intake.prompt(contract))


def write_template(contract: Contract, project: Path) -> None:
    """Write the answer to fill in; raises UserError when there is one already."""
    path = project / intake.TEMPLATE
    if path.exists():
        raise UserError(f"{path} already exists; move it away, or name another folder with --project")
    _write(path, intake.template(contract))


def write_ideal(contract: Contract, project: Path) -> None:
    """Write the ideal answer."""
    _write(project / intake.IDEAL, intake.ideal(contract))


def check_answer(file: Path, contract: Contract) -> int:
    """Print what is missing in an answer, line by line; 0 when it is complete, else 1."""
    problems = read_answer(project_files.read(file), contract).problems
    _print(*(f"{file}: {problem.text}" for problem in problems))
    _print(f"{many(len(problems), 'thing')} to fill in" if problems else f"{file} is complete")
    return 1 if problems else 0


def evaluate_answer(file: Path, contract: Contract, project: Path, confirmed_by: str | None) -> int:
    """Grade an answer and write the evaluation as Markdown and JSON; the exit code of its decision.

    `confirmed_by` is the name of the person who confirms the decision, None for nobody. Raises UserError for an
    empty name, and for a file that holds no answer.
    """
    if confirmed_by is not None and not confirmed_by.strip():
        raise UserError("--confirmed-by needs the name of the person who confirms the decision")
    now = datetime.now(UTC)
    evaluation = grading.evaluate(read_answer(project_files.read(file), contract), contract, f"{now:%Y-%m-%d}")
    path = project_files.evaluation_path(project, evaluation.date)
    earlier = project_files.decoded(path, grading.Evaluation)
    if confirmed_by is not None:
        evaluation = grading.confirmed(evaluation, confirmed_by.strip(), f"{now:%Y-%m-%d %H:%M:%S UTC}")
    elif earlier and grading.confirmed(earlier, "", "") == evaluation:
        # A confirmation stays valid as long as the evaluation is the one that was confirmed.
        evaluation = earlier
    _write(path.with_suffix(".md"), evaluation_page(evaluation, contract))
    _write(path, encode(evaluation))
    rule = evaluation.rule
    _print(f"{evaluation.decision.value}: rule {evaluation.decided_by}: {rule.text} ({rule.observed})")
    if evaluation.confirmed_by:
        _print(f"confirmed by {evaluation.confirmed_by}, {evaluation.confirmed_at}")
    else:
        _print("not confirmed yet: a person confirms the decision with --confirmed-by NAME")
    return grading.EXIT_CODES[evaluation.decision]


def write_specification(contract: Contract, project: Path) -> None:
    """Write the integration specification."""
    text = integration_spec.specification(contract, project_files.composition())
    _write(project / integration_spec.NAME, text)


def list_gaps(journal: Path | None, contract: Contract, contract_option: str, project: Path, reports: Path) -> int:
    """List the gaps that a run (or, without a journal, the latest evaluation) shows; 0 when none is open, else 1.

    Raises UserError when there is neither a journal nor an evaluation, or when they prove nothing.
    """
    history = project_files.history_of(project)
    document: VerdictDocument | None = None
    judged: dict[Path, project_files.Judged] = {}
    if journal is not None:
        recorded = read_journal(journal)
        document = judge(recorded)
        if journal.name == project_files.JOURNAL:
            judged[journal.parent] = (recorded, document)
        history = gaps.from_run(recorded, document, contract, history)
    elif evaluation := project_files.latest_evaluation(project):
        history = gaps.from_evaluation(evaluation, contract, history)
    else:
        raise UserError("there is neither a journal nor an evaluation; name the JOURNAL, or evaluate an answer")
    source = gaps_page.Source(contract=contract, document=document, contract_option=contract_option)
    _write(project / gaps.NAME, gaps_page.markdown(history, source))
    _write(project / gaps.HISTORY, encode(history))
    _publish(project, reports, contract, judged)
    run = history.runs[-1]
    still_open = len(run.open) - len(run.new)
    _print(f"{len(run.open)} open: {len(run.new)} new, {still_open} still open; {len(run.closed)} closed")
    if run.problem:
        _print(f"this run could close no gap: {run.problem}")
    return 1 if run.open or run.problem else 0


def show_status(contract: Contract, project: Path, reports: Path) -> None:
    """Print the six phases and write them as a page."""
    progress = _publish(project, reports, contract, {})
    _print("", *_lines_of(progress))


def _publish(
    project: Path, reports: Path, contract: Contract, judged: Mapping[Path, project_files.Judged]
) -> ProjectProgress:
    """Write the status page, and add the project's progress to the HTML report of its validation.

    `judged` holds runs that are judged already, by folder: their reports are written as well.
    """
    validation = judged.get(reports) or project_files.journal_in(reports)
    documents = project_files.found_in(project, reports, validation, contract)
    progress = phases.progress_of(documents, contract)
    _write(project / status_page.NAME, status_page.status_page(progress))
    for folder, run in {reports: validation, **judged}.items():
        if isinstance(run, tuple):
            _write(folder / html.NAME, html.page(*run, progress, evidence_in(folder)))
    return progress


def _lines_of(progress: ProjectProgress) -> Iterable[str]:
    """The phases as lines of a terminal."""
    for phase in progress.phases:
        yield f" {phase.number} {phase.title:<15} {phase.state:<8} {phase.evidence}"
        if phase.state == "next" and phase.command:
            yield f"{'':27}{phase.command}"
    if progress.steps:
        last = progress.steps[-1]
        yield ""
        yield f" gaps: {' → '.join(str(step.open) for step in progress.steps[-12:])} open, run after run"
        yield f"       {last.critical} critical, {last.unproven} unproven, {last.minor} minor; {last.closed} closed"


def _write(path: Path, text: str) -> None:
    _print(f"wrote {project_files.write(path, text)}")


def _print(*lines: str) -> None:
    """Print lines; what the encoding of the output lacks is written as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        sys.stdout.write(terminal(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
