"""The commands of generated requests: those that the target file names as harmless, and unknown ones.

A generated command must not hang or crash the backend by accident, and must not be a real command that the target
file does not name. So such a command is replaced by one that no backend has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from technogate.model.contract_words import spoken

if TYPE_CHECKING:
    from technogate.target.spec import Commands

#: No backend has a command with this prefix.
UNKNOWN_PREFIX = "ZZ"

_TOKEN = re.compile(r"[A-Z_]{3,}")
#: The keys of a target file that name commands, by expected status.
_OUTCOMES = ("approved", "warning", "neutral", "expired", "blocked")
_PROVOKING = ("slow", "crashing", "unknown_status")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSet:
    """The commands of one target: the `usable` ones with their statuses, and those that `provoke` a failure."""

    statuses: Mapping[str, str]
    provoke: frozenset[str]

    @classmethod
    def of(cls, commands: Commands) -> CommandSet:
        """The commands that a target file names, with the contract's statuses."""
        statuses = spoken().outcomes
        return cls(
            statuses={
                word: status
                for outcome in _OUTCOMES
                if (status := statuses.get(outcome, ""))
                for word in commands.named(outcome)
            },
            provoke=frozenset(word.upper() for outcome in _PROVOKING for word in commands.named(outcome)),
        )

    @property
    def usable(self) -> tuple[str, ...]:
        """The commands that may be executed."""
        return tuple(self.statuses)

    def tame(self, command: object) -> object:
        """`command`, or an unknown one of the same length if its effect is not known."""
        if not isinstance(command, str) or command in self.usable or not re.fullmatch(r"[A-Z_]{3,}", command):
            return command
        return UNKNOWN_PREFIX + command[len(UNKNOWN_PREFIX) :]

    def harmless(self, body: bytes) -> bool:
        """Whether no reading of `body` is a command that provokes a failure, or one of unknown effect."""
        texts = [body.decode("utf-8", "ignore")]
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        command = value.get(spoken().name("request", "command")) if isinstance(value, dict) else None
        texts.append(str(command))
        provoked = any(token in self.provoke for text in texts for token in _TOKEN.findall(text.upper()))
        return not provoked and self.tame(command) == command


def is_unknown(command: object) -> bool:
    """Whether `command` is one that no backend has."""
    return isinstance(command, str) and command.startswith(UNKNOWN_PREFIX)
