"""A call that sends its request and shows nothing of the answer is missing, and not found."""

from __future__ import annotations

import pytest

from technogate.fit.console_fit import ConsoleFit, TriedCall, console_parts, silent_calls
from technogate.model.events import RenderedOutput
from technogate.model.fit_check import Blame


def tried(rows: int = 0, **fields: str) -> ConsoleFit:
    """A console whose list was answered with one entry, and that showed this."""
    rendered = RenderedOutput(
        id="", item="", call="fetchAuditLog", driver="browser", fields=fields, rows=({"action": "PING"},) * rows,
        started=0.0, ended=1.0,
    )  # fmt: skip
    call = TriedCall(
        operation="fetchAuditLog", sent=True, target="/api/audit", rendered=rendered, problem="", seen=frozenset()
    )
    return ConsoleFit(area="page", calls={"fetchAuditLog": call})


@pytest.mark.parametrize(
    ("fit", "shown"),
    [(tried(1), "1 entry"), (tried(2), "2 entries"), (tried(text="PING APPROVED"), "its answer as text")],
)
def test_what_is_shown_is_found(fit: ConsoleFit, shown: str) -> None:
    """Entries are counted, and an area that is one text shows its answer in it."""
    assert [part.shown for part in console_parts(fit)] == [f"sends /api/audit, shows {shown}"]
    assert list(silent_calls(fit)) == []


def test_nothing_shown_is_not_found() -> None:
    """The run judges that: the target file need not be at fault."""
    assert list(console_parts(tried())) == []
    [misfit] = silent_calls(tried())
    assert (misfit.blame, misfit.found) == (Blame.PROGRAM, "sends /api/audit, and shows nothing of the answer")
