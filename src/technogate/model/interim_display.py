"""What a console shows between the press that sends a command and the response to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterimDisplay:
    """One state of the result while a response is awaited; times are in seconds since the epoch.

    `status`, `trace_id`, `reason_codes` and `message` are the parts of the result, "" for one that is not visible.
    `text` is all that the result's region and the page's announcements say. `opacity` (0 to 1), `style` and `covered`
    are how the status is drawn. `frames` are the times at which a picture of the page was about to be drawn in this
    state.
    """

    status: str = ""
    trace_id: str = ""
    reason_codes: str = ""
    message: str = ""
    text: str = ""
    opacity: float = 1.0
    style: str = ""
    covered: bool = False
    at: float = 0.0
    until: float = 0.0
    frames: tuple[float, ...] = ()
