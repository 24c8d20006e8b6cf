"""Reconciles one pair: the entries that its requests must have left, beside those that its audit trail showed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from technogate.model.events import TrailReading
from technogate.trail.history import replay
from technogate.trail.reconcile.anomaly import Anomaly
from technogate.trail.reconcile.anomaly_log import AnomalyLog
from technogate.trail.reconcile.continuity import continuity
from technogate.trail.reconcile.expected_entries import ExpectedEntries, TrailTerms, overlapping
from technogate.trail.reconcile.multidict import Multidict
from technogate.trail.reconcile.reading_window import ReadingWindow
from technogate.trail.reconcile.unnamed_entries import UnnamedEntries
from technogate.trail.reconcile.unread_times import UnreadTimes
from technogate.util.timestamps import seconds_of

#: The requirements that are undecided when the audit trail could not be read.
OF_THE_TRAIL = ("TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "TRL-08")


class Reconciler:
    """The expected entries and the history of one pair. `reconcile` fills `anomalies`, `checks` and `gaps`."""

    def __init__(
        self, requests: Sequence[ExpectedEntries], readings: Sequence[TrailReading], terms: TrailTerms
    ) -> None:
        self.checks: Counter[str] = Counter()
        self.gaps: dict[str, str] = {}
        self._terms = terms
        self._requests = requests
        self._history = replay(readings)
        self._times = [seconds_of(entry.timestamp) for entry in self._history.entries]
        self._window = ReadingWindow(self._history, self._times)
        self._parallel = overlapping(requests)
        self._log = AnomalyLog(self._history, terms, self._parallel)
        self._unseen: Counter[str] = Counter()
        self._unread = UnreadTimes(self._history, self._times)

    @property
    def anomalies(self) -> list[Anomaly]:
        """The anomalies so far."""
        return self._log.anomalies

    def reconcile(self) -> None:
        """Compare everything with everything."""
        if not self._history.readings:
            self._cannot_be_read()
            return
        compared = continuity(self._history, self._times)
        self._log.anomalies += compared.anomalies
        self.checks["TRL-05"] += sum(compared.compared)
        self.checks["AUD-04"] += len(compared.ordered)
        entries = self._entries_by_trace(compared.replaced)
        requests, unnamed = self._requests_by_trace(entries)
        own = {trace for reading in (*self._history.readings, *self._history.failed) for trace in reading.reads}
        unclaimed = [trace_id for trace_id in entries if trace_id not in requests and trace_id not in own]
        stray = [(trace_id, number) for trace_id in unclaimed for number in entries.all(trace_id)]
        without: list[ExpectedEntries] = []
        for trace_id in requests:
            request, number = requests.only(trace_id), entries.only(trace_id)
            if request is not None and number is not None:
                self._one(request, number)
            else:
                without += self._several(trace_id, requests.all(trace_id), entries.all(trace_id))
        self._assign(stray, unnamed, without)
        self.checks["TRL-08"] += len(self._parallel)
        for requirement, count in self._unseen.items():
            self.gaps[requirement] = self._why_unseen(count)
        self.gaps |= self._unread.gaps

    def _why_unseen(self, count: int) -> str:
        """Why the entries of `count` requests were not seen: a later reading failed, or there was none."""
        failed, last = self._history.failed, self._history.readings[-1]
        if failed and failed[-1].at > last.at:
            return failed[-1].error
        return f"no reading was late enough to show the entries of {count} requests"

    # ---- what there is ----

    def _cannot_be_read(self) -> None:
        """Without a reading no expected entry can be found or missed."""
        expected = sum(request.least for request in self._requests)
        failed = self._history.failed
        if expected or failed:
            reason = failed[-1].error if failed else f"the audit trail of {expected} requests was never read"
            self.gaps = dict.fromkeys(OF_THE_TRAIL, reason)

    def _entries_by_trace(self, replaced: set[int]) -> Multidict[int]:
        """The numbers of the run's own entries by trace id, one for each time that an entry stood in one list."""
        history = self._history
        old = self._older_than_the_run()
        self._window.ends.update(dict.fromkeys(old, float("-inf")))
        repeated: dict[int, int] = {}
        for numbers in history.lists:
            if len(set(numbers)) != len(numbers):
                for number, count in Counter(numbers).items():
                    repeated[number] = max(repeated.get(number, 1), count)
        by_trace: Multidict[int] = Multidict()
        for number, entry in enumerate(history.entries):
            if number not in old and number not in replaced:
                for _ in range(repeated.get(number, 1)):
                    by_trace.add(entry.trace_id, number)
        self.checks["TRL-04"] += len(history.entries) - len(old) - len(replaced)
        return by_trace

    def _older_than_the_run(self) -> set[int]:
        """The numbers of the entries that were there before the first request.

        Where the first reading was full, or came too late, the entries of an earlier time are too.
        """
        history = self._history
        first = history.readings[0]
        start = min((request.exchange.started for request in self._requests), default=first.at)
        before = first.ended <= start
        old = set(history.lists[0]) if before else set()
        if before and (not first.limit or len(history.lists[0]) < first.limit):
            return old
        until = start - self._terms.tolerance_s
        return old | {number for number, at in enumerate(self._times) if at is not None and at < until}

    def _requests_by_trace(self, entries: Multidict[int]) -> tuple[Multidict[ExpectedEntries], list[ExpectedEntries]]:
        """The requests by their trace id in the audit trail, and those without a known trace id."""
        by_trace: Multidict[ExpectedEntries] = Multidict()
        unnamed: list[ExpectedEntries] = []
        for request in self._requests:
            if request.least:
                self.checks[request.requirement] += 1
            if request.ids:
                by_trace.add(next(filter(entries.__contains__, request.ids), request.ids[0]), request)
            elif request.most:
                unnamed.append(request)
        return by_trace, unnamed

    # ---- requests and entries of one trace id ----

    def _one(self, request: ExpectedEntries, number: int) -> None:
        """Compare the one request with the one entry of a trace id, which is how it should be."""
        self._matched(request, number, request.exchange.started, request.exchange.ended)
        if request.state and self._history.entries[number].state != request.state:
            self._log.misstated(request, number)

    def _several(
        self, trace_id: str, requests: Sequence[ExpectedEntries], numbers: Sequence[int]
    ) -> list[ExpectedEntries]:
        """Compare the requests and the entries of one trace id; returns the requests that got no entry."""
        left: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            left[self._history.entries[number].state].append(number)
        first = min(request.exchange.started for request in requests)
        last = max(request.exchange.ended for request in requests)
        unmatched: list[ExpectedEntries] = []
        # What fits goes first, then what must have one, so that a wrong state is reported only when nothing fits.
        for request in sorted(requests, key=lambda request: -request.least):
            if request.state and left.get(request.state):
                self._matched(request, left[request.state].pop(), first, last)
            else:
                unmatched.append(request)
        spare = [number for state in left.values() for number in state]
        without: list[ExpectedEntries] = []
        for request in unmatched:
            if not spare:
                without.append(request)
                continue
            number = spare.pop()
            self._matched(request, number, first, last)
            if request.state:
                self._log.misstated(request, number)
        if spare:
            concerned = next((request for request in requests if request.least), requests[0])
            self._log.duplicated(concerned, trace_id, len(requests), len(numbers), spare[0])
        return without

    def _matched(self, request: ExpectedEntries, number: int, first: float, last: float) -> None:
        """Check the timestamp of an entry, and when it became visible."""
        tolerance, at = self._terms.tolerance_s, self._times[number]
        self._window.ends[number] = request.exchange.ended
        if self._unread.undecided(number):
            self._unread.mistimed.append(number)
            self._visible(request, number)
            return
        self.checks["TRL-03"] += 1
        if at is None:
            self._log.mistimed(request, number, "no UTC time")
        elif not first - tolerance <= at <= last + tolerance:
            self._log.mistimed(request, number, f"{max(first - at, at - last):.3f} s outside of it")
        self._visible(request, number)

    def _visible(self, request: ExpectedEntries, number: int) -> None:
        """Check that the entry was in the first reading that began when it had to be visible."""
        due = request.exchange.ended + self._terms.visible_s
        first = self._history.first[number]
        if self._history.readings[first].ended <= due:
            self.checks["TRL-06"] += 1
            return
        index = self._window.first_from(due)
        if index is None or index >= first or not self._window.shows(index, self._times[number]):
            return
        self.checks["TRL-06"] += 1
        self._log.late(request, number, self._history.readings[index])

    # ---- what is missing, and what is too much ----

    def _assign(
        self, stray: list[tuple[str, int]], unnamed: list[ExpectedEntries], without: list[ExpectedEntries]
    ) -> None:
        """Give entries that name no known request to requests that may have left them; the rest are phantoms."""
        unnamed_entries = UnnamedEntries(self._requests, self._history, self._times, self._terms)
        assigned = unnamed_entries.assign(stray, unnamed, without)
        for _, number in stray:
            if number in assigned.entries:
                continue
            # Without a time it may be of any request that no trace id names, or older than the run.
            if self._times[number] is None and (unnamed_entries.room or not self._window.is_whole(0)):
                self._unread.stray.append(number)
            else:
                self._log.phantom(number)
        for place, request in enumerate((*unnamed, *without)):
            if request.least and place not in assigned.requests:
                self._lost(request)

    def _lost(self, request: ExpectedEntries) -> None:
        """Report a request without its entry, if a reading could have shown it."""
        index = self._window.first_from(request.exchange.ended + self._terms.visible_s)
        if index is None or not self._window.reaches(index, request.exchange.started):
            self._unseen[request.requirement] += 1
            return
        self._log.lost(request)
