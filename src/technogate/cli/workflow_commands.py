"""The commands of the workflow around the gate: `intake`, `evaluate`, `spec`, `gaps` and `status`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import WORKFLOW
from technogate.cli.options import ContractOption, load_contract

ProjectOption = Annotated[Path, typer.Option("--project", help="folder of the project's documents")]
ValidationOption = Annotated[
    Path | None,
    typer.Option(
        "--reports",
        envvar="TECHNOGATE_REPORTS",
        help="reports folder of the validation [default: `reports` in the project folder]",
    ),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="the filled-in INTAKE_ANSWER.md")]

intake = typer.Typer(help="Phase 1: questions to the backend team and their answer.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(intake, name="intake", rich_help_panel=WORKFLOW)
    app.command(
        epilog="Exit codes: 0 GO, 1 HOLD, 2 usage or configuration error, 4 CAUTION. A person confirms the decision.",
        rich_help_panel=WORKFLOW,
    )(evaluate)
    app.command(rich_help_panel=WORKFLOW)(spec)
    app.command(
        epilog="Exit codes: 0 no gap is open, 1 a gap is open, 2 usage or configuration error.",
        rich_help_panel=WORKFLOW,
    )(gaps)
    app.command(rich_help_panel=WORKFLOW)(status)


@intake.command("prompt")
def intake_prompt(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the prompt to send to the backend team."""
    from technogate.workflow.phase_commands import write_prompt

    write_prompt(load_contract(contract), project)


@intake.command("template")
def intake_template(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the answer to fill in; never overwrite one."""
    from technogate.workflow.phase_commands import write_template

    write_template(load_contract(contract), project)


@intake.command("ideal")
def intake_ideal(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the ideal answer, to compare with the real one."""
    from technogate.workflow.phase_commands import write_ideal

    write_ideal(load_contract(contract), project)


@intake.command(
    "check",
    epilog="Exit codes: 0 complete, 1 something is missing, 2 usage or configuration error, or no answer in the file.",
)
def intake_check(file: FileArgument, contract: ContractOption = "") -> None:
    """List what is missing in an answer, line by line."""
    from technogate.workflow.phase_commands import check_answer

    raise typer.Exit(check_answer(file, load_contract(contract)))


def evaluate(
    file: FileArgument,
    contract: ContractOption = "",
    project: ProjectOption = Path(),
    confirmed_by: Annotated[
        str | None, typer.Option("--confirmed-by", metavar="NAME", help="your name, to confirm the decision")
    ] = None,
) -> None:
    """Phase 2: grade an answer by the rubric: GO, CAUTION or HOLD."""
    from technogate.workflow.phase_commands import evaluate_answer

    raise typer.Exit(evaluate_answer(file, load_contract(contract), project, confirmed_by))


def spec(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Phase 3: write the integration specification."""
    from technogate.workflow.phase_commands import write_specification

    write_specification(load_contract(contract), project)


def gaps(
    journal: Annotated[
        Path | None, typer.Argument(help="journal of a validation or a check [default: the latest evaluation]")
    ] = None,
    contract: ContractOption = "",
    project: ProjectOption = Path(),
    reports: ValidationOption = None,
) -> None:
    """Phase 4: list the open gaps and how to close each one."""
    from technogate.workflow.phase_commands import list_gaps

    loaded = load_contract(contract)
    raise typer.Exit(list_gaps(journal, loaded, contract, project, reports or project / "reports"))


def status(contract: ContractOption = "", project: ProjectOption = Path(), reports: ValidationOption = None) -> None:
    """Show the six phases, each with its evidence."""
    from technogate.workflow.phase_commands import show_status

    show_status(load_contract(contract), project, reports or project / "reports")
