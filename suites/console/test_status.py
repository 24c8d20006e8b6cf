"""CON-02, CON-03, CON-18: what the console shows for a status."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import MISSING, Harness
from technogate.checks.console_display import shows, shows_blocked, shows_reasons
from technogate.checks.console_requests import sent_times, was_sent
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

#: What is no status, by what it is: made of the status of an approval.
UNKNOWN: dict[str, Callable[[str], object]] = {
    "in the other case": str.swapcase,
    "capitalized": lambda word: word.capitalize() if word.capitalize() != word else word.upper() + "X",
    "a space after it": lambda word: f"{word} ",
    "a space before it": lambda word: f" {word}",
    "a line after it": lambda word: f"{word}\n",
    "a tab before it": lambda word: f"\t{word}",
    "cut": lambda word: word[:-1],
    "longer": lambda word: f"{word}_",
    "twice": lambda word: f"{word},{word}",
    "with a Cyrillic letter": lambda word: f"\u0410{word[1:]}",
    "with a full-width letter": lambda word: f"{chr(ord(word[0]) + 0xFEE0)}{word[1:]}",
    "with an invisible space": lambda word: f"{word}\u200b",
    "OK": lambda _: "OK",
    "another word": lambda _: "ZZ_PENDING",
    "an everyday word": lambda _: "ALLOWED",
    "empty": lambda _: "",
    "null": lambda _: None,
    "true": lambda _: True,
    "0": lambda _: 0,
    "1": lambda _: 1,
    "200": lambda _: 200,
    "in a list": lambda word: [word],
    "an empty list": lambda _: [],
    "in an object": lambda word: {"status": word},
    "missing": lambda _: MISSING,
}


@requirement("CON-02")
@pytest.mark.parametrize("trace_id", ["t", "api-200", "0f8fad5b-d9cb-469f-a165-70867728950e", "a" * 64])
def test_approval_is_shown(harness: Harness, trace_id: str, must_hold: MustHold) -> None:
    """A conforming approval is shown as such, with its trace id."""
    interaction = harness.execute(harness.conforming(trace_id=trace_id), must_send=True)
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", harness.approved),
        shows(interaction, "trace_id", trace_id),
    )


@requirement("CON-02")
def test_optional_fields_change_nothing(harness: Harness, must_hold: MustHold) -> None:
    """An approval with reason codes, a message and an execution id is shown as such."""
    interaction = harness.execute(
        harness.conforming(execution_id="exec_1", message="done", reason_codes=[harness.reason]), must_send=True
    )
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", harness.approved),
        shows_reasons(interaction, [harness.reason]),
    )


@requirement("CON-03")
@pytest.mark.parametrize("name", UNKNOWN, ids=lambda name: name.replace(" ", "-"))
def test_unknown_status_is_blocked(wide_harness: Harness, name: str, must_hold: MustHold) -> None:
    """A status that is none of the contract's, or none at all, is shown as a refusal."""
    harness = wide_harness
    status = UNKNOWN[name](harness.approved)
    interaction = harness.execute(harness.conforming(status=status, reason_codes=["WHY"]))
    must_hold(sent_times(interaction, harness.names.execute, 1), shows_blocked(interaction))


@requirement("CON-18")
@pytest.mark.parametrize(
    "codes", [["First_Reason"], ["First_Reason", "Second_Reason", "Custom_Reason_7"]], ids=["one", "three"]
)
@pytest.mark.parametrize("outcome", ["blocked", "expired", "warning", "neutral"])
def test_other_statuses_are_shown_as_such(
    harness: Harness, outcome: str, codes: list[str], must_hold: MustHold
) -> None:
    """Each of the others is shown as itself, with its reason codes and trace id, never as an approval."""
    status = harness.status(outcome)
    trace_id = harness.new_trace_id()
    reply = harness.conforming(status=status, reason_codes=codes, trace_id=trace_id)
    interaction = harness.execute(reply, must_send=True)
    must_hold(
        was_sent(interaction, harness.names.execute),
        shows(interaction, "status", status),
        shows_reasons(interaction, codes),
        shows(interaction, "trace_id", trace_id),
    )
