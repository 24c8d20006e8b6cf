"""The result of a replay, from two journals alone: FIXED requires every proof; without one it is CANNOT TELL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from technogate.judging.judge import judge
from technogate.model.events import Abort, Body, Event, Exchange, Finding, Outcome, Proof, Request, Response
from technogate.replay.compare import Replayed, ReplayState, compare
from technogate.replay.finding_lookup import LocatedFinding, look_up
from tests import builders

PLAN = builders.plan(("one", "AUT-01"))
FAILED = builders.result("one", "AUT-01", Outcome.FAILED)
PASSED = builders.result("one", "AUT-01")
FINDING = builders.finding("one", "AUT-01", "main-1")


def sent(body: str = '{"command":"PING"}', **more: Any) -> Exchange:
    """One request to the backend."""
    request = Request(method="POST", path="/api/execute", headers=(("User-Agent", "run 1"),), body=Body(text=body))
    return replace(builders.exchange(1, trace_id="t-1"), request=request, **more)


def found(folder: Path, *events: Event, finding: Finding = FINDING) -> LocatedFinding:
    """A finding in the journal of its run."""
    folder.mkdir()
    builders.journal(folder, PLAN, *events, FAILED, finding)
    return look_up("run1-1", folder / "journal.jsonl")


def replayed(
    tmp_path: Path,
    *events: Event,
    before: LocatedFinding | None = None,
    changes: dict[str, object] | None = None,
    **how: Any,
) -> Replayed:
    """The result of a replay that wrote `events`, with a changed header."""
    folder = tmp_path / "replay"
    folder.mkdir()
    head = builders.header(mode="replay", selection=("AUT-01",))
    journal = builders.journal(folder, *events, head=replace(head, **(changes or {})), **how)
    return compare(before or found(tmp_path / "before", sent()), journal, judge(journal))


def test_fixed_requires_every_proof(tmp_path: Path) -> None:
    """The same request again, in a sound run whose item passed, is FIXED; what is new in each run does not count."""
    again = sent(id="main-7", started=9.0, ended=9.5)
    other = (("User-Agent", "run 2"), ("Host", "127.0.0.1:1"))
    again = replace(again, request=replace(again.request, headers=other))
    assert replayed(tmp_path, PLAN, again, PASSED) == Replayed(state=ReplayState.FIXED)


def test_the_same_check_again_is_still_failing(tmp_path: Path) -> None:
    """A failure of the same check and requirement is enough, on any request."""
    result = replayed(tmp_path, PLAN, sent("{}"), FAILED, FINDING)
    assert result.state is ReplayState.FAILING
    assert result.finding is not None


def head(**changes: object) -> dict[str, object]:
    """Changes to the header of a replay."""
    return changes


CONTRACT = replace(builders.header().contract, digest="1" * 64)
OTHER = replace(FINDING, check="another")
NO_ITEM = builders.plan(("two", "AUT-01")), builders.result("two", "AUT-01")
SILENT = (Proof(name="driver", problem="nothing was seen"),)

#: A missing proof: the events of the replay, how it was written, and a part of the reason.
UNPROVEN: dict[str, tuple[tuple[Event, ...], dict[str, Any], str]] = {
    "nothing was planned": ((sent(), PASSED), {}, "no tests were collected"),
    "the item is gone": ((*NO_ITEM, sent()), {}, "did not run"),
    "the item never finished": ((PLAN, sent()), {}, "did not run"),
    "the item checked nothing": ((PLAN, sent(), replace(PASSED, checks=0)), {}, "made no check"),
    "the item was skipped": ((PLAN, sent(), replace(PASSED, outcome=Outcome.SKIPPED, reason="no page")), {}, "no page"),
    "the item broke": ((PLAN, sent(), replace(PASSED, outcome=Outcome.ERRORED, reason="boom")), {}, "boom"),
    "another check fails": ((PLAN, sent(), FAILED, OTHER), {}, "in another way"),
    "the request was not sent": ((PLAN, PASSED), {}, "was not sent again"),
    "another request was sent": ((PLAN, sent("{}"), PASSED), {}, "was not sent again"),
    "another key was sent": ((PLAN, sent(key="x"), PASSED), {}, "was not sent again"),
    "a crash": ((PLAN, sent(), PASSED, Abort(kind="crash", message="a suite broke")), {}, "a suite broke"),
    "interrupted": ((PLAN, sent(), PASSED), {"end": "interrupted"}, "interrupted"),
    "torn": ((PLAN, sent(), PASSED), {"end": "none"}, "torn"),
    "no self-test": ((PLAN, sent(), PASSED), {"proofs": ()}, "no self-test"),
    "a failed self-test": ((PLAN, sent(), FAILED, FINDING), {"proofs": SILENT}, "nothing was seen"),
    "another contract": ((PLAN, sent(), FAILED, FINDING), {"changes": head(contract=CONTRACT)}, "contract"),
    "another gate": ((PLAN, sent(), PASSED), {"changes": head(gate_digest="2" * 64)}, "the gate has changed"),
    "another seed": ((PLAN, sent(), PASSED), {"changes": head(seed=8)}, "seed"),
    "another profile": ((PLAN, sent(), PASSED), {"changes": head(profile="thorough")}, "profile"),
    "the clock was set back": ((PLAN, sent(), PASSED), {"changes": head(started=4e9)}, "clock"),
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_cannot_tell_without_a_proof(tmp_path: Path, name: str) -> None:
    """Without any one of the proofs the result is CANNOT TELL."""
    events, how, why = UNPROVEN[name]
    result = replayed(tmp_path, *events, **how)
    assert result.state is ReplayState.UNKNOWN
    assert why in result.reason


@pytest.mark.parametrize("again", [True, False])
def test_requires_the_same_hostile_response(tmp_path: Path, again: bool) -> None:
    """A hostile response must be sent again before the finding is FIXED."""

    def answered(body: str, stamp: str) -> Exchange:
        # The mock backend counts its trace ids up: they differ in every run.
        text = f'{{"status":"{body}","ts_utc":"{stamp}","trace_id":"{"harness-1" if "01-01" in stamp else "mock-27"}"}}'
        response = Response(status=200, headers=(("X-Trace-Id", f"mock-{len(stamp)}"),), body=Body(text=text))
        return sent(responded_by="mock", response=response)

    finding = replace(FINDING, smallest="AA==")
    before = found(tmp_path / "before", answered("approved", "2026-01-01T00:00:00Z"), finding=finding)
    given = answered("approved" if again else "APPROVED", "2026-02-02T00:00:00.5Z")
    result = replayed(tmp_path, PLAN, given, PASSED, before=before)
    assert result.state is (ReplayState.FIXED if again else ReplayState.UNKNOWN)


def test_a_finding_of_a_run_wide_check_has_no_item(tmp_path: Path) -> None:
    """A finding that rests on no item and no exchange cannot be replayed; one on exchanges needs their items."""
    whole = replace(FINDING, item="every exchange::AUT-01", exchanges=())
    assert found(tmp_path / "whole", sent(), finding=whole).items == ()
    shown = replace(whole, exchanges=("main-1",))
    assert found(tmp_path / "shown", sent(), finding=shown).items == ("one",)
