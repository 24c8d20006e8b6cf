"""Reads the audit trail in time: one reading shows no more than its newest thousand entries.

A trail reader watches the journal of its process. It reads the audit trail before the first request, whenever enough
requests may have left entries since the last reading, and at the end, until every expected entry has appeared.
Each reading is evidence, those that suites request included.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import msgspec

from technogate.journal.redaction import Redactor
from technogate.model.events import Event, Exchange, ItemResult, RunWarning, TrailEntry, TrailReading
from technogate.trail.entry import MOST, TrailError
from technogate.trail.history import Compactor
from technogate.trail.reconcile.expected_entries import TrailTerms, expected_entries
from technogate.trail.sources.open_source import AuditSource

#: Requests since the last reading after which the end of an item triggers another one.
ENOUGH = 250
#: Requests after which one is made within an item too: with those still to come, fewer than a reading shows.
AT_MOST = 500
#: Seconds between two readings while an entry is awaited, and the most between two at the end of a run.
POLL_S, SLOW_POLL_S = 0.05, 0.5
#: Seconds that a check waits for entries, unless it checks when they become visible: a late entry is not lost.
TIMEOUT_S = 5.0
#: Seconds after which an audit trail that cannot be read is given up.
RETRY_S = 1.0
#: Seconds that the end of a run waits for expected entries. No wait is longer than this one.
COMPLETE_S = 10.0


class TrailReader:
    """Reads the audit trail of the backend at `base_url` from `source`, and records every reading."""

    def __init__(
        self,
        *,
        source: AuditSource,
        base_url: str,
        terms: TrailTerms,
        redactor: Redactor,
        record: Callable[[Event], None],
        new_id: Callable[[], str],
        item: Callable[[], str],
    ) -> None:
        """`record` takes each reading; `item` returns the id of the running test item."""
        self._source = source
        self._base_url = base_url.rstrip("/")
        self._terms = terms
        self._redactor = redactor
        self._record = record
        self._new_id = new_id
        self._item = item
        self._compactor = Compactor()
        self._since = 0
        self._awaited: set[str] = set()
        self._noted: set[str] = set()

    @property
    def name(self) -> str:
        """The name of the source in reports."""
        return self._source.name

    def read(self) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most a thousand; raises TrailError when it cannot be read."""
        before = set(self._source.own_trace_ids)
        entries: tuple[TrailEntry, ...] = ()
        error, kind = "", TrailError
        at = time.time()
        try:
            entries = self._source.read(MOST)
        except TrailError as failure:
            error, kind = str(failure), type(failure)
        ended = time.time()
        leaks: list[str] = []
        self._text(self._source.take_other(), "a line that is no entry", leaks)
        fresh, layout = self._compactor.fold(entries, lambda entry: self._clean(entry, leaks))
        self._record(
            TrailReading(
                id=self._new_id(),
                item=self._item(),
                source=self._source.name,
                at=at,
                ended=ended,
                limit=MOST,
                entries=fresh,
                layout=layout,
                error=self._redactor.clean_text(error)[0],
                base_url=self._base_url,
                reads=tuple(trace for trace in self._source.own_trace_ids if trace not in before),
                leaks=tuple(dict.fromkeys(leaks)),
            )
        )
        self._since = 0
        self._note()
        if error:
            raise kind(error)
        self._awaited.difference_update(entry.trace_id for entry in entries)
        return entries

    def read_until(self, trace_ids: Collection[str], timeout_s: float = TIMEOUT_S) -> tuple[TrailEntry, ...]:
        """Read until there is an entry of each of `trace_ids`, or for `timeout_s` seconds; returns the last list.

        The last reading begins when that time has passed. Raises TrailError when the audit trail cannot be read for
        longer than a moment.
        """
        missing = set(trace_ids)
        began = time.monotonic()
        while True:
            at = time.monotonic()
            try:
                entries = self.read()
            except TrailError:
                if time.monotonic() - began > RETRY_S:
                    raise
            else:
                missing.difference_update(entry.trace_id for entry in entries)
                if not missing or at - began > timeout_s:
                    return entries
            # A slow source is not read without pause.
            time.sleep(max(POLL_S, min(time.monotonic() - at, SLOW_POLL_S)))

    def watch(self, event: Event) -> None:
        """Take an event of this process's journal into account, and read the audit trail when it is time."""
        if isinstance(event, Exchange):
            if event.responded_by != "backend" or event.base_url.rstrip("/") != self._base_url:
                return
            self._since += 1
            expected = expected_entries(event, self._terms)
            if expected.least:
                self._awaited.update(expected.ids[:1])
            # A backend under an injected fault is not read until it responds again.
            if self._since >= AT_MOST and event.response is not None and not event.under_fault:
                self.try_read()
        elif isinstance(event, ItemResult) and self._since >= ENOUGH:
            self.try_read()

    def try_read(self) -> bool:
        """Read once; False when that failed. The journal has the reading, and the reason of a failure."""
        try:
            self.read()
        except TrailError:
            return False
        return True

    def wait_until_complete(self) -> None:
        """Read until every expected entry has appeared, at most `COMPLETE_S` seconds."""
        until = time.monotonic() + COMPLETE_S
        pause = POLL_S
        while True:
            read = self.try_read()
            if (read and not self._awaited) or time.monotonic() > until:
                return
            time.sleep(pause)
            pause = min(2 * pause, SLOW_POLL_S)

    def _note(self) -> None:
        """Record what the source has found out since the last reading."""
        for note in self._source.notes:
            text = f"{self._source.name}: {self._redactor.clean_text(note)[0]}"
            if text not in self._noted:
                self._noted.add(text)
                self._record(RunWarning(text=text))

    def _clean(self, entry: TrailEntry, leaks: list[str]) -> TrailEntry:
        """The entry without the key; adds to `leaks` the fields that held it."""
        fields = {name: value for name, value in msgspec.structs.asdict(entry).items() if name != "extra"}
        cleaned = {name: self._text(value, name, leaks) for name, value in fields.items()}
        extra = {
            self._text(name, "a field's name", leaks): self._text(value, name, leaks)
            for name, value in entry.extra.items()
        }
        return entry if not leaks else TrailEntry(**cleaned, extra=extra)

    def _text(self, text: str, place: str, leaks: list[str]) -> str:
        clean, met = self._redactor.clean_text(text)
        if met:
            leaks += [f"{self._redactor.clean_text(place)[0]} ({spelling})" for spelling in met]
        return clean
