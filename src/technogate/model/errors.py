"""User errors.

Each is one line that names what is wrong, with a hint. The command line prints it and ends with exit code 2;
no other code catches these to go on.
"""

from __future__ import annotations


class UserError(Exception):
    """An error that the user can correct; the text is one line with a hint."""


class UnknownTarget(UserError):  # noqa: N818 - a user error, named by what is wrong
    """The argument of `--target` is no target and no file."""


class TargetFileError(UserError):
    """A target file cannot be read or has errors.

    The text is the first error; `mistakes` holds all of them, one line each.
    """

    def __init__(self, *mistakes: str) -> None:
        super().__init__(mistakes[0])
        self.mistakes = mistakes


class PortTaken(UserError):  # noqa: N818 - a user error, named by what is wrong
    """A port that a program under test must have is in use by another."""


class StartError(UserError):
    """A program under test did not start, or one that should run does not respond.

    `program` is its name, `command` the command line as shown to the user ("" for a program that the
    gate did not start), `exit_code` its exit code (None when it still runs, or was not started by the gate), `output`
    the last lines that it wrote. Neither the text nor `output` holds the API key.
    """

    def __init__(
        self, message: str, *, program: str, command: str = "", exit_code: int | None = None, output: str = ""
    ) -> None:
        super().__init__(message)
        self.program = program
        self.command = command
        self.exit_code = exit_code
        self.output = output


class Interrupted(Exception):  # noqa: N818 - named by what happened
    """The user or the system stopped a run before there was anything to judge."""
