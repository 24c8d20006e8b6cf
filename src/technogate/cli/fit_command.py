"""`technogate fit`: the fit check alone, as a table or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from technogate.cli.command_groups import BACKEND_TEAM
from technogate.cli.options import ContractOption, TargetOption, make_console

if TYPE_CHECKING:
    from rich.console import Console

    from technogate.model.fit_check import FitCheck


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Exit codes: 0 the target file fits, 1 the program lacks something that a run would judge, "
        "2 the target file does not fit, or a side does not start.",
        rich_help_panel=BACKEND_TEAM,
    )(fit)


def fit(
    target: TargetOption = "",
    contract: ContractOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Try every part of a target file once.

    It lists what is there, and what is missing with the line to write. Every run does this before its first item; alone
    it takes a few seconds and judges nothing.
    """
    import msgspec

    from technogate.fit.check_fit import check_fit
    from technogate.model.settings import Settings
    from technogate.runner.run_context import load_inputs, withhold_environment

    loaded, described = load_inputs(Settings(target=target, contract=contract), starts=False)
    withhold_environment(described)
    found = check_fit(described, loaded)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        show(make_console(), described.ref.name, found)
    raise typer.Exit(2 if found.target_faults else 0 if found.fits else 1)


def show(console: Console, name: str, fit: FitCheck) -> None:
    """Print what is there, what is missing with the line to write, and whether the target file fits."""
    from technogate.fit.fit_text import conclusion, misfit_lines
    from technogate.util.text import terminal

    console.print(f"{terminal(name)}: found", markup=False)
    for part in fit.found:
        console.print(f"  {part.area:<9} {terminal(part.part)}: {terminal(part.shown)}", markup=False, soft_wrap=True)
    if fit.misfits:
        console.print("missing", markup=False)
    for misfit in fit.misfits:
        first, *more = misfit_lines(misfit)
        console.print(f"  {misfit.area:<9} {terminal(first)}", markup=False, soft_wrap=True)
        for line in more:
            console.print(f"  {'':<9}   {terminal(line)}", markup=False, soft_wrap=True)
    console.print(terminal(conclusion(fit)), markup=False, soft_wrap=True)
