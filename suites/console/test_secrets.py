"""CON-12: the key is nowhere that the page, another script or a passer-by could read it."""

import pytest

from fixtures.console_harnesses import COMMAND, Harness, Harnesses
from technogate.checks.console_page_leaks import place_holds_no_key
from technogate.checks.console_requests import carries_key, was_sent
from technogate.drivers.console_driver import Exposure
from technogate.mock.responses.broken import Broken
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")


def exposed(harness: Harness) -> Exposure:
    """What a console leaves behind after calls that went well and calls that went wrong."""
    harness.execute(harness.conforming())
    harness.execute(harness.error(403))
    harness.execute(Broken(template=harness.template()))
    harness.run_refused("closed", lambda driver: driver.execute(COMMAND))
    if harness.reads("audit"):
        harness.audit(harness.error(401), harness.listing())
    if harness.reads("memory"):
        harness.memory(harness.snapshot())
    return harness.driver.inspect()


@pytest.fixture(scope="module")
def page_exposure(harnesses: Harnesses) -> Exposure:
    """What the page leaves behind."""
    return exposed(harnesses.page)


@requirement("CON-12")
@pytest.mark.parametrize("place", ["localStorage", "sessionStorage", "cookies", "the page", "the console output"])
def test_key_is_kept(page_harness: Harness, page_exposure: Exposure, place: str, must_hold: MustHold) -> None:
    """The key, in any spelling, is in no storage, no cookie, not in the page and not in its console output."""
    must_hold(place_holds_no_key(page_exposure, place, page_harness.run_context.redactor))


@requirement("CON-12")
def test_module_does_not_print_the_key(wide_harness: Harness, must_hold: MustHold) -> None:
    """The client module writes the key, in any spelling, to no output."""
    must_hold(place_holds_no_key(exposed(wide_harness), "the console output", wide_harness.run_context.redactor))


@requirement("CON-01")
def test_key_is_in_no_url(page_harness: Harness, page_exposure: Exposure, must_hold: MustHold) -> None:
    """No URL that the page ever requested holds the key, in any spelling."""
    must_hold(place_holds_no_key(page_exposure, "URLs", page_harness.run_context.redactor))


@requirement("CON-01")
def test_failed_commands_carry_the_key(harness: Harness, must_hold: MustHold) -> None:
    """A command that is refused carried the key as any other does: in its header alone."""
    interaction = harness.execute(harness.error(503))
    must_hold(was_sent(interaction, harness.names.execute), carries_key(interaction))
