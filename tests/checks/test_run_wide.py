"""Each run-wide check: it passes a conforming run, reports planted defects, and names its gaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from technogate.checks.registry import REGISTRY
from technogate.checks.whole_run import RunWideResult, WholeRun
from technogate.judging.judge import judge
from technogate.model.events import (
    Body,
    Ended,
    Event,
    Exchange,
    FaultEvent,
    Header,
    Output,
    Request,
    Response,
    TrailEntry,
    TrailReading,
)
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import Verdict
from tests import builders
from tests.trail.story import AUDIT, EXECUTE, MEMORY, START, TERMS, Kind, Story

RunWideChecking = Callable[..., RunWideResult]


def head() -> Header:
    """A header with the terms of the stories."""
    return msgspec.structs.replace(
        builders.header(),
        guarded=(EXECUTE, AUDIT, MEMORY),
        execute=EXECUTE,
        tolerance_s=TERMS.tolerance_s,
        p99_s={EXECUTE: 1.0},
        slow="SLOW",
    )


@pytest.fixture
def run_wide_checking(tmp_path: Path) -> RunWideChecking:
    """Run the run-wide check of one requirement over a journal of events."""

    def run(requirement: str, *events: Event) -> RunWideResult:
        whole = WholeRun(builders.journal(tmp_path, *events, head=head()))
        return next(
            run_wide_check for run_wide_check in REGISTRY.run_wide_checks if run_wide_check.requirement == requirement
        ).run(whole)

    return run


def read_before_and_after(*kinds: Kind) -> Story:
    """Requests a second apart, with the audit trail read before and after."""
    story = Story()
    story.read(START - 1)
    for number, kind in enumerate(kinds):
        story.send(kind, started=START + number)
    story.read(START + len(kinds) + 2)
    return story


def events(story: Story) -> list[Event]:
    """Return the events that a run of this story records."""
    return [*story.exchanges, *story.readings()]


def answered(status: int = 200, body: str = "{}", *, number: int = 1, seconds: float = 0.1, sent: str = "") -> Exchange:
    """One execute with its response."""
    return msgspec.structs.replace(
        builders.exchange(number, trace_id=f"t-{number}"),
        request=Request(method="POST", path="/api/execute", body=Body.of(sent.encode())),
        response=Response(status=status, headers=(("X-Trace-Id", f"t-{number}"),), body=Body.of(body.encode())),
        started=START,
        ended=START + seconds,
    )


def read(*entries: TrailEntry, leaks: tuple[str, ...] = ()) -> TrailReading:
    """One reading."""
    return TrailReading(id="main-77", item="one", source="api x", at=START + 9, entries=entries, leaks=leaks)


def test_each_requirement_has_one_run_wide_check() -> None:
    """The name under which a run-wide check is listed is its own."""
    assert len({run_wide_check.item for run_wide_check in REGISTRY.run_wide_checks}) == len(REGISTRY.run_wide_checks)


@pytest.mark.parametrize("requirement", ["TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "AUD-04"])
def test_a_conforming_trail_passes(run_wide_checking: RunWideChecking, requirement: str) -> None:
    """Every run-wide check of the audit trail checks something in a conforming run, and has no finding."""
    story = read_before_and_after("approved", "key", "read")
    story.reading_times.insert(1, START + 1.5)
    result = run_wide_checking(requirement, *events(story))
    assert result.checks > 0
    assert (result.findings, result.gap) == ((), "")


@pytest.mark.parametrize(("kind", "requirement"), [("approved", "TRL-01"), ("key", "TRL-02")])
def test_a_lost_entry_is_a_finding(run_wide_checking: RunWideChecking, kind: Kind, requirement: str) -> None:
    """The finding names requirement, exchange and trace id."""
    story = read_before_and_after(kind)
    story.rows.clear()
    result = run_wide_checking(requirement, *events(story))
    assert [(finding.exchanges, finding.trace_id) for finding in result.findings] == [(("main-0",), "t-main-0")]
    assert result.findings[0].observed.startswith("lost")


def test_a_phantom_is_a_finding_of_its_own(run_wide_checking: RunWideChecking) -> None:
    """The finding shows the entry."""
    story = read_before_and_after("approved")
    story.keep(None, "nobody", "APPROVED", at=START, visible=START)
    result = run_wide_checking("TRL-04", *events(story))
    assert [finding.example["entry's trace_id"] for finding in result.findings] == ["nobody"]
    assert not run_wide_checking("TRL-01", *events(story)).findings


def test_parallel_losses_are_reported_together(run_wide_checking: RunWideChecking) -> None:
    """TRL-08 names how many of the requests in parallel have no entry."""
    story = Story()
    story.read(START - 1)
    for number in range(4):
        story.send("approved", started=START + number / 100, took=1.0)
    story.read(START + 5)
    assert run_wide_checking("TRL-08", *events(story)).findings == ()
    del story.rows[1:3]
    result = run_wide_checking("TRL-08", *events(story))
    assert result.checks == 4
    assert [finding.observed for finding in result.findings] == ["2 entries lost: t-main-1, t-main-2"]


def test_serial_requests_prove_nothing_of_parallel_ones(run_wide_checking: RunWideChecking) -> None:
    """Without parallel requests TRL-08 checks nothing."""
    assert run_wide_checking("TRL-08", *events(read_before_and_after("approved", "approved"))).checks == 0


def test_an_unread_trail_is_a_gap(run_wide_checking: RunWideChecking) -> None:
    """An unread audit trail leaves the check undecided, with reason and hint; it is neither a pass nor a finding."""
    result = run_wide_checking("TRL-01", *read_before_and_after("approved").exchanges)
    assert not result.findings
    assert "never read" in result.gap
    assert result.hint


def test_the_judge_makes_a_gap_inconclusive(tmp_path: Path) -> None:
    """A requirement whose run-wide check has a gap is inconclusive with that reason, though its items passed."""
    requirement = Requirement(id="TRL-01", party=Party.BACKEND, level=Level.MUST, group="execute", text="x")
    header = msgspec.structs.replace(head(), requirements=(requirement,))
    told_events: list[Event] = [
        builders.plan(("a", "TRL-01")),
        builders.result("a", "TRL-01"),
        *read_before_and_after("approved").exchanges,
    ]
    result = judge(builders.journal(tmp_path, *told_events, head=header)).requirements[0]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "never read" in result.reason


def test_the_judge_passes_what_the_run_wide_check_passes(tmp_path: Path) -> None:
    """With the audit trail read, item and run-wide check pass."""
    row = Requirement(id="TRL-01", party=Party.BACKEND, level=Level.MUST, group="execute", text="x")
    header = msgspec.structs.replace(head(), requirements=(row,))
    story: list[Event] = [
        builders.plan(("a", "TRL-01")),
        builders.result("a", "TRL-01"),
        *events(read_before_and_after("approved")),
    ]
    document = judge(builders.journal(tmp_path, *story, head=header))
    assert document.requirements[0].verdict is Verdict.PASS
    assert [(row.operation, row.count) for row in document.latency] == [(EXECUTE, 1)]


def test_a_server_error_must_be_an_error_response(run_wide_checking: RunWideChecking) -> None:
    """A recorded problem of a 5xx is a finding; a body that was not observed is none."""
    wrong = msgspec.structs.replace(answered(500), problems=("$: expected reason_codes",))
    assert not run_wide_checking("ERR-02", answered(500)).findings
    assert "expected reason_codes" in run_wide_checking("ERR-02", wrong).findings[0].observed
    assert wrong.response is not None
    unseen = msgspec.structs.replace(wrong.response, body=Body(cut=True))
    assert run_wide_checking("ERR-02", msgspec.structs.replace(wrong, response=unseen)).checks == 0
    assert "5xx" in run_wide_checking("ERR-02", answered(200)).gap


def test_leaks_of_responses_are_reported_once_each(run_wide_checking: RunWideChecking) -> None:
    """The same leak in many responses is one finding with their number."""
    body = '{"message": "open /var/lib/trail.db"}'
    result = run_wide_checking(
        "ERR-03", *(answered(500, body, number=number) for number in range(1, 4)), answered(number=9)
    )
    assert result.checks == 4
    assert [finding.observed for finding in result.findings] == [
        "a file path in the body's message: /var/lib/trail.db, and in 2 more responses"
    ]


def test_a_served_document_is_no_error_response(run_wide_checking: RunWideChecking) -> None:
    """Documents beside the contract's operations may name paths and hosts; errors may not."""
    page = msgspec.structs.replace(answered(200, '{"servers": ["http://localhost:1"]}'), operation="")
    assert run_wide_checking("ERR-03", page).checks == 0
    assert run_wide_checking("ERR-03", answered(404, '{"message": "http://localhost:1"}')).findings


def test_the_key_is_found_wherever_it_leaked(run_wide_checking: RunWideChecking) -> None:
    """The key is found in a response, in an entry of the audit trail and in the backend's log."""
    response = msgspec.structs.replace(answered(), leaks=("body (plain)",))
    trail = read(TrailEntry(trace_id="t-1"), leaks=("action (plain)",))
    log = Output(program="backend", text="x", leaks=("plain",))
    assert not run_wide_checking("AUT-06", answered(), read(TrailEntry()), Output(program="backend", text="x")).findings
    for leaking in (response, trail, log):
        assert len(run_wide_checking("AUT-06", answered(number=5), leaking).findings) == 1
    assert len(run_wide_checking("TRL-09", answered(), trail).findings) == 1
    assert len(run_wide_checking("ERR-03", response).findings) == 1


SENT = '{"command": "PING", "session_id": "Session-4711", "note": {"deep": "a private word"}}'


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "PING_Session-4711"),
        ("execution_id", "Session-4711"),
        ("extra", {"session": "Session-4711"}),
        ("extra", {"body": "x a private word y"}),
        ("extra", {"Session-4711": ""}),
    ],
)
def test_sent_text_is_found_in_the_trail(run_wide_checking: RunWideChecking, field: str, value: object) -> None:
    """A session id or a string of the body is found in any field of an entry."""
    entry = msgspec.structs.replace(TrailEntry(trace_id="t-1", action="PING"), **{field: value})
    result = run_wide_checking("TRL-09", answered(sent=SENT), read(entry))
    assert result.findings
    assert result.findings[0].exchanges == ("main-1",)


def test_a_commands_name_is_no_payload(run_wide_checking: RunWideChecking) -> None:
    """An action may be the command; a short or common string proves nothing."""
    sent = '{"command": "LONG_COMMAND", "session_id": "00000000", "a": "short", "b": "APPROVED"}'
    entry = TrailEntry(action="LONG_COMMAND", state="APPROVED", trace_id="00000000-short", timestamp="2026")
    result = run_wide_checking("TRL-09", answered(sent=sent), answered(sent=SENT, number=2), read(entry))
    assert (result.checks, result.findings) == (1, ())


def test_a_run_without_payloads_proves_nothing(run_wide_checking: RunWideChecking) -> None:
    """A run that sent no session id and no payload leaves TRL-09 open."""
    result = run_wide_checking("TRL-09", answered(sent='{"command": "PING"}'), read(TrailEntry()))
    assert (result.checks, bool(result.gap)) == (0, True)


def test_a_response_after_the_limit_is_a_finding(run_wide_checking: RunWideChecking) -> None:
    """Complete or not, a response without fault that exceeds the contract's limit is a finding."""
    late = answered(seconds=15.2)
    never = msgspec.structs.replace(answered(seconds=18, number=2), response=None, end=Ended.INDETERMINATE)
    assert not run_wide_checking("TMO-01", answered(seconds=14.9)).findings
    assert [finding.exchanges for finding in run_wide_checking("TMO-01", late, never).findings] == [
        ("main-1",),
        ("main-2",),
    ]


@pytest.mark.parametrize("by", ["exchange", "item", "command"])
def test_a_response_under_fault_may_be_slow(run_wide_checking: RunWideChecking, by: str) -> None:
    """A fault of the exchange, a fault within its item, or a command that hangs allows a slow response."""
    late = answered(seconds=15.2, sent='{"command": "SLOW"}' if by == "command" else "")
    if by == "exchange":
        late = msgspec.structs.replace(late, under_fault="a freeze")
    fault = [FaultEvent(item="one", kind="freeze", phase="injected", at=START)] if by == "item" else []
    result = run_wide_checking("TMO-01", late, *fault)
    assert (result.checks, result.findings) == (0, ())


def test_p99_needs_enough_responses(run_wide_checking: RunWideChecking) -> None:
    """An operation with a limit needs twenty responses; one slow response passes in a hundred, not in twenty."""

    def of(count: int, slow: int) -> list[Exchange]:
        return [answered(number=number, seconds=3.0 if number <= slow else 0.1) for number in range(1, count + 1)]

    assert "fewer than 20" in run_wide_checking("TMO-02", *of(19, 0)).gap
    assert run_wide_checking("TMO-02", *of(20, 0)).gap == ""
    assert not run_wide_checking("TMO-02", *of(100, 1)).findings
    assert [finding.operation for finding in run_wide_checking("TMO-02", *of(20, 1)).findings] == [EXECUTE]


def test_findings_are_limited_in_number(run_wide_checking: RunWideChecking) -> None:
    """A run-wide check stops at twenty findings and counts every comparison."""
    kinds: list[Kind] = ["approved"] * 30
    story = read_before_and_after(*kinds)
    story.rows.clear()
    result = run_wide_checking("TRL-01", *events(story))
    assert (result.checks, len(result.findings)) == (30, 20)
