"""CON-10, CON-13: each field that is sent has the contract's name, and the value that was entered (D6)."""

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_request_fields import command_fields_are_named, query_fields_are_named
from technogate.drivers.console_driver import DriverError
from technogate.model.events import RunWarning
from technogate.runner.suite import MustHold, not_exercised, parts, requirement

pytestmark = parts("console")

SESSIONS = ["s-1", "Session 7/\u00e9", "x" * 128]
QUERIES = [
    ("every", 50), ("approved", 1), ("blocked", 10), ("expired", 50), ("warning", 999), ("neutral", 1000), ("every", 7),
]  # fmt: skip


def in_session(harness: Harness, command: str, session: str) -> tuple[Interaction, str]:
    """Run a command in a session; a page that has no field for one runs it without, and the session is then ""."""
    replies = {harness.names.execute: harness.conforming()}
    try:
        return harness.run(replies, lambda driver: driver.execute(command, session)), session
    except DriverError as error:
        if "console.selectors.session" not in str(error):
            raise
        text = f"No session id was entered in the page, so that its name was not checked there: {error}."
        harness.run_context.record(RunWarning(text=text))
        return harness.execute(harness.conforming(), command), ""


@requirement("CON-13")
@pytest.mark.parametrize("session", SESSIONS, ids=["short", "any-characters", "longest"])
def test_command_and_session_by_name(harness: Harness, session: str, must_hold: MustHold) -> None:
    """A command and the session that was entered are sent as JSON, by the contract's names."""
    interaction, entered = in_session(harness, "RUN_REPORT", session)
    if not interaction.sent(harness.names.execute):
        not_exercised("the command was not sent", "see what the console shows for RUN_REPORT in a session")
    must_hold(command_fields_are_named(interaction, harness.names.execute, "RUN_REPORT", entered))


@requirement("CON-10")
@parts("audit")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query[0]}-{query[1]}")
def test_query_by_name(harness: Harness, query: tuple[str, int], must_hold: MustHold) -> None:
    """The list is requested with the filter and the limit that were chosen, by these names."""
    state, limit = harness.filter_for(query[0]), query[1]
    interaction = harness.audit(harness.listing(), harness.listing(), state=state, limit=limit)
    if not interaction.sent(harness.names.audit):
        not_exercised("the list was not requested", "see what the console shows for this query")
    wanted, usual = harness.entered(state, limit), harness.entered(None, None)
    must_hold(query_fields_are_named(interaction, harness.names.audit, wanted, usual))
