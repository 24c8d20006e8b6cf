"""CON-02, CON-03, CON-18: what the console shows for a status."""

import json

import pytest

from fixtures.console_harnesses import MISSING, Harness
from technogate.checks.console_display import shows, shows_blocked, shows_reasons
from technogate.checks.console_requests import sent_times, was_sent
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
def test_approval_is_shown(harness: Harness, trace_id: str, must_hold: MustHold) -> None:
    """A conforming APPROVED response is shown as APPROVED with its trace id."""
    interaction = harness.execute(harness.conforming(trace_id=trace_id), must_send=True)
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", "APPROVED"),
        shows(interaction, "trace_id", trace_id),
    )


@requirement("CON-02")
def test_optional_fields_change_nothing(harness: Harness, must_hold: MustHold) -> None:
    """An APPROVED response with reason codes, a message and an execution id is shown as APPROVED."""
    interaction = harness.execute(
        harness.conforming(execution_id="exec_1", message="done", reason_codes=["API_BLOCKED"]), must_send=True
    )
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", "APPROVED"),
        shows_reasons(interaction, ["API_BLOCKED"]),
    )


@requirement("CON-03")
@pytest.mark.parametrize(
    "status", UNKNOWN, ids=lambda status: "missing" if status == MISSING else json.dumps(status)[:30]
)
def test_unknown_status_is_blocked(wide_harness: Harness, status: object, must_hold: MustHold) -> None:
    """A status that is none of the five, or none at all, is shown as BLOCKED."""
    harness = wide_harness
    interaction = harness.execute(harness.conforming(status=status, reason_codes=["WHY"]))
    must_hold(sent_times(interaction, harness.names.execute, 1), shows_blocked(interaction))


@requirement("CON-18")
@pytest.mark.parametrize(
    "codes", [["API_BLOCKED"], ["SESSION_EXPIRED", "API_BLOCKED", "Custom_Reason_7"]], ids=["one", "three"]
)
@pytest.mark.parametrize("status", ["BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"])
def test_other_statuses_are_shown_as_such(harness: Harness, status: str, codes: list[str], must_hold: MustHold) -> None:
    """Each of the other four is shown as itself, with its reason codes and trace id, never as an approval."""
    trace_id = harness.new_trace_id()
    reply = harness.conforming(status=status, reason_codes=codes, trace_id=trace_id)
    interaction = harness.execute(reply, must_send=True)
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", status),
        shows_reasons(interaction, codes),
        shows(interaction, "trace_id", trace_id),
    )
