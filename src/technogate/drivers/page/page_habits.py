"""How long a page takes, learnt from what it did: a page is waited for as long as it needs, and no longer.

One object may serve several pages of the same console.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from technogate.drivers.page.word_sight import WordSight

#: How long a press is given to have an effect on a page that has not reacted to one since it was loaded, in seconds:
#: its script may not listen yet.
FIRST_EFFECT_S = 2.0

#: How often such a page is pressed before it is taken not to react.
MOST_PRESSES = 4

#: How long a command is given to be let run, until one was, in seconds.
ENABLED_S = 2.0

#: How long a page is given to send a request of its own when it is loaded for the first time, in seconds.
START_S = 3.5

#: How long a changed query is given to be requested by itself: until that is known, and where the page does that.
LOADING_S, KNOWN_LOADING_S = 1.0, 2.0

#: The shortest and the longest time without a change, in milliseconds, after which a region shows all of a response.
SETTLED_MS, MOST_SETTLED_MS = 10.0, 400.0

#: The shortest time in which a command is let run, in seconds.
_SOON_S = 0.05


@dataclass(slots=True, kw_only=True)
class PageHabits:
    """What one console's page needs. Times in seconds, those named `_ms` in milliseconds.

    `start_s` is the time from loading the page until its script listens, None before it was loaded. `enabled_s` is the
    longest time that it took to let a command be run, None before it let one. `by_keys` is whether it listens to keys.
    """

    start_s: float | None = None
    enabled_s: float | None = None
    by_keys: bool = False
    _seen: dict[str, set[str]] = field(default_factory=dict)
    typed: int = 0
    sight: WordSight = field(default_factory=WordSight)
    _effect_ms: float = 0.0
    _late_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    _loads: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _sends_late: bool | None = None

    def effect_s(self, quiet_ms: int) -> float:
        """How long a press is given to have an effect, on a page that has reacted to one."""
        return min(
            FIRST_EFFECT_S, max(quiet_ms, 3 * self._effect_ms + 50 if self._effect_ms > quiet_ms / 4 else 0) / 1000
        )

    def settle_ms(self, region: str) -> dict[str, float]:
        """How long a region is unchanged when it shows all of a response, by the kind of the response that was seen."""
        return {kind: _settled(late) for kind, late in self._late_ms.get(region, {}).items()}

    def parts(self, region: str, parts: dict[str, Any]) -> dict[str, Any]:
        """The parts of a region as shown: one that was there before, and is not now, shows nothing."""
        seen = self._seen.setdefault(region, set())
        seen.update(name for name, shown in parts.items() if shown is not None)
        gone = dict.fromkeys(seen - {"empty", "rows"}, "")
        return {**parts, **{name: text for name, text in gone.items() if parts.get(name) is None}}

    def saw_reaction(self, region: str, state: dict[str, Any]) -> None:
        """Learn from the state after a call that was answered, or that led to a change without a request."""
        if state["effect"] is not None:
            self._effect_ms = max(self._effect_ms, state["effect"])
        if state["touched"]:
            self._saw_late(region, state["kind"], state["late"])

    def saw_late_change(self, region: str, late_ms: float) -> None:
        """Learn that a region changed after it was read. A change much later is another event: a note vanishes."""
        if 0 < late_ms <= MOST_SETTLED_MS:
            for kind in self._late_ms.get(region, {}):
                self._saw_late(region, kind, late_ms)

    def _saw_late(self, region: str, kind: str, late_ms: float) -> None:
        known = self._late_ms.setdefault(region, {})
        known[kind] = max(known.get(kind, 0.0), late_ms)

    @property
    def sending_s(self) -> float:
        """How long a page that has reacted is given to send a command: until one was refused without a request."""
        return 0.0 if self._sends_late is False else FIRST_EFFECT_S

    def saw_unsent(self) -> None:
        """Learn that a command was not sent in that time."""
        self._sends_late = bool(self._sends_late)

    def saw_late_sending(self) -> None:
        """Learn that the page reacts first and sends a command later."""
        self._sends_late = True

    @property
    def enabling_s(self) -> float:
        """How long a command is given to be let run."""
        return ENABLED_S if self.enabled_s is None else min(ENABLED_S, 1.5 * self.enabled_s + _SOON_S)

    def saw_enabled(self, waited_s: float) -> None:
        """Learn that a command was let run after so long."""
        self.enabled_s = max(self.enabled_s or 0.0, waited_s)

    def loading_s(self, entered: Sequence[str]) -> float:
        """How long a query that was entered is given to be requested by itself; 0 where the page does not do that."""
        loads = self._loads.get(tuple(sorted(entered)))
        return LOADING_S if loads is None else KNOWN_LOADING_S if loads else 0.0

    def saw_loading(self, entered: Sequence[str], *, loads: bool) -> None:
        """Learn whether the page requests the list when these fields have changed."""
        self._loads[tuple(sorted(entered))] = loads

    def saw_start(self, seconds: float) -> None:
        """Learn how long after it was loaded the page listens."""
        self.start_s = max(self.start_s or 0.0, seconds)


def _settled(late_ms: float) -> float:
    return min(MOST_SETTLED_MS, max(SETTLED_MS, 2 * late_ms + 5))
