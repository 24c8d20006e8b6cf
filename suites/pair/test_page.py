"""STK-03: the path through both programs, as a person walks it."""

from collections.abc import Callable

import msgspec
import pytest

from fixtures.network_change_retry import retry_on_network_change
from technogate.checks import console_interaction
from technogate.checks.console_display import shows
from technogate.checks.console_interaction import Interaction
from technogate.checks.stack_lifecycle import is_in_trail
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, parts, requirement
from technogate.trail.trail_reader import TrailReader

pytestmark = parts("console", "trail")


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
    """A command entered in the page is shown with status and trace id, and the audit trail holds that trace id."""
    rendered = retry_on_network_change(run_context, page, lambda: page.execute(word(outcome)))
    rendered = msgspec.structs.replace(rendered, id=f"view-{run_context.new_id()}", item=run_context.item)
    run_context.record(rendered)
    interaction = Interaction(rendered=rendered, exchanges=(), case=f"the command {word(outcome)}, entered in the page")
    must_hold(shows(interaction, "status", run_context.contract.behavior.statuses.of(outcome)))
    trace_id = rendered.fields.get("trace_id", "")
    must_hold([] if trace_id else console_interaction.finding("shown trace id", interaction, "a trace id", "none"))
    must_hold(is_in_trail(trail.read_until([trace_id]), trace_id, trail.name))
