"""Checks of when a console gives up on an answer that never comes whole (CON-06)."""

from __future__ import annotations

from technogate.checks.console import Scene, finding
from technogate.contract.behavior import Time
from technogate.model.events import Exchange, Finding

#: How an exchange that never ended says so.
UNDER_WAY = "still under way"


def aborted(scene: Scene, operation: str, time: Time) -> list[Finding]:
    """The stalled request of `operation` was given up within the window: its connection was closed then."""
    stalled = _stalled(scene, operation)
    if stalled is None:
        return finding("aborted", scene, f"{operation} is asked", "it was never asked")
    window = f"{operation} aborted between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if UNDER_WAY in stalled.error:
        return finding("aborted", scene, window, "its connection was still open when the time was over")
    if time.abort_earliest_s <= stalled.seconds <= time.abort_latest_s:
        return []
    return finding("aborted", scene, window, f"aborted after {stalled.seconds:.1f} s")


def shown_in_time(scene: Scene, operation: str, time: Time) -> list[Finding]:
    """What came of the stalled request of `operation` was shown within the window."""
    stalled = _stalled(scene, operation)
    if stalled is None:
        return finding("shown in time", scene, f"{operation} is asked", "it was never asked")
    window = f"an outcome between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if "pending" in scene.shown:
        waited = scene.view.ended - stalled.started
        return finding("shown in time", scene, window, f"the console was still waiting after {waited:.1f} s")
    took = scene.view.ended - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("shown in time", scene, window, f"an outcome after {took:.1f} s")


def asked_in_time(scene: Scene, operation: str, then: str, time: Time) -> list[Finding]:
    """Once `operation` stalled, `then` was asked within the window (CON-10)."""
    stalled, next_one = _stalled(scene, operation), _stalled(scene, then)
    window = f"{then} asked between {time.abort_earliest_s:g} and {time.abort_latest_s:g} s"
    if stalled is None or next_one is None:
        return finding("asked in time", scene, window, "it was never asked")
    took = next_one.started - stalled.started
    if time.abort_earliest_s <= took <= time.abort_latest_s:
        return []
    return finding("asked in time", scene, window, f"asked after {took:.1f} s")


def _stalled(scene: Scene, operation: str) -> Exchange | None:
    """The first request of `operation`: the one that was left without a whole answer."""
    return next(iter(scene.sent(operation)), None)
