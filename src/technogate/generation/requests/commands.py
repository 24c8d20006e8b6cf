"""Which commands generated requests may hold: those the target names as harmless, and those nobody knows.

A generated command must not hang or crash the backend by accident, and must not be a real command of a
backend that nobody thought of. So a command that the target does not name is made one that nobody has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from technogate.target.spec import Commands

#: No backend has a command that begins so.
NOBODYS = "ZZ"

_TOKEN = re.compile(r"[A-Z_]{3,}")
#: What the target may name, by the status that the command deserves.
_OUTCOMES = ("approved", "warning", "neutral", "expired", "blocked")
_PROVOKING = ("slow", "crashing", "unknown_status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The commands of one target: those that are `usable`, each with its status, and those that `provoke` a failure."""

    statuses: Mapping[str, str]
    provoke: frozenset[str]

    @classmethod
    def of(cls, commands: Commands) -> Words:
        """The commands that a target file names."""
        return cls(
            statuses={word: outcome.upper() for outcome in _OUTCOMES for word in commands.named(outcome)},
            provoke=frozenset(word.upper() for outcome in _PROVOKING for word in commands.named(outcome)),
        )

    @property
    def usable(self) -> tuple[str, ...]:
        """The commands that may be executed."""
        return tuple(self.statuses)

    def tame(self, command: object) -> object:
        """`command`, or one as long that nobody knows when it is a command of unknown effect."""
        if not isinstance(command, str) or command in self.usable or not re.fullmatch(r"[A-Z_]{3,}", command):
            return command
        return NOBODYS + command[len(NOBODYS) :]

    def harmless(self, body: bytes) -> bool:
        """Whether no reading of `body` is a command that provokes a failure, or one of unknown effect."""
        texts = [body.decode("utf-8", "ignore")]
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        command = value.get("command") if isinstance(value, dict) else None
        texts.append(str(command))
        provoked = any(token in self.provoke for text in texts for token in _TOKEN.findall(text.upper()))
        return not provoked and self.tame(command) == command


def unheard_of(command: object) -> bool:
    """Whether `command` is surely known to nobody."""
    return isinstance(command, str) and command.startswith(NOBODYS)
