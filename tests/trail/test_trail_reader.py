"""The trail reader reads in time, waits for expected entries, and records every reading without the key."""

from __future__ import annotations

import itertools
import time

import msgspec
import pytest

from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Event, Exchange, ItemResult, Outcome, RunWarning, TrailEntry, TrailReading
from technogate.trail.entry import TrailError
from technogate.trail.trail_reader import AT_MOST, COMPLETE_S, ENOUGH, POLL_S, RETRY_S, TIMEOUT_S, TrailReader
from tests.trail.story import BASE, START, TERMS, Kind, Story

KEY = "TgAbCdEfGh0123456789"


class Source:
    """An audit trail in memory; each read is a request with a trace id, and fails while `error` is set."""

    name = "api memory"
    notes: tuple[str, ...] = ()
    other = ""

    def __init__(self) -> None:
        self.entries: list[TrailEntry] = []
        self.reads: list[str] = []
        self.error = ""

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """Of all reads."""
        return tuple(self.reads)

    def take_other(self) -> str:
        """Text beside the entries, each time."""
        return self.other

    def read(self, limit: int = 1000) -> tuple[TrailEntry, ...]:
        """The newest entries first."""
        self.reads.append(f"read-{len(self.reads)}")
        if self.error:
            raise TrailError(self.error)
        return tuple(reversed(self.entries[-limit:]))


def made(source: Source) -> tuple[TrailReader, list[Event]]:
    """Return a trail reader of `source` and its records."""
    events: list[Event] = []
    numbers = itertools.count(1)
    trail_reader = TrailReader(
        source=source,
        base_url=BASE + "/",
        terms=TERMS,
        redactor=Redactor(KEY),
        record=events.append,
        new_id=lambda: f"main-{next(numbers)}",
        item=lambda: "one",
    )
    return trail_reader, events


def exchange(kind: Kind = "approved") -> Exchange:
    """One exchange with the backend."""
    story = Story()
    story.send(kind, started=START)
    return story.exchanges[0]


def result() -> ItemResult:
    """The end of an item."""
    return ItemResult(item="one", requirement="X", outcome=Outcome.PASSED, checks=1, seconds=0)


def test_a_reading_is_recorded_with_its_own_trace_id() -> None:
    """The record has entries, time, source and the trace id of the read itself."""
    source = Source()
    source.entries = [TrailEntry(trace_id="a"), TrailEntry(trace_id="b")]
    trail_reader, events = made(source)
    assert [entry.trace_id for entry in trail_reader.read()] == ["b", "a"]
    trail_reader.read()
    first, second = events
    assert isinstance(first, TrailReading)
    assert isinstance(second, TrailReading)
    assert (first.reads, second.reads) == (("read-0",), ("read-1",))
    assert [entry.trace_id for entry in first.entries] == ["b", "a"]
    assert (second.entries, second.layout) == ((), first.layout)
    assert (first.base_url, first.limit) == (BASE, 1000)


def test_a_failed_reading_is_recorded_too() -> None:
    """The journal holds the reason of a failed reading, and the caller gets an error."""
    source = Source()
    source.error = f"no access with {KEY}"
    trail_reader, events = made(source)
    with pytest.raises(TrailError):
        trail_reader.read()
    assert not trail_reader.try_read()
    assert [event.error for event in events if isinstance(event, TrailReading)] == [f"no access with {MARK}"] * 2


def test_no_key_gets_into_the_journal() -> None:
    """The key in an entry is masked, and the reading names the field."""
    source = Source()
    source.entries = [TrailEntry(action=f"X {KEY}", trace_id="a", extra={"warning": KEY.swapcase()})]
    trail_reader, events = made(source)
    trail_reader.read()
    reading = events[0]
    assert isinstance(reading, TrailReading)
    assert KEY.casefold() not in repr(reading).casefold()
    assert reading.leaks == ("action (plain)", "warning (in another case)")


def test_what_is_no_entry_is_searched_for_the_key_too() -> None:
    """The key in another line of the audit trail's file is a leak like one in an entry."""
    source = Source()
    source.other = f"a log line with {KEY}"
    trail_reader, events = made(source)
    trail_reader.read()
    assert isinstance(events[0], TrailReading)
    assert events[0].leaks == ("a line that is no entry (plain)",)


def test_what_a_source_found_out_is_said_once() -> None:
    """A note of the source is a warning of the run, without the key."""
    source = Source()
    trail_reader, events = made(source)
    source.notes = (f"read as {KEY}",)
    trail_reader.read()
    trail_reader.read()
    assert [event.text for event in events if isinstance(event, RunWarning)] == [f"api memory: read as {MARK}"]


def test_an_audit_trail_that_cannot_be_read_for_a_moment(clock: Clock) -> None:
    """A wait goes over a moment without a reading, and no longer."""

    class Busy(Source):
        """Fails for as long as `until`."""

        until = RETRY_S / 2

        def read(self, limit: int = 1000) -> tuple[TrailEntry, ...]:
            self.error = "busy" if clock.now < self.until else ""
            return super().read(limit)

    source = Busy()
    source.entries = [TrailEntry(trace_id="a")]
    trail_reader, _ = made(source)
    assert [entry.trace_id for entry in trail_reader.read_until(["a"])] == ["a"]
    source.until = 1000.0
    with pytest.raises(TrailError, match="busy"):
        trail_reader.read_until(["a"])
    assert clock.now < TIMEOUT_S


def test_it_reads_when_enough_was_sent() -> None:
    """The reader reads at the end of an item after enough requests, and within an item of many requests."""
    trail_reader, events = made(Source())
    for _ in range(ENOUGH - 1):
        trail_reader.watch(exchange())
    trail_reader.watch(result())
    assert not events
    trail_reader.watch(exchange())
    assert not events
    trail_reader.watch(result())
    assert len(events) == 1
    for _ in range(AT_MOST):
        trail_reader.watch(exchange())
    assert len(events) == 2


def test_other_requests_do_not_count() -> None:
    """Requests to another backend or to the mock backend leave no entry in this audit trail."""
    trail_reader, events = made(Source())
    for _ in range(AT_MOST):
        trail_reader.watch(msgspec.structs.replace(exchange(), base_url="http://other.test"))
        trail_reader.watch(msgspec.structs.replace(exchange(), responded_by="mock"))
    trail_reader.watch(result())
    assert not events


def test_a_backend_under_a_fault_is_not_read() -> None:
    """The reader does not read during a fault."""
    trail_reader, events = made(Source())
    for _ in range(AT_MOST + 5):
        trail_reader.watch(msgspec.structs.replace(exchange(), under_fault="a kill"))
    assert not events
    trail_reader.watch(exchange())
    assert len(events) == 1


class Clock:
    """A clock that advances only with each wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        """See `time.sleep`."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The trail reader's clock, which makes the test independent of the machine's speed."""
    return Clock(monkeypatch)


@pytest.mark.usefixtures("clock")
def test_the_end_waits_for_expected_entries() -> None:
    """The wait ends with the first reading that has every expected entry."""
    source = Source()
    trail_reader, events = made(source)
    trail_reader.watch(exchange("approved"))

    class Slow(Source):
        """Has the entry at the third reading."""

        def read(self, limit: int = 1000) -> tuple[TrailEntry, ...]:
            if len(self.reads) == 2:
                self.entries = [TrailEntry(trace_id="t-main-0")]
            return super().read(limit)

    trail_reader._source = Slow()
    trail_reader.wait_until_complete()
    assert len(events) == 3


def test_the_end_gives_up(clock: Clock) -> None:
    """A missing entry, or an audit trail that cannot be read, does not block the run forever."""
    source = Source()
    trail_reader, events = made(source)
    trail_reader.watch(exchange("approved"))
    trail_reader.wait_until_complete()
    assert len(events) >= 2
    assert COMPLETE_S < clock.now < 2 * COMPLETE_S
    source.error = "gone"
    trail_reader.wait_until_complete()
    assert clock.now < 4 * COMPLETE_S
    last = events[-1]
    assert isinstance(last, TrailReading)
    assert last.error == "gone"


def test_reading_until_an_entry_is_there(clock: Clock) -> None:
    """The reader reads until every entry is there, and once more after its timeout."""
    source = Source()
    trail_reader, events = made(source)
    source.entries = [TrailEntry(trace_id="a")]
    assert [entry.trace_id for entry in trail_reader.read_until(["a"])] == ["a"]
    assert (len(events), clock.now) == (1, 0.0)
    trail_reader.read_until(["a", "never"])
    assert len(events) > 3
    assert TIMEOUT_S < clock.now <= TIMEOUT_S + 2 * POLL_S


def test_the_last_reading_begins_when_the_time_is_over(clock: Clock) -> None:
    """A slow reading does not miss an entry that came meanwhile: the list is read once more."""

    class Slow(Source):
        """Takes as long as patience lasts; the entry comes just before it is over."""

        def read(self, limit: int = 1000) -> tuple[TrailEntry, ...]:
            newest = super().read(limit)
            clock.sleep(TIMEOUT_S)
            self.entries = [TrailEntry(trace_id="a")]
            return newest

    trail_reader, _ = made(Slow())
    assert [entry.trace_id for entry in trail_reader.read_until(["a"])] == ["a"]
