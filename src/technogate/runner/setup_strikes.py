"""Ends a run early where the same set-up fails again and again: what it costs each time is not paid for every item."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

#: After so many failures of one kind, items that need the same are not run.
STRIKES = 3

#: What differs from one failure to the next of the same kind: numbers, such as ports and times.
_VARYING = re.compile(r"\d+")


@dataclass(slots=True)
class _Kind:
    """One kind of failure: how often it came, what all the items with it need, and its first text."""

    needs: frozenset[str]
    text: str
    times: int = 0


@dataclass(slots=True)
class SetupStrikes:
    """What failed in this process while items were set up or driven, by kind.

    An item's needs are its fixtures, and its parameters where they choose what is set up. What an item that passed
    needed too is not to blame.
    """

    _kinds: dict[str, _Kind] = field(default_factory=dict)
    _innocent: set[str] = field(default_factory=set)

    def failed(self, needs: Iterable[str], text: str) -> None:
        """Note that an item with these needs could not be set up, and why."""
        wanted = frozenset(needs)
        kind = self._kinds.setdefault(_VARYING.sub("…", text), _Kind(needs=wanted, text=text))
        kind.needs &= wanted
        kind.times += 1

    def passed(self, needs: Iterable[str]) -> None:
        """Note that an item with these needs was set up and came to a result."""
        self._innocent.update(needs)

    def reason(self, needs: Iterable[str]) -> str:
        """Why an item with these needs is not run, "" where it is."""
        wanted = frozenset(needs)
        for kind in self._kinds.values():
            suspects = kind.needs - self._innocent
            if kind.times >= STRIKES and suspects & wanted:
                return f"not run: the same failed {kind.times} times before: {kind.text}"
        return ""
