"""CON-14: a redirect leads to no approval, to no second command, and the key to no other origin."""

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_interaction import Interaction, only_of
from technogate.checks.console_requests import key_stays_at, sent_nothing_to, sent_times, was_sent
from technogate.mock.responses.redirect import Redirect
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

CODES = (301, 302, 303, 307, 308)

#: The codes that make a GET of a POST: the second request may then find an approval under another path.
MADE_A_GET = (301, 302, 303)


@requirement("CON-14")
@parts("memory")
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", ["itself", "the other origin"], ids=["itself", "other-origin"])
def test_command_is_not_redirected(wide_harness: Harness, code: int, place: str, must_hold: MustHold) -> None:
    """A redirected command is shown as a refusal, was sent once, and its key stays at home."""
    not_redirected(wide_harness, code, place, must_hold)


@requirement("CON-14")
@parts("memory")
@pytest.mark.parametrize("code", [303, 307])
@pytest.mark.parametrize("place", ["itself", "the other origin"], ids=["itself", "other-origin"])
def test_page_is_not_redirected(page_harness: Harness, code: int, place: str, must_hold: MustHold) -> None:
    """The page shows a redirected command as BLOCKED, sends it once, and keeps its key at home."""
    not_redirected(page_harness, code, place, must_hold)


def not_redirected(harness: Harness, code: int, place: str, must_hold: MustHold) -> None:
    """Redirect a command to a place where an approval waits for a console that follows."""
    names, mock_backend = harness.names, harness.mock_backend
    target = names.memory if code in MADE_A_GET else names.execute
    location = mock_backend.url(target, other=place != "itself")
    redirect = Redirect(template=harness.template(), location=location, code=code)

    def attempt() -> Interaction:
        harness.driver.wait_until_complete()
        mock_backend.reset()
        placed = list(mock_backend.script(names.execute, redirect, default=harness.conforming()))
        mock_backend.script(names.memory, default=harness.conforming())
        return harness.run_scripted(
            placed, lambda driver: driver.execute("PING"), (names.execute,), f"{code} to {place}"
        )

    interaction = harness.observe(attempt)
    own = only_of(interaction, mock_backend.base_url)
    must_hold(
        harness.require_blocked(interaction),
        sent_times(own, names.execute, 1),
        key_stays_at(interaction, mock_backend.base_url),
        sent_nothing_to(interaction, mock_backend.other_origin, names.execute),
    )


@requirement("CON-14")
@parts("fallback")
@pytest.mark.parametrize("code", CODES)
def test_list_keeps_the_key_at_home(harness: Harness, code: int, must_hold: MustHold) -> None:
    """A list that is redirected to another origin never takes the key there."""
    mock_backend, names = harness.mock_backend, harness.names
    redirect = Redirect(template=harness.list_template(), location=mock_backend.url(names.audit, other=True), code=code)
    again = Redirect(template=harness.list_template(), location=mock_backend.url(names.fallback, other=True), code=code)
    interaction = harness.audit(redirect, again, case=f"{code} to another origin")
    must_hold(
        was_sent(interaction, names.audit),
        key_stays_at(interaction, mock_backend.base_url),
    )


@requirement("CON-14")
@parts("memory")
@pytest.mark.parametrize("code", CODES)
def test_memory_keeps_the_key_at_home(harness: Harness, code: int, must_hold: MustHold) -> None:
    """A memory that is redirected to another origin never takes the key there."""
    mock_backend, names = harness.mock_backend, harness.names
    redirect = Redirect(
        template=harness.snapshot_template(), location=mock_backend.url(names.memory, other=True), code=code
    )
    interaction = harness.memory(redirect, case=f"{code} to another origin")
    must_hold(
        was_sent(interaction, names.memory),
        key_stays_at(interaction, mock_backend.base_url),
    )
