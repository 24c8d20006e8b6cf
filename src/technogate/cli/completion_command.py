"""The command `completion`: the script by which a shell completes commands and options.

click would complete whenever a variable is set, in place of the command that was written, and exit with 0. Here a
command of its own does it, and the variable is ignored.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from technogate.cli.command_groups import EPILOG, GATE
from technogate.model.errors import UserError

_BASH = """\
_technogate() {
    local words
    words=$(technogate completion words -- "${COMP_WORDS[@]:1:COMP_CWORD-1}")
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _technogate technogate
"""

#: The script of each shell.
SCRIPTS = {
    "bash": _BASH,
    "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{_BASH}",
    "fish": "complete -c technogate -a '(technogate completion words -- (commandline -opc)[2..-1])'\n",
}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog=EPILOG, rich_help_panel=GATE)(completion)


def completion(
    context: typer.Context,
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish")],
    written: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Print the script by which a shell completes commands.

    For bash, add `eval "$(technogate completion bash)"` to ~/.bashrc.
    """
    if shell == "words":
        sys.stdout.write("\n".join(next_words(context.find_root().command, written or [])) + "\n")
    elif shell in SCRIPTS:
        sys.stdout.write(SCRIPTS[shell])
    else:
        raise UserError(f"there is no completion for {shell!r}; use {', '.join(SCRIPTS)}")


def next_words(program: Any, written: list[str]) -> list[str]:
    """What can follow the words `written` so far: the commands of a group, and the options of the last command."""
    command = program
    for word in written:
        command = getattr(command, "commands", {}).get(word, command)
    commands = [name for name, one in getattr(command, "commands", {}).items() if not one.hidden]
    options = [name for option in command.params for name in option.opts if name.startswith("--")]
    return sorted({*commands, *options})
