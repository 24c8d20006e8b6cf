"""The requests that a page makes by itself, again and again: learnt while nothing is done to it. Pure.

A page may refresh what it shows by itself. Such a request belongs to no call, even where it comes in the middle of one.
What is known of it is its period, and when it came last: a request that comes when one is due, beside one that the call
explains, is the page's own. A request to run a command is never one of them.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: What is requested, as an operation or a method and path, and the scene that requests it ("" where there is but one).
Key = tuple[str, str]

#: Requests of one kind that are closer together than this are one burst, in seconds.
BURST_S = 0.35

#: A page is watched for so long after it was loaded, in seconds; and so long where it has requested something again.
WATCH_S, LONGER_S = 3.5, 11.0

#: A call sends its own request within so many seconds.
SOON_S = 1.0

#: The longest time before a due request in which no call is begun, in seconds, and as a share of its period.
QUIET_S, QUIET_SHARE = 0.5, 0.4


@dataclass(slots=True, kw_only=True)
class Recurring:
    """One request that recurs: its period in seconds, how many come at a time, and when the last one came."""

    period: float
    size: int
    last: float

    @property
    def tolerance(self) -> float:
        """How far from its due time it may come, in seconds."""
        return min(0.35 * self.period, 0.15 + 0.1 * self.period)

    def off(self, at: float) -> float:
        """How far a time is from the nearest due time, in seconds."""
        return abs((at - self.last + self.period / 2) % self.period - self.period / 2)

    def slot(self, at: float) -> int:
        """The number of the nearest due time, counted from the last one."""
        return round((at - self.last) / self.period)

    def is_due(self, at: float) -> bool:
        """Whether a request at this time is explained."""
        return self.off(at) <= self.tolerance

    def until_next(self, now: float) -> float:
        """Seconds until the next due time."""
        return self.period - (now - self.last) % self.period


@dataclass(slots=True)
class Background:
    """What is known of the requests that a page makes by itself."""

    recurring: dict[Key, Recurring] = field(default_factory=dict)

    def learn(self, arrivals: Mapping[Key, Sequence[float]]) -> None:
        """Take what came in while nothing was done: what came at least twice, as far apart as bursts are, recurs."""
        for key, times in arrivals.items():
            bursts = in_bursts(times)
            if len(bursts) < 2:
                continue
            starts = [burst[0] for burst in bursts]
            gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
            # The first burst may be the loading of the page, which is not always one period before the second.
            period = statistics.median(gaps[1:] or gaps)
            self.recurring[key] = Recurring(
                period=period, size=max(len(burst) for burst in bursts[1:]), last=starts[-1]
            )

        for (name, scene), times in arrivals.items():
            others = [known for (other, _), known in self.recurring.items() if other == name]
            if others and (name, scene) not in self.recurring:
                # Seen once in a scene, it recurs there as in the others.
                self.recurring[name, scene] = Recurring(period=others[0].period, size=others[0].size, last=max(times))

    def confirm(self, arrivals: Mapping[Key, Sequence[float]]) -> None:
        """Take requests that are certainly the page's own doing as the last ones: they may drift."""
        for key, times in arrivals.items():
            known = self.recurring.get(key)
            for at in times:
                if known is not None and known.is_due(at) and at > known.last:
                    known.last = at

    def knows(self, name: str, scene: str = "") -> bool:
        """Whether a kind of request recurs."""
        return (name, scene) in self.recurring

    def wait_s(self, now: float, scene: str = "") -> float:
        """Seconds to wait before a call is begun: 0.0 when nothing is due soon, else until it is past."""
        waits = [0.0]
        for (_, of_scene), known in self.recurring.items():
            left = known.until_next(now)
            if of_scene == scene and left < min(QUIET_S, QUIET_SHARE * known.period):
                waits.append(left + min(0.1, known.tolerance / 2))
        return max(waits)

    def own(self, key: Key, times: Sequence[float], since: float, earlier: Sequence[float] = ()) -> list[bool]:
        """Which of the requests of a kind that came at `times` are not the page's own doing, in the same order.

        For each due time as many are, nearest first, as come at a time; those that came `earlier` count among them. The
        first request soon after `since`, when the call began, is the call's unless another one can only be the call's.
        """
        known = self.recurring.get(key)
        if known is None:
            return [True] * len(times)
        due = [known.is_due(at) for at in times]
        spared = -1
        if all(due):
            spared = next((index for index, at in enumerate(times) if 0.0 <= at - since < SOON_S), -1)
        taken: dict[int, int] = {}
        for at in earlier:
            if known.is_due(at):
                taken[known.slot(at)] = taken.get(known.slot(at), 0) + 1
        own = [True] * len(times)
        for index in sorted(range(len(times)), key=lambda index: known.off(times[index])):
            slot = known.slot(times[index])
            if due[index] and index != spared and taken.get(slot, 0) < known.size:
                taken[slot] = taken.get(slot, 0) + 1
                own[index] = False
        return own


def in_bursts(times: Sequence[float]) -> list[list[float]]:
    """Times in groups: within one, each is close to the one before it."""
    bursts: list[list[float]] = []
    for at in sorted(times):
        if bursts and at - bursts[-1][-1] < BURST_S:
            bursts[-1].append(at)
        else:
            bursts.append([at])
    return bursts
