"""One pair's books: what its requests owe the trail beside what its trail showed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from technogate.model.events import TrailReading, header_values
from technogate.trail.history import replay
from technogate.trail.reconcile.anomaly import Anomaly, AnomalyKind, told
from technogate.trail.reconcile.continuity import continuity
from technogate.trail.reconcile.expected_entries import ExpectedEntries, TrailTerms, overlapping
from technogate.trail.reconcile.matching import Slot, match
from technogate.trail.reconcile.multidict import Multidict
from technogate.trail.reconcile.reading_window import Window
from technogate.util.timestamps import TimestampReader

#: The requirements that are undecided when the trail could not be read.
OF_THE_TRAIL = ("TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "TRL-08")


class Reconciler:
    """The duties and the history of one pair. `balance` fills `anomalies`, `checks` and `gaps`."""

    def __init__(
        self, expected_entries_of: Sequence[ExpectedEntries], readings: Sequence[TrailReading], terms: TrailTerms
    ) -> None:
        self.anomalies: list[Anomaly] = []
        self.checks: Counter[str] = Counter()
        self.gaps: dict[str, str] = {}
        self._terms = terms
        self._expected_entries = expected_entries_of
        self._history = replay(readings)
        moments = TimestampReader()
        self._times = [moments(entry.timestamp) for entry in self._history.entries]
        self._window = Window(self._history, self._times)
        self._parallel = overlapping(expected_entries_of)
        self._unseen: Counter[str] = Counter()

    def reconcile(self) -> None:
        """Compare everything with everything."""
        if not self._history.readings:
            self._cannot_be_read()
            return
        kept = continuity(self._history, self._times)
        self.anomalies += kept.anomalies
        self.checks["TRL-05"] += sum(kept.compared)
        self.checks["AUD-04"] += len(kept.ordered)
        by_trace = self._entries_by_trace(kept.replaced)
        groups, loose = self._requests_by_trace(by_trace)
        own = {trace for reading in (*self._history.readings, *self._history.failed) for trace in reading.reads}
        nobodys = [trace_id for trace_id in by_trace if trace_id not in groups and trace_id not in own]
        stray = [(trace_id, number) for trace_id in nobodys for number in by_trace.all(trace_id)]
        wanting: list[ExpectedEntries] = []
        for trace_id in groups:
            expected_entries, number = groups.only(trace_id), by_trace.only(trace_id)
            if expected_entries is not None and number is not None:
                self._one(expected_entries, number)
            else:
                wanting += self._several(trace_id, groups.all(trace_id), by_trace.all(trace_id))
        self._strays(stray, loose, wanting)
        self.checks["TRL-08"] += len(self._parallel)
        for requirement, count in self._unseen.items():
            self.gaps[requirement] = f"the trail was not read late enough to show the entries of {count} requests"

    # ---- what there is ----

    def _cannot_be_read(self) -> None:
        """Without a reading nothing that a request owes can be looked for."""
        owing = sum(expected_entries.least for expected_entries in self._expected_entries)
        if owing or self._history.failed:
            failed = self._history.failed
            why = failed[-1].error if failed else f"the trail of {owing} requests was never read"
            self.gaps = dict.fromkeys(OF_THE_TRAIL, why)

    def _entries_by_trace(self, replaced: set[int]) -> Multidict[int]:
        """The numbers of the run's own entries by trace id, one for each time that an entry stood in one list."""
        history = self._history
        old = self._older_than_the_run()
        self._window.ends.update(dict.fromkeys(old, float("-inf")))
        often: dict[int, int] = {}
        for numbers in history.lists:
            if len(set(numbers)) != len(numbers):
                for number, count in Counter(numbers).items():
                    often[number] = max(often.get(number, 1), count)
        by_trace: Multidict[int] = Multidict()
        for number, entry in enumerate(history.entries):
            if number not in old and number not in replaced:
                for _ in range(often.get(number, 1)):
                    by_trace.add(entry.trace_id, number)
        self.checks["TRL-04"] += len(history.entries) - len(old) - len(replaced)
        return by_trace

    def _older_than_the_run(self) -> set[int]:
        """The numbers of the entries that were there before the first request.

        Where the first reading was full, or came too late, the entries of an earlier time are too.
        """
        history = self._history
        first = history.readings[0]
        start = min(
            (expected_entries.exchange.started for expected_entries in self._expected_entries), default=first.at
        )
        before = first.ended <= start
        old = set(history.lists[0]) if before else set()
        if before and (not first.limit or len(history.lists[0]) < first.limit):
            return old
        until = start - self._terms.tolerance_s
        return old | {number for number, at in enumerate(self._times) if at is not None and at < until}

    def _requests_by_trace(self, by_trace: Multidict[int]) -> tuple[Multidict[ExpectedEntries], list[ExpectedEntries]]:
        """The duties by the trace id that the trail knows them by, and those whose trace id nobody was told."""
        groups: Multidict[ExpectedEntries] = Multidict()
        loose: list[ExpectedEntries] = []
        for expected_entries in self._expected_entries:
            if expected_entries.least:
                self.checks[expected_entries.requirement] += 1
            if expected_entries.ids:
                groups.add(
                    next(filter(by_trace.__contains__, expected_entries.ids), expected_entries.ids[0]), expected_entries
                )
            elif expected_entries.most:
                loose.append(expected_entries)
        return groups, loose

    # ---- requests and entries of one trace id ----

    def _one(self, expected_entries: ExpectedEntries, number: int) -> None:
        """Compare the one request with the one entry of a trace id, which is how it should be."""
        self._matched(expected_entries, number, expected_entries.exchange.started, expected_entries.exchange.ended)
        if expected_entries.state and self._history.entries[number].state != expected_entries.state:
            self._misstated(expected_entries, number)

    def _several(
        self, trace_id: str, expected_entries_of: Sequence[ExpectedEntries], numbers: Sequence[int]
    ) -> list[ExpectedEntries]:
        """Compare the requests and the entries of one trace id; returns the duties that got no entry."""
        left: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            left[self._history.entries[number].state].append(number)
        first = min(expected_entries.exchange.started for expected_entries in expected_entries_of)
        last = max(expected_entries.exchange.ended for expected_entries in expected_entries_of)
        wanting: list[ExpectedEntries] = []
        # What fits goes first, then what must have one, so that a wrong state is told only when nothing fits.
        for expected_entries in (
            sorted(expected_entries_of, key=lambda expected_entries: -expected_entries.least)
            if len(expected_entries_of) > 1
            else expected_entries_of
        ):
            if expected_entries.state and left.get(expected_entries.state):
                self._matched(expected_entries, left[expected_entries.state].pop(), first, last)
            else:
                wanting.append(expected_entries)
        spare = [number for state in left.values() for number in state]
        without: list[ExpectedEntries] = []
        for expected_entries in wanting:
            if not spare:
                without.append(expected_entries)
                continue
            number = spare.pop()
            self._matched(expected_entries, number, first, last)
            if expected_entries.state:
                self._misstated(expected_entries, number)
        if spare:
            owner = next(
                (expected_entries for expected_entries in expected_entries_of if expected_entries.least),
                expected_entries_of[0],
            )
            self._duplicated(owner, trace_id, len(expected_entries_of), len(numbers), spare[0])
        return without

    def _matched(self, expected_entries: ExpectedEntries, number: int, first: float, last: float) -> None:
        """Look at the time of an entry, and at when it became visible."""
        tolerance, at = self._terms.tolerance_s, self._times[number]
        self.checks["TRL-03"] += 1
        self._window.ends[number] = expected_entries.exchange.ended
        if at is None or not first - tolerance <= at <= last + tolerance:
            off = "no UTC time" if at is None else f"{max(first - at, at - last):.3f} s outside of it"
            self._add(
                AnomalyKind.MISTIMED,
                "TRL-03",
                expected_entries,
                f"a timestamp between start and end of the request, within {tolerance:g} s",
                f"{self._history.entries[number].timestamp!r}, {off}",
                number,
            )
        self._visible(expected_entries, number)

    def _visible(self, expected_entries: ExpectedEntries, number: int) -> None:
        """Whether the entry was in the first reading that began when it had to be visible."""
        due = expected_entries.exchange.ended + self._terms.visible_s
        first = self._history.first[number]
        if self._history.readings[first].ended <= due:
            self.checks["TRL-06"] += 1
            return
        index = self._window.first_from(due)
        if index is None or index >= first or not self._window.shows(index, self._times[number]):
            return
        self.checks["TRL-06"] += 1
        reading = self._history.readings[index]
        self._add(
            AnomalyKind.LATE,
            "TRL-06",
            expected_entries,
            f"the entry in every reading that begins {self._terms.visible_s:g} s after the answer or later",
            f"not in the reading {reading.id}, {reading.at - expected_entries.exchange.ended:.1f} s after the answer",
            number,
        )

    # ---- what is missing, and what is too much ----

    def _strays(
        self, stray: list[tuple[str, int]], loose: list[ExpectedEntries], wanting: list[ExpectedEntries]
    ) -> None:
        """Give entries that name no known request to requests that may have left them; the rest are phantoms."""
        times = self._times
        owners = [*loose, *wanting]
        must = [
            self._slot(expected_entries, owner)
            for owner, expected_entries in enumerate(loose)
            if expected_entries.least
        ]
        may = [
            self._slot(expected_entries, owner)
            for owner, expected_entries in enumerate(loose)
            if not expected_entries.least
        ]
        may += [
            self._slot(expected_entries, -1)
            for expected_entries in self._expected_entries
            if _may_have_asked_more(expected_entries)
        ]
        may += [self._slot_of_reading(reading) for reading in self._history.failed if not reading.reads]
        named = [(at, number) for trace_id, number in stray if trace_id and (at := times[number]) is not None]
        nameless = [(at, number) for trace_id, number in stray if not trace_id and (at := times[number]) is not None]
        placed = match([*named, *nameless], must)
        placed |= match([pair for pair in (*named, *nameless) if pair[1] not in placed], may)
        taken = {owner for owner in placed.values() if owner >= 0}
        # An entry without a trace id is what a request has that lacks one of its own: lost, and no phantom besides.
        room = [self._slot(expected_entries, len(loose) + place) for place, expected_entries in enumerate(wanting)]
        placed |= match([pair for pair in nameless if pair[1] not in placed], room)
        for _, number in stray:
            if number not in placed:
                self._phantom(number)
        for owner, expected_entries in enumerate(owners):
            if expected_entries.least and owner not in taken:
                self._lost(expected_entries)

    def _slot(self, expected_entries: ExpectedEntries, owner: int) -> Slot:
        """The time in which an entry of a request can lie; one without an answer may still be at work."""
        exchange, terms = expected_entries.exchange, self._terms
        end = (
            exchange.ended
            if exchange.response is not None
            else max(exchange.ended, exchange.started + terms.response_s)
        )
        return Slot(start=exchange.started - terms.tolerance_s, end=end + terms.tolerance_s, owner=owner)

    def _slot_of_reading(self, reading: TrailReading) -> Slot:
        """The time in which the entry of a reading that failed can lie."""
        tolerance, end = self._terms.tolerance_s, max(reading.ended, reading.at + self._terms.response_s)
        return Slot(start=reading.at - tolerance, end=end + tolerance, owner=-1)

    def _lost(self, expected_entries: ExpectedEntries) -> None:
        """A request without its entry, if a reading could have shown it."""
        index = self._window.first_from(expected_entries.exchange.ended + self._terms.visible_s)
        if index is None or not self._window.reaches(index, expected_entries.exchange.started):
            self._unseen[expected_entries.requirement] += 1
            return
        self._add(
            AnomalyKind.LOST,
            expected_entries.requirement,
            expected_entries,
            f"one entry{_of(expected_entries)}",
            "none in the whole trail",
        )

    def _duplicated(
        self, expected_entries: ExpectedEntries, trace_id: str, requests: int, entries: int, number: int
    ) -> None:
        wanted = "one entry" if requests == 1 else f"{requests} entries, one for each request that got this trace id"
        at_most = "" if expected_entries.least else "at most "
        observed = f"{entries} entries with trace id {trace_id}"
        self._add(
            AnomalyKind.DUPLICATED,
            expected_entries.requirement,
            expected_entries,
            f"{at_most}{wanted}",
            observed,
            number,
        )

    def _misstated(self, expected_entries: ExpectedEntries, number: int) -> None:
        entry = self._history.entries[number]
        observed = f"its state is {entry.state or 'none'}"
        self._add(
            AnomalyKind.MISSTATED,
            expected_entries.requirement,
            expected_entries,
            f"one entry{_of(expected_entries)}",
            observed,
            number,
        )

    def _phantom(self, number: int) -> None:
        entry = self._history.entries[number]
        self.anomalies.append(
            Anomaly(
                kind=AnomalyKind.PHANTOM,
                requirement="TRL-04",
                expected="an entry of a request that was sent",
                observed=f"an entry of none: {told(entry)}",
                trace_ids=(entry.trace_id,) if entry.trace_id else (),
                entry=entry,
            )
        )

    def _add(
        self,
        kind: AnomalyKind,
        requirement: str,
        expected_entries: ExpectedEntries,
        expected: str,
        observed: str,
        number: int | None = None,
    ) -> None:
        entry = None if number is None else self._history.entries[number]
        self.anomalies.append(
            Anomaly(
                kind=kind,
                requirement=requirement,
                expected=expected,
                observed=observed,
                operation=expected_entries.exchange.operation,
                exchanges=(expected_entries.exchange.id,),
                trace_ids=expected_entries.ids,
                entry=entry,
                parallel=expected_entries.exchange.id in self._parallel,
            )
        )


def _may_have_asked_more(expected_entries: ExpectedEntries) -> bool:
    """Whether there may be a request beside this one.

    A browser asks first, unseen, whether it may ask another origin; a hostile client may send more than
    its exchange shows.
    """
    exchange = expected_entries.exchange
    return bool(exchange.under_fault) or bool(header_values(exchange.request.headers, "origin"))


def _of(expected_entries: ExpectedEntries) -> str:
    """What the entry of a request must be like, in words."""
    trace = f" with trace id {expected_entries.ids[0]}" if expected_entries.ids else ""
    return trace + (f" and state {expected_entries.state}" if expected_entries.state else "")
