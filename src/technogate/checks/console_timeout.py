"""CON-06, CON-10: when a console aborts a response that never becomes complete. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.behavior import Time

#: The error of an exchange that never ended.
UNDER_WAY = "still under way"


def aborted_in_time(interaction: Interaction, operation: str, time: Time) -> list[Finding]:
    """The stalled request of `operation` was aborted within the window: its connection was closed then."""
    stalled = _stalled(interaction, operation)
    if stalled is None:
        return finding("aborted", interaction, f"{operation} is requested", "it was never requested")
    window = f"{operation} aborted between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if UNDER_WAY in stalled.error:
        return finding("aborted", interaction, window, "its connection was still open when the time was over")
    if time.abort_earliest_s <= stalled.seconds <= time.abort_latest_s:
        return []
    return finding("aborted", interaction, window, f"aborted after {stalled.seconds:.1f} s")


def shown_in_time(interaction: Interaction, operation: str, time: Time) -> list[Finding]:
    """What came of the stalled request of `operation` was shown within the window."""
    stalled = _stalled(interaction, operation)
    if stalled is None:
        return finding("shown in time", interaction, f"{operation} is requested", "it was never requested")
    window = f"an outcome between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if "pending" in interaction.shown:
        waited = interaction.rendered.ended - stalled.started
        return finding("shown in time", interaction, window, f"the console was still waiting after {waited:.1f} s")
    took = interaction.rendered.ended - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("shown in time", interaction, window, f"an outcome after {took:.1f} s")


def requested_in_time(interaction: Interaction, operation: str, then: str, time: Time) -> list[Finding]:
    """Once `operation` stalled, `then` was requested within the window (CON-10)."""
    stalled, next_one = _stalled(interaction, operation), _stalled(interaction, then)
    window = f"{then} requested between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if stalled is None or next_one is None:
        return finding("requested in time", interaction, window, "it was never requested")
    took = next_one.started - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("requested in time", interaction, window, f"requested after {took:.1f} s")


def _stalled(interaction: Interaction, operation: str) -> Exchange | None:
    """The first request of `operation`: the one without a complete response."""
    return next(iter(interaction.sent(operation)), None)


def _stall(e: ExampleEvidence, seconds: float, *, then: float = 0.0) -> Interaction:
    """A request that took so long, and one that began so many seconds later; then something was shown."""
    first = e.exchange(200, {}, operation="self-test", seconds=seconds)
    second = msgspec.structs.replace(first, operation="self-test-then", started=first.started + then)
    made = e.interaction(first, second, status=e.blocked)
    rendered = msgspec.structs.replace(made.rendered, started=first.started, ended=first.ended)
    return Interaction(rendered=rendered, exchanges=made.exchanges)


def _middle(e: ExampleEvidence) -> float:
    """The middle of the window in which a console must give up, in seconds."""
    return (e.contract.behavior.time.abort_earliest_s + e.contract.behavior.time.abort_latest_s) / 2


EXAMPLES = (
    Example(
        requirement="CON-06",
        predicate=aborted_in_time,
        good=lambda e: (_stall(e, _middle(e)), "self-test", e.contract.behavior.time),
        bad=lambda e: (
            _stall(e, _middle(e) * 2),
            "self-test",
            e.contract.behavior.time,
        ),
    ),
    Example(
        requirement="CON-06",
        predicate=shown_in_time,
        good=lambda e: (_stall(e, _middle(e)), "self-test", e.contract.behavior.time),
        bad=lambda e: (
            _stall(e, _middle(e) * 2),
            "self-test",
            e.contract.behavior.time,
        ),
    ),
    Example(
        requirement="CON-10",
        predicate=requested_in_time,
        good=lambda e: (_stall(e, 1, then=_middle(e)), "self-test", "self-test-then", e.contract.behavior.time),
        bad=lambda e: (_stall(e, 1), "self-test", "self-test-then", e.contract.behavior.time),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
