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
        epilog="Exit codes: 0 complete, 1 a survivor, a false alarm, an unproven MUST, 2 usage, 3 not all was judged.",
        rich_help_panel=GATE,
    )(score)


def explain(
    requirement: Annotated[str, typer.Argument(help="requirement, family, group or party, such as AUT-01")],
    contract: ContractOption = "",
) -> None:
    """Explain a requirement: its text, decisions and checks."""
    from technogate.cli.explain import explanation
    from technogate.contract.selection import select
    from technogate.util.shipped import find_home

    loaded, home, console = load_contract(contract), find_home(), make_console()
    for requirement_id in select(loaded, [requirement]):
        console.print(explanation(loaded, home, requirement_id), markup=False, soft_wrap=True)


def requirements(selection: SelectionArgument = None, contract: ContractOption = "") -> None:
    """List the requirements, each with its number of checks."""
    from technogate.cli.explain import coverage_table
    from technogate.contract.selection import select
    from technogate.util.shipped import find_home

    loaded = load_contract(contract)
    make_console().print(coverage_table(loaded, find_home(), select(loaded, selection or [])))


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="try to install Chromium if it is missing")] = False,
) -> None:
    """Report what this machine lacks, and how to get it."""
    from technogate.cli.doctor import examine, repair

    console = make_console()
    if fix:
        repair(console)
    raise typer.Exit(0 if examine(console) else 1)


def score(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="mutants [default: all]")] = None,
    mutants: Annotated[
        Path | None,
        typer.Option("--mutants", help="folder of the mutants [default: the mutants shipped]"),
    ] = None,
    reports: ReportsOption = Path("reports"),
    workers: WorkersOption = None,
) -> None:
    """Judge programs that are wrong on purpose, and the reference: what the gate sees, and whether it errs."""
    from technogate.mutation.score_run import score_all

    raise typer.Exit(score_all(names or [], mutants, reports, workers, make_console()))
