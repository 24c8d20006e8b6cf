"""The names that fields have in the JSON of a contract, by what they mean.

The gate speaks of fields by their meaning (`status`, `trace_id`); a contract calls them what it likes. What the gate
sends is written with the contract's names (`written`), and what it receives is read into its own (`meaning`).

One process judges under one contract: whoever loads or judges a run says under which (`speak`). Until then, and in a
contract that says nothing else, a field has the name of its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

#: What JSON the gate knows the fields of.
Shape = Literal["envelope", "request", "entry", "snapshot"]


class FieldNames(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By shape, the names of those fields that are not called what they mean; `snapshots` is the operation of those."""

    envelope: dict[str, str] = {}
    request: dict[str, str] = {}
    entry: dict[str, str] = {}
    snapshot: dict[str, str] = {}
    snapshots: str = ""

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
            meanings.get(name, name): value
            for name, value in members.items()
            if name in meanings or name not in names
        }


_spoken = FieldNames()


def speak(names: FieldNames) -> None:
    """Read and write the names of one contract from now on, in this process."""
    global _spoken  # noqa: PLW0603 - what a process judges under is one fact of that process
    _spoken = names


def spoken() -> FieldNames:
    """The names of the contract that this process judges under."""
    return _spoken
