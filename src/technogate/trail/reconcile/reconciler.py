"""One pair's books: what its requests owe the trail beside what its trail showed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from technogate.model.events import TrailReading, header_values
from technogate.trail.history import replay
from technogate.trail.reconcile.anomaly import Anomaly, Kind, told
from technogate.trail.reconcile.continuity import continuity
from technogate.trail.reconcile.expected_entries import Duty, Terms, overlapping
from technogate.trail.reconcile.matching import Slot, adopt
from technogate.trail.reconcile.multidict import Bag
from technogate.trail.reconcile.reading_window import Window
from technogate.util.timestamps import Moments

#: The requirements that are undecided when the trail could not be read.
OF_THE_TRAIL = ("TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "TRL-08")


class Ledger:
    """The duties and the history of one pair. `balance` fills `anomalies`, `checks` and `gaps`."""

    def __init__(self, duties: Sequence[Duty], readings: Sequence[TrailReading], terms: Terms) -> None:
        self.anomalies: list[Anomaly] = []
        self.checks: Counter[str] = Counter()
        self.gaps: dict[str, str] = {}
        self._terms = terms
        self._duties = duties
        self._history = replay(readings)
        moments = Moments()
        self._times = [moments(entry.timestamp) for entry in self._history.entries]
        self._window = Window(self._history, self._times)
        self._parallel = overlapping(duties)
        self._unseen: Counter[str] = Counter()

    def balance(self) -> None:
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
        wanting: list[Duty] = []
        for trace_id in groups:
            duty, number = groups.only(trace_id), by_trace.only(trace_id)
            if duty is not None and number is not None:
                self._one(duty, number)
            else:
                wanting += self._several(trace_id, groups.all(trace_id), by_trace.all(trace_id))
        self._strays(stray, loose, wanting)
        self.checks["TRL-08"] += len(self._parallel)
        for requirement, count in self._unseen.items():
            self.gaps[requirement] = f"the trail was not read late enough to show the entries of {count} requests"

    # ---- what there is ----

    def _cannot_be_read(self) -> None:
        """Without a reading nothing that a request owes can be looked for."""
        owing = sum(duty.least for duty in self._duties)
        if owing or self._history.failed:
            failed = self._history.failed
            why = failed[-1].error if failed else f"the trail of {owing} requests was never read"
            self.gaps = dict.fromkeys(OF_THE_TRAIL, why)

    def _entries_by_trace(self, replaced: set[int]) -> Bag[int]:
        """The numbers of the run's own entries by trace id, one for each time that an entry stood in one list."""
        history = self._history
        old = self._older_than_the_run()
        self._window.ends.update(dict.fromkeys(old, float("-inf")))
        often: dict[int, int] = {}
        for numbers in history.lists:
            if len(set(numbers)) != len(numbers):
                for number, count in Counter(numbers).items():
                    often[number] = max(often.get(number, 1), count)
        by_trace: Bag[int] = Bag()
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
        start = min((duty.exchange.started for duty in self._duties), default=first.at)
        before = first.ended <= start
        old = set(history.lists[0]) if before else set()
        if before and (not first.limit or len(history.lists[0]) < first.limit):
            return old
        until = start - self._terms.tolerance_s
        return old | {number for number, at in enumerate(self._times) if at is not None and at < until}

    def _requests_by_trace(self, by_trace: Bag[int]) -> tuple[Bag[Duty], list[Duty]]:
        """The duties by the trace id that the trail knows them by, and those whose trace id nobody was told."""
        groups: Bag[Duty] = Bag()
        loose: list[Duty] = []
        for duty in self._duties:
            if duty.least:
                self.checks[duty.requirement] += 1
            if duty.ids:
                groups.add(next(filter(by_trace.__contains__, duty.ids), duty.ids[0]), duty)
            elif duty.most:
                loose.append(duty)
        return groups, loose

    # ---- requests and entries of one trace id ----

    def _one(self, duty: Duty, number: int) -> None:
        """Compare the one request with the one entry of a trace id, which is how it should be."""
        self._matched(duty, number, duty.exchange.started, duty.exchange.ended)
        if duty.state and self._history.entries[number].state != duty.state:
            self._misstated(duty, number)

    def _several(self, trace_id: str, duties: Sequence[Duty], numbers: Sequence[int]) -> list[Duty]:
        """Compare the requests and the entries of one trace id; returns the duties that got no entry."""
        left: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            left[self._history.entries[number].state].append(number)
        first = min(duty.exchange.started for duty in duties)
        last = max(duty.exchange.ended for duty in duties)
        wanting: list[Duty] = []
        # What fits goes first, then what must have one, so that a wrong state is told only when nothing fits.
        for duty in sorted(duties, key=lambda duty: -duty.least) if len(duties) > 1 else duties:
            if duty.state and left.get(duty.state):
                self._matched(duty, left[duty.state].pop(), first, last)
            else:
                wanting.append(duty)
        spare = [number for state in left.values() for number in state]
        without: list[Duty] = []
        for duty in wanting:
            if not spare:
                without.append(duty)
                continue
            number = spare.pop()
            self._matched(duty, number, first, last)
            if duty.state:
                self._misstated(duty, number)
        if spare:
            owner = next((duty for duty in duties if duty.least), duties[0])
            self._duplicated(owner, trace_id, len(duties), len(numbers), spare[0])
        return without

    def _matched(self, duty: Duty, number: int, first: float, last: float) -> None:
        """Look at the time of an entry, and at when it became visible."""
        tolerance, at = self._terms.tolerance_s, self._times[number]
        self.checks["TRL-03"] += 1
        self._window.ends[number] = duty.exchange.ended
        if at is None or not first - tolerance <= at <= last + tolerance:
            off = "no UTC time" if at is None else f"{max(first - at, at - last):.3f} s outside of it"
            self._add(
                Kind.MISTIMED,
                "TRL-03",
                duty,
                f"a timestamp between start and end of the request, within {tolerance:g} s",
                f"{self._history.entries[number].timestamp!r}, {off}",
                number,
            )
        self._visible(duty, number)

    def _visible(self, duty: Duty, number: int) -> None:
        """Whether the entry was in the first reading that began when it had to be visible."""
        due = duty.exchange.ended + self._terms.visible_s
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
            Kind.LATE,
            "TRL-06",
            duty,
            f"the entry in every reading that begins {self._terms.visible_s:g} s after the answer or later",
            f"not in the reading {reading.id}, {reading.at - duty.exchange.ended:.1f} s after the answer",
            number,
        )

    # ---- what is missing, and what is too much ----

    def _strays(self, stray: list[tuple[str, int]], loose: list[Duty], wanting: list[Duty]) -> None:
        """Give entries that name no known request to requests that may have left them; the rest are phantoms."""
        times = self._times
        owners = [*loose, *wanting]
        must = [self._slot(duty, owner) for owner, duty in enumerate(loose) if duty.least]
        may = [self._slot(duty, owner) for owner, duty in enumerate(loose) if not duty.least]
        may += [self._slot(duty, -1) for duty in self._duties if _may_have_asked_more(duty)]
        may += [self._slot_of_reading(reading) for reading in self._history.failed if not reading.reads]
        named = [(at, number) for trace_id, number in stray if trace_id and (at := times[number]) is not None]
        nameless = [(at, number) for trace_id, number in stray if not trace_id and (at := times[number]) is not None]
        placed = adopt([*named, *nameless], must)
        placed |= adopt([pair for pair in (*named, *nameless) if pair[1] not in placed], may)
        taken = {owner for owner in placed.values() if owner >= 0}
        # An entry without a trace id is what a request has that lacks one of its own: lost, and no phantom besides.
        room = [self._slot(duty, len(loose) + place) for place, duty in enumerate(wanting)]
        placed |= adopt([pair for pair in nameless if pair[1] not in placed], room)
        for _, number in stray:
            if number not in placed:
                self._phantom(number)
        for owner, duty in enumerate(owners):
            if duty.least and owner not in taken:
                self._lost(duty)

    def _slot(self, duty: Duty, owner: int) -> Slot:
        """The time in which an entry of a request can lie; one without an answer may still be at work."""
        exchange, terms = duty.exchange, self._terms
        end = exchange.ended if exchange.answer is not None else max(exchange.ended, exchange.started + terms.answer_s)
        return Slot(start=exchange.started - terms.tolerance_s, end=end + terms.tolerance_s, owner=owner)

    def _slot_of_reading(self, reading: TrailReading) -> Slot:
        """The time in which the entry of a reading that failed can lie."""
        tolerance, end = self._terms.tolerance_s, max(reading.ended, reading.at + self._terms.answer_s)
        return Slot(start=reading.at - tolerance, end=end + tolerance, owner=-1)

    def _lost(self, duty: Duty) -> None:
        """A request without its entry, if a reading could have shown it."""
        index = self._window.first_from(duty.exchange.ended + self._terms.visible_s)
        if index is None or not self._window.reaches(index, duty.exchange.started):
            self._unseen[duty.requirement] += 1
            return
        self._add(Kind.LOST, duty.requirement, duty, f"one entry{_of(duty)}", "none in the whole trail")

    def _duplicated(self, duty: Duty, trace_id: str, requests: int, entries: int, number: int) -> None:
        wanted = "one entry" if requests == 1 else f"{requests} entries, one for each request that got this trace id"
        at_most = "" if duty.least else "at most "
        observed = f"{entries} entries with trace id {trace_id}"
        self._add(Kind.DUPLICATED, duty.requirement, duty, f"{at_most}{wanted}", observed, number)

    def _misstated(self, duty: Duty, number: int) -> None:
        entry = self._history.entries[number]
        observed = f"its state is {entry.state or 'none'}"
        self._add(Kind.MISSTATED, duty.requirement, duty, f"one entry{_of(duty)}", observed, number)

    def _phantom(self, number: int) -> None:
        entry = self._history.entries[number]
        self.anomalies.append(
            Anomaly(
                kind=Kind.PHANTOM,
                requirement="TRL-04",
                expected="an entry of a request that was sent",
                observed=f"an entry of none: {told(entry)}",
                trace_ids=(entry.trace_id,) if entry.trace_id else (),
                entry=entry,
            )
        )

    def _add(
        self, kind: Kind, requirement: str, duty: Duty, expected: str, observed: str, number: int | None = None
    ) -> None:
        entry = None if number is None else self._history.entries[number]
        self.anomalies.append(
            Anomaly(
                kind=kind,
                requirement=requirement,
                expected=expected,
                observed=observed,
                operation=duty.exchange.operation,
                exchanges=(duty.exchange.id,),
                trace_ids=duty.ids,
                entry=entry,
                parallel=duty.exchange.id in self._parallel,
            )
        )


def _may_have_asked_more(duty: Duty) -> bool:
    """Whether there may be a request beside this one.

    A browser asks first, unseen, whether it may ask another origin; a hostile client may send more than
    its exchange shows.
    """
    exchange = duty.exchange
    return bool(exchange.disturbed_by) or bool(header_values(exchange.request.headers, "origin"))


def _of(duty: Duty) -> str:
    """What the entry of a request must be like, in words."""
    trace = f" with trace id {duty.ids[0]}" if duty.ids else ""
    return trace + (f" and state {duty.state}" if duty.state else "")
