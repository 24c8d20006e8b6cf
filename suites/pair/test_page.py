"""STK-03: the path through both programs, as a person walks it."""

from collections.abc import Callable

import msgspec
import pytest

from fixtures.network_change_retry import retry_on_network_change
from technogate.checks import console
from technogate.checks.console import Interaction
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.model.events import Finding
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, requirement
from technogate.trail.trail_reader import TrailReader


@requirement("STK-03")
@pytest.mark.parametrize("outcome", ["approved", "blocked"])
def test_command_from_page_to_trail(
    run_context: RunContext,
    page: BrowserDriver,
    trail: TrailReader,
    word: Callable[[str], str],
    outcome: str,
    must_hold: MustHold,
) -> None:
    """A command entered in the page is shown with status and trace id, and the trail holds that trace id."""
    rendered = retry_on_network_change(run_context, page, lambda: page.execute(word(outcome)))
    rendered = msgspec.structs.replace(rendered, id=f"view-{run_context.new_id()}", item=run_context.item)
    run_context.record(rendered)
    interaction = Interaction(rendered=rendered, exchanges=(), case=f"the command {word(outcome)}, entered in the page")
    must_hold(console.shows(interaction, "status", outcome.upper()))
    trace_id = rendered.fields.get("trace_id", "")
    must_hold([] if trace_id else console.finding("shown trace id", interaction, "a trace id", "none"))
    must_hold(in_trail(trail, trace_id))


def in_trail(trail: TrailReader, trace_id: str) -> list[Finding]:
    """The trail holds exactly one entry of `trace_id`."""
    found = sum(entry.trace_id == trace_id for entry in trail.read_until([trace_id]))
    if found == 1:
        return []
    expected = f"one entry with trace id {trace_id} in the trail ({trail.name})"
    return [Finding(check="trail entry", expected=expected, observed=f"{found} entries", trace_id=trace_id)]
