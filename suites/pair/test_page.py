"""STK-03: the path through both programs, as a person walks it."""

from collections.abc import Callable

import msgspec
import pytest

from fixtures.undisturbed import undisturbed
from technogate.checks import console
from technogate.checks.console import Scene
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.model.events import Finding
from technogate.runner.run_context import Gate
from technogate.runner.suite import MustHold, requirement
from technogate.trail.trail_reader import TrailKeeper


@requirement("STK-03")
@pytest.mark.parametrize("outcome", ["approved", "blocked"])
def test_command_from_page_to_trail(
    gate: Gate,
    page: BrowserDriver,
    trail: TrailKeeper,
    word: Callable[[str], str],
    outcome: str,
    must_hold: MustHold,
) -> None:
    """A command entered in the page is shown with status and trace id, and the trail holds that trace id."""
    view = undisturbed(gate, page, lambda: page.execute(word(outcome)))
    view = msgspec.structs.replace(view, id=f"view-{gate.new_id()}", item=gate.item)
    gate.record(view)
    scene = Scene(view=view, exchanges=(), case=f"the command {word(outcome)}, entered in the page")
    must_hold(console.shows(scene, "status", outcome.upper()))
    trace_id = view.fields.get("trace_id", "")
    must_hold([] if trace_id else console.finding("shown trace id", scene, "a trace id", "none"))
    must_hold(in_trail(trail, trace_id))


def in_trail(trail: TrailKeeper, trace_id: str) -> list[Finding]:
    """The trail holds exactly one entry of `trace_id`."""
    found = sum(entry.trace_id == trace_id for entry in trail.read_until([trace_id]))
    if found == 1:
        return []
    expected = f"one entry with trace id {trace_id} in the trail ({trail.name})"
    return [Finding(check="trail entry", expected=expected, observed=f"{found} entries", trace_id=trace_id)]
