"""Reconciling: a conforming history has no anomaly, and each planted one is found with its kind."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from technogate.model.events import Body, Ended, Response, TrailEntry
from technogate.trail.reconcile.anomaly import AnomalyKind as Anomaly
from technogate.trail.reconcile.reconciliation import Reconciliation, reconcile
from tests.trail.story import KINDS, LOOSE, OWING, START, TERMS, Kind, Row, Story, utc

Requests = list[tuple[Kind, float, float, float]]


def requests(*kinds: Kind) -> st.SearchStrategy[Requests]:
    """Requests of these kinds, with the pause before each, its duration, and when its entry becomes visible."""
    request = st.tuples(
        st.sampled_from(kinds or KINDS),
        st.floats(0, 0.5),
        st.floats(0.001, 1.0),
        st.floats(0, 1.9),
    )
    return st.lists(request, min_size=3, max_size=40)


def story_of(drawn: Requests, *, limit: int = 1000, every: int = 5, offset: float = 0.0) -> Story:
    """The story of these requests: some overlap, and the audit trail is read before, meanwhile and after."""
    story = Story(limit=limit)
    story.keep(None, "from-before", "APPROVED", at=START - 60, visible=START - 60)
    story.read(START - 1)
    at = START
    for number, (kind, pause, took, lag) in enumerate(drawn, 1):
        at += pause
        story.send(kind, started=at, took=took, lag=lag)
        if number % every == 0:
            story.read(at)
    story.read(max(exchange.ended for exchange in story.exchanges) + TERMS.visible_s)
    for row in story.rows[1:]:
        row.at += offset
        row.entry = msgspec.structs.replace(row.entry, timestamp=utc(row.at))
    return story


def reconciled(story: Story, lists: list[list[TrailEntry]] | None = None, source: str = "api x") -> Reconciliation:
    """Reconcile the story."""
    return reconcile(story.exchanges, story.readings(lists, source), TERMS)


def kinds_of(result: Reconciliation) -> list[Anomaly]:
    """The kinds of the anomalies found."""
    return [anomaly.kind for anomaly in result.anomalies]


# ---- properties ----


@given(drawn=requests(), offset=st.floats(-4.9, 4.9))
def test_a_conforming_history_has_no_anomaly(drawn: Requests, offset: float) -> None:
    """A conforming audit trail has no anomaly, with parallel requests and with different clocks."""
    result = reconciled(story_of(drawn, offset=offset))
    assert not result.anomalies
    assert not result.gaps


@given(drawn=requests(), limit=st.integers(3, 15), every=st.integers(1, 6))
def test_a_small_window_leads_to_no_anomaly(drawn: Requests, limit: int, every: int) -> None:
    """Readings that show too few entries can lead to a gap, never to an anomaly."""
    assert not reconciled(story_of(drawn, limit=limit, every=every)).anomalies


def lose(story: Story, place: int) -> None:
    """Remove an entry before any reading shows it."""
    story.rows.remove(story.row_of(place))


def duplicate(story: Story, place: int) -> None:
    """Write an entry twice, with another execution id."""
    row = story.row_of(place)
    story.keep(None, row.entry.trace_id, row.entry.state, at=row.at, visible=row.visible)


def repeat(story: Story, place: int) -> None:
    """Write the same entry twice."""
    story.rows.append(story.row_of(place))


def misstate(story: Story, place: int) -> None:
    """Give an entry another state than the response's."""
    row = story.row_of(place)
    row.entry = msgspec.structs.replace(row.entry, state="EXPIRED")


def mistime(story: Story, place: int) -> None:
    """Give an entry a time after its request's."""
    row = story.row_of(place)
    row.at += 60
    row.entry = msgspec.structs.replace(row.entry, timestamp=utc(row.at))


def blur(story: Story, place: int) -> None:
    """Give an entry a time without its zone."""
    row = story.row_of(place)
    row.entry = msgspec.structs.replace(row.entry, timestamp=row.entry.timestamp.rstrip("Z"))


def delay(story: Story, place: int) -> None:
    """Make an entry visible too late, with a reading before and one after."""
    row, ended = story.row_of(place), story.exchanges[place].ended
    row.visible = ended + TERMS.visible_s + 1.5
    story.reading_times = sorted([*story.reading_times, ended + TERMS.visible_s + 1, story.reading_times[-1] + 5])


def add_phantom(story: Story, place: int) -> None:
    """Add an entry that belongs to no request."""
    row = story.row_of(place)
    story.keep(None, "nobody", "APPROVED", at=row.at, visible=row.visible)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (lose, Anomaly.LOST),
        (duplicate, Anomaly.DUPLICATED),
        (repeat, Anomaly.DUPLICATED),
        (misstate, Anomaly.MISSTATED),
        (mistime, Anomaly.MISTIMED),
        (blur, Anomaly.MISTIMED),
        (delay, Anomaly.LATE),
        (add_phantom, Anomaly.PHANTOM),
    ],
    ids=["lost", "duplicated", "repeated", "misstated", "mistimed", "no-zone", "late", "phantom"],
)
@given(drawn=requests(*(kind for kind in KINDS if kind not in LOOSE)), data=st.data())
@settings(max_examples=40)
def test_each_planted_anomaly_is_found(
    plant: Callable[[Story, int], None], kind: Anomaly, drawn: Requests, data: st.DataObject
) -> None:
    """One planted anomaly gives exactly one of its kind, on its own request, and no other."""
    story = story_of(drawn)
    assume(story.expecting_entries())
    place = data.draw(st.sampled_from(story.expecting_entries()))
    trace_id = story.row_of(place).entry.trace_id
    plant(story, place)
    result = reconciled(story)
    assert kinds_of(result) == [kind]
    anomaly = result.anomalies[0]
    assert anomaly.trace_ids == (("nobody",) if kind is Anomaly.PHANTOM else (trace_id,))
    assert anomaly.exchanges == (() if kind is Anomaly.PHANTOM else (story.exchanges[place].id,))


@pytest.mark.parametrize("kind", [Anomaly.MISSING, Anomaly.ALTERED], ids=str)
@given(drawn=requests(*OWING), data=st.data())
@settings(max_examples=40)
def test_an_entry_once_shown_must_stay(kind: Anomaly, drawn: Requests, data: st.DataObject) -> None:
    """An entry that disappears or changes after it was shown is found as that anomaly alone."""
    story = story_of(drawn)
    lists = story.lists()
    seen = [number for number in range(1, len(lists) - 1) if lists[number]]
    assume(seen)
    number = data.draw(st.sampled_from(seen))
    entry = data.draw(st.sampled_from(lists[number]))
    for later in lists[number + 1 :]:
        at = later.index(entry)
        if kind is Anomaly.MISSING:
            del later[at]
        else:
            later[at] = msgspec.structs.replace(entry, state="EXPIRED")
    result = reconciled(story, lists)
    assert kinds_of(result) == [kind]
    assert result.anomalies[0].trace_ids == (entry.trace_id,)


@given(drawn=requests(*OWING), data=st.data())
@settings(max_examples=40)
def test_newest_first_in_each_reading(drawn: Requests, data: st.DataObject) -> None:
    """Neighbours in the wrong order are found, once, and only where the source guarantees an order by time."""
    story = story_of(drawn)
    lists = story.lists()
    last = lists[-1]
    places = [at for at in range(len(last) - 1) if last[at].timestamp > last[at + 1].timestamp]
    assume(places)
    at = data.draw(st.sampled_from(places))
    last[at], last[at + 1] = last[at + 1], last[at]
    assert kinds_of(reconciled(story, lists)) == [Anomaly.DISORDERED]
    assert not reconciled(story, lists, "jsonl trail").anomalies


# ---- single cases ----


def simple(*kinds: Kind) -> Story:
    """Requests of these kinds, a second apart, read before and after."""
    story = Story()
    story.read(START - 1)
    for number, kind in enumerate(kinds):
        story.send(kind, started=START + number)
    story.read(START + len(kinds) + 2)
    return story


def test_requirements_of_the_anomalies() -> None:
    """A lost entry breaks TRL-01 for an executed request, TRL-02 for a refused one."""
    story = simple("approved", "key", "invalid", "kept-read")
    duplicate(story, 3)
    for place in (0, 1, 2):
        lose(story, place)
    reported = [(anomaly.kind, anomaly.requirement) for anomaly in reconciled(story).anomalies]
    assert sorted(reported) == [
        (Anomaly.DUPLICATED, "TRL-04"),
        (Anomaly.LOST, "TRL-01"),
        (Anomaly.LOST, "TRL-02"),
        (Anomaly.LOST, "TRL-02"),
    ]


def test_checks_are_counted() -> None:
    """The number of comparisons is reported for each requirement."""
    checks = reconciled(simple("approved", "blocked", "key", "read", "kept-read")).checks
    assert (checks["TRL-01"], checks["TRL-02"], checks["TRL-03"], checks["TRL-04"]) == (2, 1, 4, 4)


def test_a_request_without_response_takes_one_entry_and_no_second() -> None:
    """A request without a response may have no entry or one entry; two are one too many."""
    assert not reconciled(simple("gone")).anomalies
    story = simple("silent")
    assert not reconciled(story).anomalies
    story.keep(None, "another", "BLOCKED", at=START + 0.005, visible=START + 1)
    assert kinds_of(reconciled(story)) == [Anomaly.PHANTOM]


def test_a_request_without_response_explains_no_entry_of_another_time() -> None:
    """An entry long after an unanswered request is not its entry."""
    story = simple("gone", "approved")
    story.keep(None, "another", "BLOCKED", at=START + 100, visible=START + 100)
    story.read(START + 101)
    assert kinds_of(reconciled(story)) == [Anomaly.PHANTOM]


def test_a_request_that_never_arrived_explains_nothing() -> None:
    """A refused connection left no entry, so an entry at its time is a phantom."""
    story = simple("gone")
    story.exchanges[0] = msgspec.structs.replace(story.exchanges[0], end=Ended.FAILED)
    story.keep(None, "another", "BLOCKED", at=START, visible=START)
    assert kinds_of(reconciled(story)) == [Anomaly.PHANTOM]


def test_an_incomplete_response_needs_no_entry() -> None:
    """A response with headers and an incomplete body may have one entry."""
    story = simple("approved")
    story.exchanges[0] = msgspec.structs.replace(story.exchanges[0], end=Ended.INDETERMINATE)
    assert not reconciled(story).anomalies
    duplicate(story, 0)
    assert kinds_of(reconciled(story)) == [Anomaly.DUPLICATED]
    story.rows.clear()
    assert not reconciled(story).anomalies


def test_earlier_entries_belong_to_no_request() -> None:
    """Entries of the first reading are older than the run, whatever their time."""
    story = Story()
    story.keep(None, "old", "APPROVED", at=START + 0.5, visible=START - 10)
    story.read(START - 1)
    story.send("approved", started=START)
    story.read(START + 3)
    assert not reconciled(story).anomalies


def test_an_entry_without_a_trace_id_is_lost_and_no_phantom() -> None:
    """One error is reported once: the request has no entry of its trace id."""
    story = simple("approved")
    row = story.row_of(0)
    row.entry = msgspec.structs.replace(row.entry, trace_id="")
    assert kinds_of(reconciled(story)) == [Anomaly.LOST]


def test_a_response_without_a_trace_id_has_its_entry_by_its_time() -> None:
    """A response without a trace id breaks ENV-05; its entry is matched by time, and missed otherwise."""
    story = simple("blocked", "approved")
    bare = Response(status=200, body=Body.of(b'{"status": "BLOCKED"}'))
    story.exchanges[0] = msgspec.structs.replace(story.exchanges[0], response=bare)
    assert not reconciled(story).anomalies
    lose(story, 0)
    assert kinds_of(reconciled(story)) == [Anomaly.LOST]


@pytest.mark.parametrize("text", ["02/Jan/2026:03:04:05", "2026-01-02 03:04:05", ""])
def test_a_time_that_cannot_be_read_is_undecided(text: str) -> None:
    """A file has a form of its own for times: one that cannot be read is no finding, and no phantom either."""
    story = simple("approved", "silent")
    for row in story.rows:
        row.entry = msgspec.structs.replace(row.entry, timestamp=text)
    result = reconciled(story, source="jsonl x")
    assert not result.anomalies
    assert result.checks.get("TRL-03", 0) == 0
    assert (repr(text) if text else "an entry has no time") in result.gaps["TRL-03"]
    assert result.gaps["TRL-04"].startswith("whether an entry belongs to a request cannot be told: ")


def test_a_time_that_cannot_be_read_is_no_excuse() -> None:
    """It is a finding in the API, for an entry without one among others, and where no request lacks its entry."""
    story = simple("approved", "approved")
    first = story.row_of(0)
    for text in ("2026-01-02 03:04:05", ""):
        first.entry = msgspec.structs.replace(first.entry, timestamp=text)
        assert kinds_of(reconciled(story)) == [Anomaly.MISTIMED]
    result = reconciled(story, source="jsonl x")
    assert kinds_of(result) == [Anomaly.MISTIMED]
    stray = story.keep(None, "stray", "APPROVED", at=START + 0.5, visible=START)
    stray.entry = msgspec.structs.replace(stray.entry, timestamp="today")
    first.entry = msgspec.structs.replace(first.entry, timestamp=utc(START))
    assert kinds_of(reconciled(story, source="jsonl x")) == [Anomaly.PHANTOM]


@pytest.mark.parametrize("wrong", ["lost", "surplus", "none"])
def test_one_trace_id_for_all(wrong: str) -> None:
    """A backend that gives every response the same trace id is still reconciled by number and state."""
    story = simple("approved", "blocked", "key")
    for place, exchange in enumerate(story.exchanges):
        assert exchange.response is not None
        body = Body.of(msgspec.json.encode({"status": story.row_of(place).entry.state, "trace_id": "same"}))
        response = msgspec.structs.replace(exchange.response, headers=(), body=body)
        story.exchanges[place] = msgspec.structs.replace(exchange, response=response)
        row = story.row_of(place)
        row.entry = msgspec.structs.replace(row.entry, trace_id="same")
    if wrong == "lost":
        lose(story, 1)
    if wrong == "surplus":
        duplicate(story, 0)
    expected = {"lost": [Anomaly.LOST], "surplus": [Anomaly.DUPLICATED], "none": []}[wrong]
    assert kinds_of(reconciled(story)) == expected


def test_header_and_body_that_contradict_each_other() -> None:
    """Whichever of the two trace ids the audit trail has, the entry is matched to the request."""
    story = simple("approved")
    exchange = story.exchanges[0]
    assert exchange.response is not None
    response = msgspec.structs.replace(exchange.response, headers=(("X-Trace-Id", "other"),))
    story.exchanges[0] = msgspec.structs.replace(exchange, response=response)
    assert not reconciled(story).anomalies


def test_a_request_beyond_a_rate_limit_may_have_an_entry() -> None:
    """What limits the rate may stand before the operation: a 429 leaves one entry or none, and never two."""
    story = simple("blocked")
    exchange = story.exchanges[0]
    assert exchange.response is not None
    limited = msgspec.structs.replace(exchange.response, status=429)
    story.exchanges[0] = msgspec.structs.replace(exchange, response=limited)
    assert not reconciled(story).anomalies
    duplicate(story, 0)
    assert kinds_of(reconciled(story)) == [Anomaly.DUPLICATED]
    story.rows.clear()
    assert not reconciled(story).anomalies


def test_a_refusal_that_a_parser_may_have_given() -> None:
    """A head that an HTTP parser may reject can be refused without an entry; any other cannot."""
    story = simple("invalid")
    lose(story, 0)
    assert kinds_of(reconciled(story)) == [Anomaly.LOST]
    exchange = story.exchanges[0]
    long = msgspec.structs.replace(exchange.request, headers=(("X-Long", "x" * 9000),))
    story.exchanges[0] = msgspec.structs.replace(exchange, request=long)
    assert not reconciled(story).anomalies


def test_pairs_have_trails_of_their_own() -> None:
    """An entry of one pair is no entry of another's request, even with the same trace id."""
    story, other_story = simple("approved"), Story(pair="gw1")
    other_story.exchanges = [msgspec.structs.replace(story.exchanges[0], id="gw1-1")]
    other_story.reading_times = list(story.reading_times)
    result = reconcile(story.exchanges + other_story.exchanges, story.readings() + other_story.readings(), TERMS)
    assert [(anomaly.kind, anomaly.exchanges) for anomaly in result.anomalies] == [(Anomaly.LOST, ("gw1-1",))]


def test_requests_to_the_mock_backend_are_not_in_the_trail() -> None:
    """What the mock backend received needs no entry in the backend's trail."""
    story = simple("approved")
    lose(story, 0)
    story.exchanges[0] = msgspec.structs.replace(story.exchanges[0], responded_by="mock")
    assert not reconciled(story).anomalies


def test_requests_under_way_together_are_marked() -> None:
    """An anomaly of a request in parallel reports it (TRL-08)."""
    story = Story()
    story.read(START - 1)
    for number in range(3):
        story.send("approved", started=START + 0.1 * number, took=0.15)
    story.send("approved", started=START + 1, took=0.1)
    story.read(START + 4)
    lose(story, 2)
    lose(story, 3)
    result = reconciled(story)
    assert result.checks["TRL-08"] == 3
    assert {anomaly.exchanges[0]: anomaly.parallel for anomaly in result.anomalies} == {"main-2": True, "main-3": False}


# ---- what cannot be decided ----


def test_without_any_reading_nothing_is_decided() -> None:
    """A trail that was never read is a gap of every requirement about it."""
    story = simple("approved")
    story.reading_times.clear()
    result = reconciled(story)
    assert not result.anomalies
    assert "never read" in result.gaps["TRL-01"]


def test_a_trail_that_cannot_be_read_is_a_gap() -> None:
    """The gap's reason is the error of the source."""
    story = simple("approved")
    failed = [
        msgspec.structs.replace(reading, entries=(), layout=(), error="no such table") for reading in story.readings()
    ]
    assert reconcile(story.exchanges, failed, TERMS).gaps["TRL-04"] == "no such table"


def test_an_audit_trail_that_can_be_read_no_more_is_a_gap() -> None:
    """Requests after the last reading are undecided, for the reason that later readings failed."""
    story = Story()
    story.read(START - 1)
    story.send("approved", started=START)
    first = story.readings()[0]
    late = msgspec.structs.replace(
        first, id="main-9001", at=START + 9, ended=START + 9, entries=(), layout=(), error="gone"
    )
    result = reconcile(story.exchanges, [first, late], TERMS)
    assert not result.anomalies
    assert result.gaps["TRL-01"] == "gone"


def test_a_reading_too_early_proves_no_loss() -> None:
    """An entry that is missing before it must be visible is undecided, not lost."""
    story = Story()
    story.read(START - 1)
    story.send("approved", started=START)
    story.read(START + 1)
    lose(story, 0)
    result = reconciled(story)
    assert not result.anomalies
    assert "1 requests" in result.gaps["TRL-01"]


def test_a_full_reading_proves_no_loss_of_older_entries() -> None:
    """An entry that newer ones may have displaced is not lost; an entry above an older one is."""
    story = Story(limit=3)
    story.read(START - 1)
    for number in range(6):
        story.send("approved", started=START + number)
    story.read(START + 10)
    lose(story, 0)
    assert not reconciled(story).anomalies
    lose(story, 4)
    assert [anomaly.exchanges for anomaly in reconciled(story).anomalies] == [("main-4",)]


def test_a_failed_reading_may_have_left_an_entry() -> None:
    """An interrupted read of the API may leave an entry with an unknown trace id (D12)."""
    story = simple("approved")
    row = Row(entry=TrailEntry(timestamp=utc(START + 5), state="NEUTRAL", trace_id="r"), at=START + 5, visible=START)
    story.rows.append(row)
    story.read(START + 30)
    readings = story.readings()
    assert kinds_of(reconcile(story.exchanges, readings, TERMS)) == [Anomaly.PHANTOM]
    broken = msgspec.structs.replace(readings[0], id="main-777", entries=(), layout=(), error="late", at=START + 5)
    assert not reconcile(story.exchanges, [*readings, broken], TERMS).anomalies


def test_reads_of_the_gate_itself_are_no_phantoms() -> None:
    """The trace ids of the gate's own reads are known."""
    story = simple("approved")
    story.keep(None, "own", "NEUTRAL", at=START + 1, visible=START + 1)
    readings = story.readings()
    readings[0] = msgspec.structs.replace(readings[0], reads=("own",))
    assert not reconcile(story.exchanges, readings, TERMS).anomalies


def test_whole_lists_need_no_layout() -> None:
    """A reading without a layout shows its entries, newest first."""
    story = simple("approved", "blocked")
    readings = [
        msgspec.structs.replace(reading, layout=(), entries=tuple(story.shown(reading.at)))
        for reading in story.readings()
    ]
    result = reconcile(story.exchanges, readings, TERMS)
    assert not result.anomalies
    assert result.checks["TRL-01"] == 2


def test_a_crash_leaves_requests_in_doubt_and_its_entries_are_missed() -> None:
    """What was under way when the backend ended may have an entry or none; one that a restart lost has vanished."""
    story = Story()
    story.read(START - 1)
    kept = story.send("approved", started=START)
    story.read(START + 3)
    for kind in ("gone", "silent", "gone"):
        story.send(kind, started=START + 4)
    refused = story.send("gone", started=START + 5)
    story.exchanges[refused] = msgspec.structs.replace(story.exchanges[refused], end=Ended.FAILED)
    story.send("approved", started=START + 6)
    story.read(START + 9)
    whole = [story.shown(at) for at in story.reading_times]
    assert not reconciled(story, whole).anomalies
    own = story.row_of(kept).entry
    after = [[entry for entry in entries if entry != own] for entries in whole[2:]]
    assert kinds_of(reconciled(story, [*whole[:2], *after])) == [Anomaly.MISSING]


# ---- a trail that cannot be synced ----


@pytest.mark.parametrize(("fault", "found"), [("a disk that syncs nothing", []), ("", [Anomaly.MISSTATED])])
def test_an_entry_of_a_refused_request_may_stay_where_syncs_fail(fault: str, found: list[Anomaly]) -> None:
    """What was written and could not be synced keeps its state; without a fault, such an entry is wrong."""
    story = Story()
    place = story.send("unwritten", started=START)
    story.exchanges[place] = msgspec.structs.replace(story.exchanges[place], under_fault=fault)
    story.keep(place, f"t-{story.pair}-{place}", "APPROVED", at=START, visible=START + 0.01)
    story.read(START - 1)
    story.read(START + 10)
    assert kinds_of(reconciled(story)) == found
