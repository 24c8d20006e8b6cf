"""The commands for a contract's author: `contract new`, `contract lint` and `contract diff`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import WORKFLOW
from technogate.cli.options import make_console

contract = typer.Typer(help="Write a contract folder, and compare its versions.", no_args_is_help=True)


class Format(StrEnum):
    """What a report is written as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(contract, name="contract", rich_help_panel=WORKFLOW)


@contract.command(
    "diff",
    epilog="Exit codes: 0 no breaking change, or each one is accepted; 1 a breaking change that nothing accepts; "
    "2 usage or configuration error.",
)
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="contract folder of the version before")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="contract folder of the version after")],
    changes: Annotated[
        Path | None,
        typer.Option("--changes", help="file of accepted changes [default: changes.toml in NEW, where there is one]"),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="text, markdown or json")] = Format.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="file to write [default: print it]")] = None,
) -> None:
    """List each change between two versions, who breaks, and by which rule."""
    import time

    from technogate.authoring.diff.change import as_json
    from technogate.authoring.diff.diff_folders import diff_folders
    from technogate.authoring.diff.diff_text import diff_lines, diff_markdown, headline

    found = diff_folders(old, new, changes, time.time())
    if form is Format.TEXT:
        text = "".join(f"{line}\n" for line in diff_lines(found))
    else:
        text = as_json(found) if form is Format.JSON else diff_markdown(found)
    _show(text, out, headline(found))
    raise typer.Exit(found.exit_code)


def _show(text: str, out: Path | None, line: str) -> None:
    """Print the text, or write it to a file and print one line; raises UserError for a file that cannot be written."""
    from technogate.model.errors import UserError
    from technogate.util.text import terminal
    from technogate.util.write_file import write_file

    if out is None:
        make_console().print(text, markup=False, soft_wrap=True, end="")
        return
    try:
        write_file(out, text)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}; correct --out") from error
    make_console().print(terminal(f"{line}: see {out}"), markup=False, soft_wrap=True)


@contract.command(
    "lint",
    epilog="Exit codes: 0 no problem (there may be notes), 1 a problem, 2 usage or configuration error.",
)
def lint(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="contract folder")]) -> None:
    """List what a contract folder lacks or contradicts, line by line."""
    from technogate.authoring.lint.lint_folder import lint_folder
    from technogate.util.phrases import many
    from technogate.util.text import terminal

    problems = lint_folder(folder)
    console = make_console()
    for problem in problems:
        console.print(terminal(f"{folder}/{problem}"), markup=False, soft_wrap=True)
    wrong = sum(not problem.is_note for problem in problems)
    line = f"{many(wrong, 'problem')}, {many(len(problems) - wrong, 'note')}"
    console.print(terminal(f"{folder}: {line}"), markup=False, soft_wrap=True)
    raise typer.Exit(int(wrong > 0))


@contract.command("new", epilog="Exit codes: 0 written, 2 usage or configuration error.")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OpenAPI document of version 3.0 or 3.1, YAML or JSON")],
    out: Annotated[
        Path | None, typer.Option("--out", help="folder to write [default: named after the title and the version]")
    ] = None,
) -> None:
    """Write a contract folder from an OpenAPI document; never overwrite one.

    It has the requirements that fit any contract. What OpenAPI cannot say is assumed, and asked in QUESTIONS.md.
    """
    from technogate.authoring.new.new_folder import new_folder
    from technogate.util.phrases import many
    from technogate.util.text import terminal

    folder, questions = new_folder(file, out)
    console = make_console()
    for question in questions.asked:
        console.print(terminal(f"{folder}/{question}"), markup=False, soft_wrap=True)
    line = f"{folder}: written, with {many(len(questions.asked), 'question')} in QUESTIONS.md"
    console.print(terminal(line), markup=False, soft_wrap=True)
