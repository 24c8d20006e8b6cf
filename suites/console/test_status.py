"""CON-02, CON-03, CON-18: what a status makes the console say."""

import json

import pytest

from fixtures.console import MISSING, Stage
from technogate.checks import console
from technogate.runner.suite import MustHold, requirement

UNKNOWN: list[object] = [
    "approved",
    "Approved",
    "APPROVED ",
    " APPROVED",
    "APPROVED\n",
    "\tAPPROVED",
    "APPROVE",
    "APPROVED_",
    "APPROVED,BLOCKED",
    "\u0410PPROVED",  # a Cyrillic capital A
    "\uff21PPROVED",  # a full-width A
    "APPROVED\u200b",
    "OK",
    "SUCCESS",
    "PENDING",
    "ALLOWED",
    "",
    None,
    True,
    0,
    1,
    200,
    ["APPROVED"],
    [],
    {"status": "APPROVED"},
    MISSING,
]


@requirement("CON-02")
@pytest.mark.parametrize("trace_id", ["t", "api-200", "0f8fad5b-d9cb-469f-a165-70867728950e", "a" * 64])
def test_approval_is_shown(stage: Stage, trace_id: str, must_hold: MustHold) -> None:
    """A conforming APPROVED answer is shown as APPROVED with its trace id."""
    scene = stage.execute(stage.conforming(trace_id=trace_id))
    must_hold(console.shows(scene, "status", "APPROVED"), console.shows(scene, "trace_id", trace_id))


@requirement("CON-02")
def test_optional_fields_change_nothing(stage: Stage, must_hold: MustHold) -> None:
    """An APPROVED answer with reason codes, a message and an execution id is shown as APPROVED."""
    scene = stage.execute(stage.conforming(execution_id="exec_1", message="done", reason_codes=["API_BLOCKED"]))
    must_hold(console.shows(scene, "status", "APPROVED"), console.shows_reasons(scene, ["API_BLOCKED"]))


@requirement("CON-03")
@pytest.mark.parametrize(
    "status", UNKNOWN, ids=lambda status: "missing" if status == MISSING else json.dumps(status)[:30]
)
def test_unknown_status_is_blocked(wide_stage: Stage, status: object, must_hold: MustHold) -> None:
    """A status that is none of the five, or none at all, is shown as BLOCKED."""
    stage = wide_stage
    scene = stage.execute(stage.conforming(status=status, reason_codes=["WHY"]))
    must_hold(console.asked(scene, stage.names.execute, 1), console.blocked(scene))


@requirement("CON-18")
@pytest.mark.parametrize(
    "codes", [["API_BLOCKED"], ["SESSION_EXPIRED", "API_BLOCKED", "Custom_Reason_7"]], ids=["one", "three"]
)
@pytest.mark.parametrize("status", ["BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"])
def test_other_statuses_are_shown_as_such(stage: Stage, status: str, codes: list[str], must_hold: MustHold) -> None:
    """Each of the other four is shown as itself, with its reason codes and trace id, never as an approval."""
    trace_id = stage.new_trace_id()
    scene = stage.execute(stage.conforming(status=status, reason_codes=codes, trace_id=trace_id))
    must_hold(
        console.shows(scene, "status", status),
        console.shows_reasons(scene, codes),
        console.shows(scene, "trace_id", trace_id),
    )
