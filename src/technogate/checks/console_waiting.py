"""CON-21: what a console shows between the press that sends a command and the response to it. Pure.

Two things are an approval of a command that has not been answered. A *new* approval is one that was not shown before
the press: an optimistic display. It counts however briefly it is there, and wherever it is said: in the status,
elsewhere in the result's region, in an announcement, by a style sheet, or in a name for those who do not see the page.
A *left* one is the last command's, still beside the new command. It counts once it has outlived the sending of the
request by a few pictures of the page, and unless the page tells it apart from a result of the new command:

- It hides, dims, strikes out, recolours or covers the status, as compared with how it was drawn before the press.
- It names the command that the result belongs to. When the same command runs again, the name alone tells nothing apart:
  then the page must say something else beside it than before the press.

A client function shows nothing until it returns: there, an approval that is returned while the response is held is new.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.events import Finding
from technogate.model.interim_display import InterimDisplay
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: The last result is left when it is still drawn this often after the request was sent, and so long, in seconds.
LEFT_FRAMES = 3
LEFT_S = 0.1

#: The status is dimmed when its opacity falls by this share.
DIMMED = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCommand:
    """A command whose response was held back, and what was shown until its release.

    `blank` is the page before it had any result, `displays` the states since just before the press, that one first.
    The request for `command` was sent at `sent_at`, in seconds since the epoch; `earlier` is the command before it,
    "" for the first one of a page.
    """

    command: str
    blank: InterimDisplay
    displays: Sequence[InterimDisplay]
    sent_at: float
    earlier: str = ""


def shows_no_approval_meanwhile(interaction: Interaction, held: HeldCommand, approved: str) -> list[Finding]:
    """Nothing is shown as an approval of the command while its response is held (CON-21)."""
    expected = f"nothing that could be read as {approved} until {held.command} is answered"
    before, *since = held.displays
    for display in since:
        if _is_new(display, before, held.blank, approved):
            observed = f"{approved} is shown before the response"
            return finding("approval while waiting", interaction, expected, observed, _remarks(display, held))
    kept = [display for display in held.displays if _says(display, held.blank, approved)]
    left = [display for display in kept if not _is_told_apart(display, held)]
    if _outlive_the_sending(left, held.sent_at):
        observed = f"the {approved} of {held.earlier or 'an earlier command'} is left beside {held.command}"
        return finding("last result while waiting", interaction, expected, observed, _remarks(left[-1], held))
    return []


def _is_new(display: InterimDisplay, before: InterimDisplay, blank: InterimDisplay, approved: str) -> bool:
    """Whether the display says more of an approval than was there before the press."""
    if _is_word(approved, display.status):
        return display.status != before.status or display.trace_id not in {before.trace_id, ""}
    return _count(approved, display) > max(_count(approved, before), _count(approved, blank))


def _says(display: InterimDisplay, blank: InterimDisplay, approved: str) -> bool:
    """Whether the display says an approval at all, beyond what the page says without any result."""
    return _is_word(approved, display.status) or _count(approved, display) > _count(approved, blank)


def _outlive_the_sending(displays: Sequence[InterimDisplay], sent_at: float) -> bool:
    """Whether these displays together were drawn often enough, and long enough, after the request was sent."""
    drawn = sum(at > sent_at for display in displays for at in display.frames)
    seconds = sum(max(0.0, display.until - max(display.at, sent_at)) for display in displays)
    return drawn >= LEFT_FRAMES and seconds >= LEFT_S


def _is_told_apart(display: InterimDisplay, held: HeldCommand) -> bool:
    """Whether a person can see that the result is not that of the new command."""
    before = held.displays[0]
    if display.covered or display.opacity <= before.opacity * (1 - DIMMED) or display.style != before.style:
        return True
    named = held.earlier != "" and re.search(rf"\b{re.escape(held.earlier)}\b", display.text) is not None
    return named and (held.earlier != held.command or display.text != before.text)


def _is_word(approved: str, status: str) -> bool:
    """Whether a status says the word, in any case and with whatever around it."""
    return re.search(rf"\b{re.escape(approved)}\b", status, re.IGNORECASE) is not None


def _count(approved: str, display: InterimDisplay) -> int:
    """How often the word itself, in its own case, is in all that is said."""
    return len(re.findall(rf"\b{re.escape(approved)}\b", display.text))


def _remarks(display: InterimDisplay, held: HeldCommand) -> dict[str, str]:
    shown = {
        "status": display.status,
        "trace_id": display.trace_id,
        "message": display.message,
        "all text": display.text,
    }
    remarks = {f"shown while waiting as {name}": text for name, text in shown.items() if text}
    return {"command": held.command, "command before": held.earlier or "none", **remarks}


# ---- examples ----

_APPROVED = InterimDisplay(status="OK", trace_id="t-1", text="OK\nt-1")


def _held(*displays: InterimDisplay, earlier: str = "") -> HeldCommand:
    return HeldCommand(command="SECOND", blank=InterimDisplay(), displays=displays, sent_at=1.0, earlier=earlier)


def _for_a_while(display: InterimDisplay, text: str) -> InterimDisplay:
    """The same, drawn from before the request until a second after it."""
    return InterimDisplay(
        status=display.status, trace_id=display.trace_id, text=text, until=2.0, frames=(1.1, 1.2, 1.3, 1.4)
    )


def _interaction(e: ExampleEvidence) -> Interaction:
    return e.interaction(status=e.blocked)


EXAMPLES = (
    Example(
        requirement="CON-21",
        predicate=shows_no_approval_meanwhile,
        good=lambda e: (
            _interaction(e),
            _held(InterimDisplay(), InterimDisplay(message="Waiting"), earlier=""),
            "OK",
        ),
        bad=lambda e: (_interaction(e), _held(InterimDisplay(), _APPROVED), "OK"),
    ),
    Example(
        requirement="CON-21",
        predicate=shows_no_approval_meanwhile,
        good=lambda e: (
            _interaction(e),
            _held(_APPROVED, _for_a_while(_APPROVED, "FIRST: OK\nt-1"), earlier="FIRST"),
            "OK",
        ),
        bad=lambda e: (
            _interaction(e),
            _held(_APPROVED, _for_a_while(_APPROVED, _APPROVED.text), earlier="FIRST"),
            "OK",
        ),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
