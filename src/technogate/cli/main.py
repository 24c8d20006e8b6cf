"""The command line: put the commands together, run one, return an exit code. Nothing is decided here."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Annotated

import typer

from technogate import __version__
from technogate.cli import (
    completion_command,
    contract_commands,
    deployment_commands,
    fit_command,
    gate_commands,
    init_command,
    run_commands,
    workflow_commands,
)
from technogate.cli.command_groups import EPILOG, GroupedCommands
from technogate.model.errors import Interrupted, StartError, TargetFileError, UserError
from technogate.model.verdict import ExitCode
from technogate.runner.environment_faults import fault_of, require_folders, show_anything
from technogate.util.garbage_collector import ignore_existing_objects
from technogate.util.shipped import ShippedDataError
from technogate.util.text import terminal, terminal_lines

#: Variables that an earlier version obeyed, and the options that say the same: none may choose what is judged.
CHOOSING = {
    "TECHNOGATE_CONTRACT": "--contract",
    "TECHNOGATE_TARGET": "--target",
    "TECHNOGATE_PROFILE": "--profile",
}

#: The variable by which click would complete a command line in place of running it.
COMPLETING = "_TECHNOGATE_COMPLETE"

app = typer.Typer(
    name="technogate",
    add_completion=False,
    cls=GroupedCommands,
    help="Test the Techno OS console and its backend against their contract.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for commands in (
    run_commands,
    init_command,
    fit_command,
    gate_commands,
    deployment_commands,
    workflow_commands,
    contract_commands,
    completion_command,
):
    commands.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"technogate {__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


#: The exit code that typer gives to Ctrl-C, without a message.
CTRL_C = 130


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    os.environ.pop(COMPLETING, None)
    show_anything((sys.stdout, sys.stderr))
    code = _guarded(_command)
    # A garbage collection at exit walks through the whole run and takes a third of a second.
    ignore_existing_objects()
    sys.exit(code)


def _command() -> None:
    """Run the command line; raises UserError for a variable that would choose what is judged."""
    require_folders()
    for name, option in CHOOSING.items():
        if os.environ.get(name):
            raise UserError(f"{name} is set, and no variable chooses what is judged; unset it and write {option}")
    app(prog_name="technogate")


def _mistakes() -> tuple[type[Exception], ...]:
    """The exceptions that report a mistake of the user's in one line.

    They are imported when something was raised, because their modules are too heavy for `--version`.
    """
    from technogate.contract.loader import ContractError
    from technogate.journal.journal_file import JournalError

    return (UserError, ContractError, ShippedDataError, JournalError)


def _guarded(command: Callable[[], object]) -> int:
    """Turn what a command raises into a line and an exit code; no stack trace reaches a user."""
    try:
        command()
    except SystemExit as end:
        return _code(end)
    except StartError as mistake:
        _complain(mistake, mistake.output)
        return int(ExitCode.USAGE)
    except TargetFileError as mistake:
        _complain(mistake, "\n".join(mistake.mistakes[1:]))
        return int(ExitCode.USAGE)
    except Interrupted as stop:
        sys.stderr.write(f"technogate: interrupted: {stop}\n")
        return int(ExitCode.INCONCLUSIVE)
    except KeyboardInterrupt:
        sys.stderr.write("technogate: interrupted\n")
        return int(ExitCode.INCONCLUSIVE)
    except Exception as error:  # noqa: BLE001 - the outermost border: a crash of the gate is never a verdict
        # Without memory nothing more can be imported.
        if not isinstance(error, MemoryError) and isinstance(error, _mistakes()):
            _complain(error, "")
            return int(ExitCode.USAGE)
        return _crashed(error)
    # A command that returned without an exit code has proven nothing.
    return int(ExitCode.INCONCLUSIVE)


def _crashed(error: Exception) -> int:
    """Report a crash of the gate itself: one line for the user, the stack trace in a file.

    What the environment lacks is no crash: the line says what it is.
    """
    if fault := fault_of(error):
        sys.stderr.write(f"technogate: INCONCLUSIVE: {terminal(fault)}\n")
        return int(ExitCode.INCONCLUSIVE)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="technogate-crash-", suffix=".log", delete=False
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    message = f"technogate itself crashed ({type(error).__name__}: {error}); the stack trace is in {file.name}"
    sys.stderr.write(f"technogate: INCONCLUSIVE: {terminal(message)}\n")
    return int(ExitCode.INCONCLUSIVE)


def _code(end: SystemExit) -> int:
    """The exit code of a finished command; anything but a known number is INCONCLUSIVE."""
    if end.code == CTRL_C:
        sys.stderr.write("technogate: interrupted\n")
    return end.code if isinstance(end.code, int) and end.code != CTRL_C else int(ExitCode.INCONCLUSIVE)


def _complain(mistake: Exception, details: str) -> None:
    """One line for the mistake, then the last output of the program that died."""
    sys.stderr.write(f"technogate: {terminal(str(mistake))}\n")
    if details:
        sys.stderr.write(terminal_lines(details) + "\n")
