"""Checks of when a console gives up on an answer that never comes whole (CON-06)."""

from __future__ import annotations

from technogate.checks.console import Interaction, finding
from technogate.contract.behavior import Time
from technogate.model.events import Exchange, Finding

#: How an exchange that never ended says so.
UNDER_WAY = "still under way"


def aborted(interaction: Interaction, operation: str, time: Time) -> list[Finding]:
    """The stalled request of `operation` was given up within the window: its connection was closed then."""
    stalled = _stalled(interaction, operation)
    if stalled is None:
        return finding("aborted", interaction, f"{operation} is asked", "it was never asked")
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
        return finding("shown in time", interaction, f"{operation} is asked", "it was never asked")
    window = f"an outcome between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if "pending" in interaction.shown:
        waited = interaction.rendered.ended - stalled.started
        return finding("shown in time", interaction, window, f"the console was still waiting after {waited:.1f} s")
    took = interaction.rendered.ended - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("shown in time", interaction, window, f"an outcome after {took:.1f} s")


def asked_in_time(interaction: Interaction, operation: str, then: str, time: Time) -> list[Finding]:
    """Once `operation` stalled, `then` was asked within the window (CON-10)."""
    stalled, next_one = _stalled(interaction, operation), _stalled(interaction, then)
    window = f"{then} asked between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if stalled is None or next_one is None:
        return finding("asked in time", interaction, window, "it was never asked")
    took = next_one.started - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("asked in time", interaction, window, f"asked after {took:.1f} s")


def _stalled(interaction: Interaction, operation: str) -> Exchange | None:
    """The first request of `operation`: the one that was left without a whole answer."""
    return next(iter(interaction.sent(operation)), None)
