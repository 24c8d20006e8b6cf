"""The commands of the workflow: read files, call, write files, return an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.options import ContractOption
from technogate.contract.loader import Contract
from technogate.journal.journal_file import read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.verdict import VerdictDocument
from technogate.report import html
from technogate.report import status_page as status_writer
from technogate.report.project_progress import ProjectProgress
from technogate.report.verdict_json import encode
from technogate.runner.run_context import contract_or_default
from technogate.util.text import terminal
from technogate.workflow import evaluation as grading
from technogate.workflow import gaps as listing
from technogate.workflow import gaps_page, phases, project_files
from technogate.workflow import intake as asking
from technogate.workflow import integration_spec as specifying
from technogate.workflow.evaluation_page import markdown as evaluation_page
from technogate.workflow.intake_answer_file import read_answer

ProjectOption = Annotated[Path, typer.Option("--project", help="folder of the project's documents")]
ValidationOption = Annotated[
    Path | None,
    typer.Option(
        "--reports", envvar="TECHNOGATE_REPORTS", help="folder of the validation [default: reports in the project]"
    ),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="the filled-in answer")]

intake = typer.Typer(help="Phase 1: the questions to the backend team, and their answer.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(intake, name="intake")
    app.command(epilog="Exit codes: 0 GO, 1 HOLD, 2 usage, 4 CAUTION. A person confirms the decision.")(evaluate)
    app.command()(spec)
    app.command(epilog="Exit codes: 0 no gap is open, 1 one is, 2 usage.")(gaps)
    app.command("status")(show_status)


@intake.command("prompt")
def intake_prompt(contract: ContractOption = "", project_folder: ProjectOption = Path()) -> None:
    """Write the prompt to the backend team."""
    _write(project_folder / asking.PROMPT, asking.prompt(_contract(contract)))


@intake.command("template")
def intake_template(contract: ContractOption = "", project_folder: ProjectOption = Path()) -> None:
    """Write the answer as a file to fill in; one that is there already is left alone."""
    path = project_folder / asking.TEMPLATE
    if path.exists():
        raise UserError(f"{path} is there already; move it away, or name another folder with --project")
    _write(path, asking.template(_contract(contract)))


@intake.command("ideal")
def intake_ideal(contract: ContractOption = "", project_folder: ProjectOption = Path()) -> None:
    """Write the answer that would need no work, to read before the real one."""
    _write(project_folder / asking.IDEAL, asking.ideal(_contract(contract)))


@intake.command("check", epilog="Exit codes: 0 complete, 1 something is to fill in, 2 usage, or no answer at all.")
def intake_check(file: FileArgument, contract: ContractOption = "") -> None:
    """Say what an answer lacks, line by line."""
    problems = read_answer(project_files.read(file), _contract(contract)).problems
    _say(*(f"{file}: {one.text}" for one in problems))
    many = f"{len(problems)} thing{'' if len(problems) == 1 else 's'} to fill in"
    _say(many if problems else f"{file} is complete")
    raise typer.Exit(1 if problems else 0)


def evaluate(
    file: FileArgument,
    contract: ContractOption = "",
    project_folder: ProjectOption = Path(),
    confirmed_by: Annotated[
        str | None, typer.Option("--confirmed-by", metavar="NAME", help="you, when you confirm the decision")
    ] = None,
) -> None:
    """Phase 2: grade an answer by the rubric: GO, CAUTION or HOLD."""
    if confirmed_by is not None and not confirmed_by.strip():
        raise UserError("--confirmed-by takes the name of the person who confirms the decision")
    loaded, now = _contract(contract), datetime.now(UTC)
    found = grading.evaluate(read_answer(project_files.read(file), loaded), loaded, f"{now:%Y-%m-%d}")
    path = project_files.evaluation_path(project_folder, found.date)
    before = project_files.decoded(path, grading.Evaluation)
    if confirmed_by is not None:
        found = grading.confirmed(found, confirmed_by.strip(), f"{now:%Y-%m-%d %H:%M:%S UTC}")
    elif before and grading.confirmed(before, "", "") == found:
        # What a person has confirmed, and has not changed since, stays confirmed.
        found = before
    _write(path.with_suffix(".md"), evaluation_page(found, loaded))
    _write(path, encode(found))
    _say(f"{found.decision.value}: rule {found.decided_by}: {found.rule.text} ({found.rule.observed})")
    signature = f"confirmed by {found.confirmed_by}, {found.confirmed_at}"
    _say(signature if found.confirmed_by else "confirmed by nobody yet: a person decides to go on, with --confirmed-by")
    raise typer.Exit(grading.EXIT_CODES[found.decision])


def spec(contract: ContractOption = "", project_folder: ProjectOption = Path()) -> None:
    """Phase 3: write the integration specification."""
    text = specifying.specification(_contract(contract), project_files.composition())
    _write(project_folder / specifying.NAME, text)


def gaps(
    journal: Annotated[Path | None, typer.Argument(help="[default: the latest evaluation]")] = None,
    contract: ContractOption = "",
    project_folder: ProjectOption = Path(),
    reports: ValidationOption = None,
) -> None:
    """Phase 4: list what the backend still owes, and how that is accepted."""
    loaded, history = _contract(contract), project_files.history_of(project_folder)
    document: VerdictDocument | None = None
    known: dict[Path, project_files.Judged] = {}
    if journal is not None:
        read = read_journal(journal)
        document = judge(read)
        if journal.name == project_files.JOURNAL:
            known[journal.parent] = (read, document)
        history = listing.from_run(read, document, loaded, history)
    elif found := project_files.latest_evaluation(project_folder):
        history = listing.from_evaluation(found, loaded, history)
    else:
        raise UserError("there is neither a journal nor an evaluation; name the JOURNAL, or evaluate an answer")
    source = gaps_page.Source(contract=loaded, document=document, contract_option=contract)
    _write(project_folder / listing.NAME, gaps_page.markdown(history, source))
    _write(project_folder / listing.HISTORY, encode(history))
    _publish(project_folder, reports or project_folder / "reports", loaded, known)
    run = history.runs[-1]
    still = len(run.open) - len(run.new)
    _say(f"{len(run.open)} open: {len(run.new)} new, {still} still open; {len(run.closed)} closed")
    raise typer.Exit(1 if run.open else 0)


def show_status(
    contract: ContractOption = "", project_folder: ProjectOption = Path(), reports: ValidationOption = None
) -> None:
    """Show the six phases, each with its evidence."""
    progress = _publish(project_folder, reports or project_folder / "reports", _contract(contract), {})
    _say("", *_screen(progress))


def _publish(
    folder: Path, reports: Path, contract: Contract, known: Mapping[Path, project_files.Judged]
) -> ProjectProgress:
    """Write the page of the project, and the reports of its validation with the project in them.

    `known` holds, by folder, runs that are judged already: theirs are written as well.
    """
    judged = known.get(reports) or project_files.journal_in(reports)
    found = project_files.found_in(folder, reports, judged, contract)
    progress = phases.progress_of(found, contract)
    _write(folder / status_writer.NAME, status_writer.status_page(progress))
    for place, run in {reports: judged, **known}.items():
        if isinstance(run, tuple):
            _write(place / html.NAME, html.page(*run, progress))
    return progress


def _screen(progress: ProjectProgress) -> Iterable[str]:
    """The phases as lines of a terminal."""
    for one in progress.phases:
        yield f" {one.number} {one.title:<15} {one.state:<8} {one.evidence}"
        if one.state == "next" and one.command:
            yield f"{'':27}{one.command}"
    if progress.steps:
        last = progress.steps[-1]
        yield ""
        yield f" gaps: {' → '.join(str(one.open) for one in progress.steps[-12:])} open, run after run"
        yield f"       {last.critical} critical, {last.unproven} unproven, {last.minor} minor; {last.closed} closed"


def _contract(given: str) -> Contract:
    return contract_or_default(given)


def _write(path: Path, text: str) -> None:
    _say(f"wrote {project_files.write(path, text)}")


def _say(*lines: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        sys.stdout.write(terminal(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
