"""CON-21: which displays between a press and its response could be read as an approval of the command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from technogate.checks.console_waiting import HeldCommand, shows_no_approval_meanwhile
from technogate.checks.example_evidence import ExampleEvidence
from technogate.model.interim_display import InterimDisplay
from tests.checks.test_registry import contract as contract
from tests.checks.test_registry import evidence as evidence

BLANK = InterimDisplay(text="Result", opacity=0.0)
EARLIER = InterimDisplay(
    status="APPROVED", trace_id="t-1", text="Result\nAPPROVED\nt-1", style="green", until=9.0, frames=(5.1, 5.2, 5.3)
)
GONE = replace(EARLIER, until=4.9, frames=())


def found(
    evidence: ExampleEvidence, *displays: InterimDisplay, earlier: str = "", command: str = "SECOND"
) -> list[str]:
    """What is observed while `command`, sent at 5 s, is held after these displays."""
    held = HeldCommand(command=command, blank=BLANK, displays=displays, sent_at=5.0, earlier=earlier)
    findings = shows_no_approval_meanwhile(evidence.interaction(status="BLOCKED"), held, "APPROVED")
    return [finding.observed for finding in findings]


@pytest.mark.parametrize(
    "display",
    [
        InterimDisplay(text="Result"),
        InterimDisplay(status="", message="Waiting for SECOND", text="Result\nWaiting for SECOND"),
        InterimDisplay(status="BLOCKED", trace_id="local-1", text="Result\nBLOCKED"),
        InterimDisplay(status="PENDING", text="Result\nnot yet approved"),
        InterimDisplay(status="UNAPPROVED_SO_FAR", text="Result"),
    ],
)
def test_a_page_that_waits_is_not_blamed(evidence: ExampleEvidence, display: InterimDisplay) -> None:
    """Nothing, a note, BLOCKED and other words are no approval."""
    assert found(evidence, BLANK, display) == []
    assert found(evidence, GONE, display, earlier="FIRST") == []


@pytest.mark.parametrize(
    "display",
    [
        InterimDisplay(status="APPROVED", text="Result\nAPPROVED"),
        InterimDisplay(status="Approved", text="Result"),
        InterimDisplay(status="APPROVED (unconfirmed)", text="Result"),
        InterimDisplay(status="APPROVED", text="Result", opacity=0.3),
        InterimDisplay(text="Result\nSECOND: APPROVED"),
        InterimDisplay(text="Result\nAPPROVED", message="APPROVED"),
    ],
)
def test_an_optimistic_approval_counts_however_brief(evidence: ExampleEvidence, display: InterimDisplay) -> None:
    """An approval before any response is found in the status and in all other text, dimmed, and in no frame at all."""
    assert found(evidence, BLANK, display, BLANK) == ["APPROVED is shown before the response"]


def test_an_optimistic_approval_after_an_earlier_one_has_no_trace_id_of_it(evidence: ExampleEvidence) -> None:
    """Another trace id, or one more mention, makes it a new approval; the same trace id is the last result."""
    new = replace(EARLIER, trace_id="t-2")
    more = replace(EARLIER, text=EARLIER.text + "\nAPPROVED")
    blocked = replace(EARLIER, status="BLOCKED", text="Result\nBLOCKED\nt-1")
    assert found(evidence, EARLIER, new, earlier="FIRST") == ["APPROVED is shown before the response"]
    assert found(evidence, EARLIER, replace(more, status=""), earlier="FIRST") == [
        "APPROVED is shown before the response"
    ]
    assert found(evidence, blocked, EARLIER, earlier="FIRST") == ["APPROVED is shown before the response"]


def test_the_last_result_left_beside_another_command(evidence: ExampleEvidence) -> None:
    """The display from before the press counts when it outlives the sending of the request."""
    assert found(evidence, EARLIER, earlier="FIRST") == ["the APPROVED of FIRST is left beside SECOND"]
    assert found(evidence, EARLIER, earlier="SECOND") == ["the APPROVED of SECOND is left beside SECOND"]


def test_a_counter_beside_the_last_result_does_not_excuse_it(evidence: ExampleEvidence) -> None:
    """A page that changes in every frame leaves its result in each of these states."""
    counted = [
        replace(EARLIER, text=f"{EARLIER.text}\n{number} s", at=5 + number / 20, until=5.05 + number / 20,
                frames=(5.01 + number / 20,))
        for number in range(5)
    ]  # fmt: skip
    assert found(evidence, GONE, *counted, earlier="FIRST") == ["the APPROVED of FIRST is left beside SECOND"]


@pytest.mark.parametrize(
    "changes",
    [
        {"until": 5.05},
        {"frames": (4.8, 4.9, 5.01, 5.02)},
        {"opacity": 0.5},
        {"style": "grey"},
        {"covered": True},
        {"text": "Result\nFIRST\nAPPROVED\nt-1"},
    ],
)
def test_a_result_that_is_told_apart_is_not_blamed(evidence: ExampleEvidence, changes: dict[str, object]) -> None:
    """One that goes at once, or is dimmed, covered, recoloured or named, is not read as the new command's."""
    after = replace(EARLIER, **changes)  # type: ignore[arg-type]
    assert found(evidence, GONE, after, earlier="FIRST") == []


def test_a_name_alone_does_not_tell_the_same_command_apart(evidence: ExampleEvidence) -> None:
    """When the same command runs again, the page must say something more beside its name than before."""
    named = replace(EARLIER, text="Result\nFIRST\nAPPROVED\nt-1")
    noted = replace(named, text=named.text + "\nwaiting for the next one")
    before = replace(named, until=4.9, frames=())
    assert found(evidence, named, earlier="FIRST") == []
    assert found(evidence, named, earlier="FIRST", command="FIRST") == ["the APPROVED of FIRST is left beside FIRST"]
    assert found(evidence, before, noted, earlier="FIRST", command="FIRST") == []


def test_what_a_page_says_without_any_result_is_no_approval(evidence: ExampleEvidence) -> None:
    """A legend that names the statuses is there before any command."""
    legend = InterimDisplay(text="Result: APPROVED, BLOCKED or EXPIRED", until=9.0, frames=(5.1, 5.2, 5.3))
    held = HeldCommand(command="SECOND", blank=legend, displays=[legend], sent_at=5.0)
    assert shows_no_approval_meanwhile(evidence.interaction(status="BLOCKED"), held, "APPROVED") == []
