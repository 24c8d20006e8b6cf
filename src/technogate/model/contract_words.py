"""The words of a contract: what it calls fields, statuses, headers, parameters and functions.

The gate speaks of a field by its meaning (`status`, `trace_id`); a contract calls it what it likes. What the gate sends
is written with the contract's names (`written`), and what it receives is read into its own (`meaning`).

One process judges under one contract: whoever loads a contract for a run, or judges one, says which (`speak`). Before
that a field has the name of its meaning, and there is no other word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import msgspec

#: What JSON the gate knows the fields of.
Shape = Literal["envelope", "request", "entry", "snapshot"]

#: What a client module is called for.
Part = Literal["execute", "audit", "memory"]


class ContractWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words of one contract.

    `envelope`, `request`, `entry` and `snapshot` have the names of those fields that are not called what they mean;
    `snapshots` is the operation that returns snapshots. `outcomes` has the status of each outcome that a target
    file names commands for. `results` are those of an audit entry, first the one of what was carried out.
    `audit_path` is that of the audit list, `health_path` the public one. `answers` has the statuses of success with
    a body of each operation where they are not 200 alone. `key_prefix` is what stands before the key in its header
    ("Bearer "). A console is configured by `url_variable` and `key_variable` in its environment; `functions` are
    those of a client, by what they are for. `filter_usual` and `limit_usual` are the defaults of the audit query,
    `limit_most` is its largest limit.
    """

    envelope: dict[str, str] = {}
    request: dict[str, str] = {}
    entry: dict[str, str] = {}
    snapshot: dict[str, str] = {}
    snapshots: str = ""
    statuses: tuple[str, ...] = ()
    approved: str = ""
    blocked: str = ""
    outcomes: dict[str, str] = {}
    results: tuple[str, ...] = ()
    audit_path: str = ""
    health_path: str = ""
    answers: dict[str, tuple[int, ...]] = {}
    key_header: str = ""
    key_prefix: str = ""
    trace_header: str = ""
    url_variable: str = ""
    key_variable: str = ""
    functions: dict[str, str] = {}
    filter_parameter: str = ""
    filter_usual: str = ""
    limit_parameter: str = ""
    limit_usual: int = 0
    limit_most: int = 0

    def of(self, shape: Shape) -> Mapping[str, str]:
        """The names of one shape's fields by their meaning."""
        names: Mapping[str, str] = getattr(self, shape)
        return names

    def name(self, shape: Shape, meaning: str) -> str:
        """The name of one field."""
        return self.of(shape).get(meaning, meaning)

    def written(self, shape: Shape, members: Mapping[str, Any]) -> dict[str, Any]:
        """The members as JSON has them; one that the shape does not know keeps its name."""
        names = self.of(shape)
        return {names.get(meaning, meaning): value for meaning, value in members.items()}

    def meaning(self, shape: Shape, members: Mapping[str, Any]) -> dict[str, Any]:
        """The members of JSON by what they mean; a further field keeps its name, unless that is another's meaning."""
        names = self.of(shape)
        if not names:
            return dict(members)
        meanings = {name: meaning for meaning, name in names.items()}
        return {
            meanings.get(name, name): value for name, value in members.items() if name in meanings or name not in names
        }

    def names_of(self, meanings: frozenset[str]) -> frozenset[str]:
        """The names that fields with these meanings have, in whatever shape."""
        shapes: tuple[Shape, ...] = ("envelope", "request", "entry", "snapshot")
        return frozenset(self.name(shape, meaning) for shape in shapes for meaning in meanings)

    def key_in(self, value: str) -> str:
        """The key within the value of its header: what follows the prefix, the whole value where that is missing."""
        prefix = self.key_prefix
        return value[len(prefix) :].strip() if prefix and value.lower().startswith(prefix.lower()) else value

    def credential(self, key: str) -> tuple[tuple[str, str], ...]:
        """The header that carries `key`, none in a contract without a credential."""
        return ((self.key_header, self.key_prefix + key),) if self.key_header else ()

    def answers_of(self, operation: str) -> tuple[int, ...]:
        """The statuses with which an operation answers what it did, and has a body."""
        return self.answers.get(operation, (200,))

    def function(self, part: Part) -> str:
        """The name of the function of a client module that plays this part."""
        return self.functions.get(part, part)

    def part_of(self, function: str) -> Part | None:
        """The part that a function of a client module plays; None for another function."""
        parts: tuple[Part, ...] = ("execute", "audit", "memory")
        return next((part for part in parts if self.function(part) == function), None)


_spoken = ContractWords()


@contextmanager
def speaking(words: ContractWords) -> Iterator[None]:
    """Use the words of one contract meanwhile."""
    before = spoken()
    speak(words)
    try:
        yield
    finally:
        speak(before)


def speak(words: ContractWords) -> None:
    """Use the words of one contract from now on, in this process."""
    global _spoken
    _spoken = words


def spoken() -> ContractWords:
    """The words of the contract that this process judges under."""
    return _spoken
