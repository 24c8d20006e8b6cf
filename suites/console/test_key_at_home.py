"""CON-22: the key goes to no place but the backend and the page's own server, in no part of any request."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import COMMAND, Harness, Harnesses
from technogate.checks.console_key_elsewhere import PARTS, key_goes_nowhere_else
from technogate.drivers.console_driver import PageRequest
from technogate.drivers.module.module_page_driver import ModulePageDriver
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.mock.responses.broken import Broken
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

Sent = Callable[[str], list[PageRequest]]


def use(harness: Harness) -> None:
    """Use a console in the ways after which one may report to others: that went well, that failed, that it left."""
    conforming, refused = harness.conforming, harness.error
    harness.execute(conforming())
    harness.execute(conforming(status="MAYBE"))
    harness.execute(refused(403))
    harness.execute(Broken(template=harness.template()))
    harness.run_refused("closed", lambda driver: driver.execute(COMMAND))
    harness.execute(conforming(), "no command")
    if harness.reads("audit"):
        harness.audit(harness.listing(), harness.listing(), state=harness.blocked, limit=10)
        harness.audit(refused(401), refused(500))
    if harness.reads("memory"):
        harness.memory(harness.snapshot())
    if isinstance(harness.driver, BrowserDriver | ModulePageDriver):
        harness.driver.leave()


@pytest.fixture(scope="module")
def sent(harnesses: Harnesses) -> Sent:
    """Every request that the console has made, by driver."""
    collected: dict[str, list[PageRequest]] = {}

    def requests(driver: str) -> list[PageRequest]:
        if driver not in collected:
            use(harnesses[driver])
            collected[driver] = harnesses[driver].driver.outgoing()
        return collected[driver]

    return requests


@requirement("CON-22")
@pytest.mark.parametrize("part", PARTS)
def test_key_goes_nowhere_else(
    harness: Harness, harnesses: Harnesses, console_driver: str, sent: Sent, part: str, must_hold: MustHold
) -> None:
    """No request to another place, by whatever the page sends it, holds the key in a header, its URL or its body."""
    console, mock_backend = harnesses.open()
    own = [console.url, console.api_url, console.backend_url, mock_backend.base_url]
    must_hold(key_goes_nowhere_else(sent(console_driver), own, part, harness.run_context.run_key))
