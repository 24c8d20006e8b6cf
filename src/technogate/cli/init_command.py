"""The command `init`: write a target file by looking at the programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from technogate.cli.command_groups import CONSOLE_LEAD
from technogate.cli.options import make_console
from technogate.model.errors import UserError
from technogate.model.verdict import ExitCode

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Exit codes: 0 the file was written, 2 usage or configuration error.", rich_help_panel=CONSOLE_LEAD
    )(init)


def init(
    backend_command: Annotated[
        str, typer.Option("--backend-command", help="command that starts the backend; {port} is the port to listen on")
    ] = "",
    backend_url: Annotated[str, typer.Option("--backend-url", help="base URL of a backend that runs already")] = "",
    backend_cwd: Annotated[str, typer.Option("--backend-cwd", help="folder to start it in")] = ".",
    backend_env: Annotated[
        list[str] | None, typer.Option("--backend-env", help="NAME=VALUE for the backend; may be repeated")
    ] = None,
    console_command: Annotated[
        str, typer.Option("--console-command", help="command that starts the console's page")
    ] = "",
    console_url: Annotated[str, typer.Option("--console-url", help="URL of a page that is served already")] = "",
    console_cwd: Annotated[str, typer.Option("--console-cwd", help="folder to start it in")] = ".",
    console_env: Annotated[
        list[str] | None, typer.Option("--console-env", help="NAME=VALUE for the console; may be repeated")
    ] = None,
    module: Annotated[str, typer.Option("--module", help="client module, where there is no page")] = "",
    compose: Annotated[str, typer.Option("--compose", help="compose file of the pair")] = "",
    api_key_env: Annotated[
        str, typer.Option("--api-key-env", help="variable that holds the key of programs that run already")
    ] = "",
    api_url: Annotated[
        str, typer.Option("--api-url", help="address of the backend that a page given by --console-url is built for")
    ] = "",
    login: Annotated[
        str, typer.Option("--login", help="variables with a user and a password for the page: USER_VAR,PASSWORD_VAR")
    ] = "",
    words: Annotated[str, typer.Option("--words", help="commands of the backend, separated by commas")] = "",
    ready: Annotated[str, typer.Option("--ready", help="path of the backend that answers once it is ready")] = "",
    openapi: Annotated[str, typer.Option("--openapi", help="path of the backend's own OpenAPI document")] = "",
    name: Annotated[str, typer.Option("--name", help="what reports call the pair [default: the folder]")] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="file to write")] = Path("technogate.toml"),
    force: Annotated[bool, typer.Option("--force", help="overwrite the file if it exists")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="ask nothing; leave out what nothing shows")] = False,
    no_fit: Annotated[bool, typer.Option("--no-fit", help="do not try the file once it is written")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="take what has evidence without a question")] = False,
) -> None:
    """Write a target file by looking at the programs.

    Starts or reaches them, runs each word that may be a command once, looks where the audit trail grows, and watches
    what the page does. Each line of the file has its evidence beside it; what was not found is listed.
    """
    from technogate.onboarding.initialize import initialize
    from technogate.onboarding.learned import Learned
    from technogate.onboarding.questions import Questions
    from technogate.onboarding.wishes import SideWish, Wishes, assignments
    from technogate.target.environment import variable, withhold

    if out.exists() and not force:
        raise UserError(f"{out} exists already: give --force to overwrite it, or --out for another file")
    console = make_console()

    def tell(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    def read(question: str) -> str:
        return input(question)

    terminal = sys.stdin.isatty() and not no_input
    wishes = Wishes(
        folder=out.resolve().parent,
        name=name,
        backend=SideWish(command=backend_command, url=backend_url, cwd=backend_cwd, env=assignments(backend_env or [])),
        console=SideWish(command=console_command, url=console_url, cwd=console_cwd, env=assignments(console_env or [])),
        module=module,
        compose=compose,
        api_key_env=api_key_env,
        api_url=api_url,
        words=tuple(word.strip() for word in words.split(",") if word.strip()),
        ready=ready,
        openapi=openapi,
        login=tuple(name.strip() for name in login.split(",") if name.strip()),
    )
    learned = Learned(tell=tell)
    # What is started from here on inherits none of the user's secrets.
    withhold(None)
    key = (variable(api_key_env) or "") if api_key_env else ""
    initialize(wishes, out, Questions(read if terminal else None, tell, accept=yes), learned, key)
    console.print(f"written  {out}", markup=False, soft_wrap=True)
    if not no_fit and not compose and "compose" not in learned.tables:
        _try_once(out, console)
    raise typer.Exit(int(ExitCode.PASS))


def _try_once(out: Path, console: Console) -> None:
    """Try every part of the file that was written; what does not fit is shown, and the file stays."""
    from technogate.cli.fit_command import show
    from technogate.fit.check_fit import check_fit
    from technogate.model.settings import Settings
    from technogate.runner.run_context import load_inputs

    try:
        loaded, described = load_inputs(Settings(target=str(out)), starts=False)
        show(console, described.ref.name, check_fit(described, loaded))
    except UserError as error:
        console.print(f"the file was not tried: {error}", markup=False, soft_wrap=True)
