"""Readings are stored compactly and restored in full; entries without a request are matched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from technogate.model.events import TrailEntry, TrailReading
from technogate.trail.history import Compactor, replay
from technogate.trail.reconcile.matching import Slot, match
from technogate.util.timestamps import seconds_of

ENTRIES = st.builds(
    TrailEntry,
    timestamp=st.sampled_from(["1", "2"]),
    state=st.sampled_from(["A", "B"]),
    trace_id=st.text("xyz", max_size=2),
    extra=st.dictionaries(st.sampled_from("ab"), st.sampled_from("12")),
)


def recorded(lists: list[list[TrailEntry]]) -> list[TrailReading]:
    """Readings that show these lists, as a run records them."""
    compactor = Compactor()
    readings = []
    for number, entries in enumerate(lists):
        fresh, layout = compactor.fold(entries, lambda entry: entry)
        reading = TrailReading(id=f"m-{number}", item="", source="s", at=number, entries=fresh, layout=layout)
        readings.append(reading)
    return readings


@given(lists=st.lists(st.lists(ENTRIES, max_size=8), max_size=6))
def test_nothing_is_lost_between_recording_and_replaying(lists: list[list[TrailEntry]]) -> None:
    """Every list is restored unchanged: repeated, reordered, shortened or changed."""
    history = replay(recorded(lists))
    assert [[history.entries[number] for number in numbers] for numbers in history.lists] == lists


@given(lists=st.lists(st.lists(ENTRIES, max_size=8), max_size=6))
def test_first_is_the_reading_that_showed_it_first(lists: list[list[TrailEntry]]) -> None:
    """`first` names, for each entry, the first list that has it."""
    history = replay(recorded(lists))
    for number, entry in enumerate(history.entries):
        assert history.first[number] == next(index for index, one in enumerate(lists) if entry in one)


def test_a_trail_that_grows_is_one_run() -> None:
    """Each reading of a growing audit trail is stored as one pair of numbers."""
    trail = [TrailEntry(trace_id=str(number)) for number in range(50)]
    readings = recorded([trail[:end][::-1] for end in range(1, 50, 3)])
    assert {len(reading.layout) for reading in readings} == {1}
    assert sum(len(reading.entries) for reading in readings) == 49


def test_failed_readings_show_nothing() -> None:
    """A reading with an error is stored separately."""
    failed = TrailReading(id="m-1", item="", source="s", at=0, error="gone")
    history = replay([failed])
    assert history.failed == [failed]
    assert not history.lists


@given(entries=st.lists(st.integers(0, 9), max_size=5), slots=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4))))
def test_as_many_entries_as_possible_are_matched(entries: list[int], slots: list[tuple[int, int]]) -> None:
    """No other assignment matches more entries, and each entry has a slot of its own."""
    free = [Slot(start=start, end=start + length, request=place) for place, (start, length) in enumerate(slots[:6])]
    placed = match([(at, number) for number, at in enumerate(entries)], free)
    assert len(set(placed.values())) == len(placed)
    assert all(free[place].start <= entries[number] <= free[place].end for number, place in placed.items())
    assert len(placed) == most(entries, free)


def most(entries: list[int], slots: list[Slot]) -> int:
    """Return the size of the largest assignment, by trying all."""
    if not entries:
        return 0
    first, rest = entries[0], entries[1:]
    best = most(rest, slots)
    for place, slot in enumerate(slots):
        if slot.start <= first <= slot.end:
            best = max(best, 1 + most(rest, slots[:place] + slots[place + 1 :]))
    return best


def test_times() -> None:
    """Only RFC 3339 in UTC with a Z is a time."""
    assert seconds_of("1970-01-01T00:01:00.5Z") == 60.5
    for text in ("1970-01-01T00:01:00", "1970-01-01 00:01:00Z", "1970-13-01T00:01:00Z", "1970-01-01T00:01:60Z", "", 5):
        assert seconds_of(text) is None
