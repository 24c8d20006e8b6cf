"""Ends a run early where the same set-up fails again and again: what it costs each time is not paid for every item."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

#: After so many failures of one kind in a row, items that need the same are not run.
STRIKES = 3

#: What differs from one failure to the next of the same kind: numbers, such as ports and times.
_VARYING = re.compile(r"\d+")


@dataclass(slots=True)
class _Failures:
    """The last failures of one fixture: their kind, how many in a row, and the text of the first."""

    kind: str
    text: str
    times: int = 0


@dataclass(slots=True)
class SetupStrikes:
    """The fixtures of this process that could not be set up, by name, with the driver where one is chosen."""

    _failures: dict[str, _Failures] = field(default_factory=dict)

    def failed(self, fixture: str, text: str) -> None:
        """Note that a fixture could not be set up, and why."""
        kind = _VARYING.sub("…", text)
        known = self._failures.get(fixture)
        if known is None or known.kind != kind:
            known = self._failures[fixture] = _Failures(kind=kind, text=text)
        known.times += 1

    def passed(self, fixture: str) -> None:
        """Note that a fixture was set up: what failed before is over."""
        self._failures.pop(fixture, None)

    def reason(self, fixtures: Collection[str]) -> str:
        """Why an item with these fixtures is not run, "" where it is."""
        for name, known in self._failures.items():
            if known.times >= STRIKES and name in fixtures:
                return f"not run: the same failed {known.times} times before: {known.text}"
        return ""
