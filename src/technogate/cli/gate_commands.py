"""The commands about the contract and the gate itself: `requirements`, `explain`, `doctor` and `score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import CONSOLE_LEAD, GATE
from technogate.cli.options import (
    ContractOption,
    ReportsOption,
    SelectionArgument,
    WorkersOption,
    load_contract,
    make_console,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(rich_help_panel=CONSOLE_LEAD)(explain)
    app.command(rich_help_panel=CONSOLE_LEAD)(requirements)
    app.command(
        epilog="Exit codes: 0 nothing required is missing, 1 something required is missing.", rich_help_panel=GATE
    )(doctor)
    app.command(
        short_help="Run the mutation score over the mutants and the reference.",
        epilog="Exit codes: 0 PASS, 1 FAIL (a mutant survived, a false positive, an unproven MUST), 2 usage, "
        "3 INCONCLUSIVE (not every mutant and the reference judged).",
        rich_help_panel=GATE,
    )(mutants)


def explain(
    requirement: Annotated[str, typer.Argument(help="requirement, family, group or party, such as AUT-01")],
    contract: ContractOption = "",
) -> None:
    """Explain a requirement: its text, decisions and checks."""
    from technogate.cli.explain import explanation
    from technogate.contract.selection import select

    loaded, console = load_contract(contract), make_console()
    for requirement_id in select(loaded, [requirement]):
        console.print(explanation(loaded, requirement_id), markup=False, soft_wrap=True)


def requirements(selection: SelectionArgument = None, contract: ContractOption = "") -> None:
    """List the requirements, each with its number of checks."""
    from technogate.cli.explain import coverage_table
    from technogate.contract.selection import select

    loaded = load_contract(contract)
    make_console().print(coverage_table(loaded, select(loaded, selection or [])))


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="try to install Chromium if it is missing")] = False,
) -> None:
    """Report what this machine lacks, and how to get it."""
    from technogate.cli.doctor import examine, repair

    console = make_console()
    if fix:
        repair(console)
    raise typer.Exit(0 if examine(console) else 1)


def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="mutants to run [default: all, and the reference]")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--mutants", help="folder of the mutants [default: the shipped mutants]"),
    ] = None,
    reports: ReportsOption = Path("reports"),
    workers: WorkersOption = None,
) -> None:
    """Run the mutation score: every mutant must fail, the reference must pass."""
    from technogate.mutation.run_mutants import run_mutants

    raise typer.Exit(run_mutants(names or [], folder, reports, workers, make_console()))
