"""The mistakes that the person at the keyboard can mend.

Each is one line that names what is wrong and the hint. The command line prints it and ends with
exit code 2; nothing else in the gate catches these to carry on.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake that the user can mend; the text is one line with a hint."""


class UnknownTarget(UserError):  # noqa: N818 - a mistake, not a crash: named by what is wrong
    """The word after `--target` names nothing that the gate can judge."""


class TargetFileError(UserError):
    """A target file cannot be read or has mistakes.

    The text is the first mistake; `mistakes` holds all that were found, one line each.
    """

    def __init__(self, *mistakes: str) -> None:
        super().__init__(mistakes[0])
        self.mistakes = mistakes


class PortTaken(UserError):  # noqa: N818 - a mistake, not a crash: named by what is wrong
    """A port that a program under test must have is in use by another."""


class StartError(UserError):
    """A program under test did not start, or one that should run does not answer.

    `program` is its name, `command` the command line as shown to a person ("" for a program that the
    gate did not start), `exit_code` its exit code (None when it still ran, or is not ours), `output`
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


class Interrupted(Exception):  # noqa: N818 - what happened, and nobody's mistake
    """The person, or the system, stopped a run before there was anything to judge; the text says so."""
