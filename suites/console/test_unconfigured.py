"""CON-20: a console that lacks its key or the address of its backend sends nothing, and shows a refusal."""

import pytest

from fixtures.console_harnesses import COMMAND, Harness, Unconfigured
from technogate.checks.console_display import shows_blocked, shows_empty_list, shows_no_snapshot
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_page_leaks import requested_no_operation
from technogate.checks.console_requests import sent_nothing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

LACKS: dict[str, dict[str, str]] = {"key": {"api_key": ""}, "url": {"api_url": ""}}


@requirement("CON-20")
@pytest.mark.parametrize("lacks", LACKS)
def test_nothing_is_sent(unconfigured: Unconfigured, lacks: str, must_hold: MustHold) -> None:
    """Without a key, or without an address, no request is made, a refusal is shown, and reads have nothing to show."""
    with unconfigured(**LACKS[lacks]) as harness:
        interaction, listed, kept = calls(harness, f"no {lacks} is configured")
        must_hold(shows_blocked(interaction), sent_nothing(interaction))
        if listed is not None:
            must_hold(shows_empty_list(listed))
        if kept is not None:
            must_hold(shows_no_snapshot(kept))
        if not asks_its_own_server(harness):
            must_hold(requested_no_operation(harness.driver.inspect(), harness.contract))


def asks_its_own_server(harness: Harness) -> bool:
    """Whether the page's own server sends its requests: what the page asks that server is sent to nobody."""
    return isinstance(harness.driver, BrowserDriver) and harness.driver.use.via_server


def calls(harness: Harness, case: str) -> tuple[Interaction, Interaction | None, Interaction | None]:
    """Enter a command, and have list and memory read where there are any; what was sent is part of the first."""
    rendered = harness.driver.execute(COMMAND)
    listed = harness.driver.audit() if harness.reads("audit") else None
    kept = harness.driver.memory() if harness.reads("memory") else None
    harness.driver.wait_until_complete()
    harness.mock_backend.wait_until_complete()
    names = harness.names
    first = harness.record(rendered, (names.execute, names.audit, names.fallback, names.memory), case)
    shown = [(listed, f"{case}: the list"), (kept, f"{case}: the memory")]
    of_list, of_memory = (None if one is None else harness.record(one, (), what) for one, what in shown)
    return first, of_list, of_memory
