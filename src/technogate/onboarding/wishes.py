"""What a user asked `technogate init` for: each side by command, address or file, and what they know already."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from technogate.model.errors import UserError

_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideWish:
    """One side: a command line (leading NAME=VALUE set variables), or the address where it runs; "" for neither.

    `said` is where the command comes from, `others` what the folder shows besides, to be tried where it does not start.
    """

    command: str = ""
    url: str = ""
    cwd: str = "."
    env: dict[str, str] = field(default_factory=dict)
    said: str = "given"
    others: tuple[SideWish, ...] = ()

    @property
    def named(self) -> bool:
        """Whether the user named this side."""
        return bool(self.command or self.url)

    @property
    def choices(self) -> tuple[SideWish, ...]:
        """This side and the others, in the order in which they are tried."""
        return (self, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Everything that the command line named.

    `folder` is that of the target file; `login` names the variables that hold a user and a password for the page.
    """

    folder: Path
    name: str = ""
    backend: SideWish = SideWish()
    console: SideWish = SideWish()
    module: str = ""
    compose: str = ""
    api_key_env: str = ""
    api_url: str = ""
    words: tuple[str, ...] = ()
    ready: str = ""
    openapi: str = ""
    login: tuple[str, ...] = ()


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; raises UserError for another form."""
    found = {}
    for text in texts:
        match = _ASSIGNMENT.match(text)
        if match is None:
            raise UserError(f"{text!r} is not NAME=VALUE: write for example API_KEY={{api_key}}")
        found[match[1]] = match[2]
    return found


def split_command(text: str, option: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables that a command line sets, and its words; raises UserError when it cannot be split."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"{option} cannot be split into words: {str(error).lower()}") from error
    env = {}
    while words and (match := _ASSIGNMENT.match(words[0])) is not None:
        env[match[1]] = match[2]
        words.pop(0)
    if not words:
        raise UserError(f"{option} names no program: write for example 'node server.mjs --port {{port}}'")
    return env, tuple(words)
