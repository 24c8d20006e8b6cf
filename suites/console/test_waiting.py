"""CON-21: between the press and the response nothing is shown as an approval of this command."""

import pytest

from fixtures.console_harnesses import Harness
from fixtures.held_commands import EARLIER, LONG_HOLD_S, hold_command
from technogate.checks.console_waiting import shows_no_approval_meanwhile
from technogate.mock.scripted_reply import Where
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

PLACES = [Where.BEFORE_HEADERS, Where.AFTER_HEADERS, Where.IN_BODY]


def held_without_approval(
    harness: Harness, must_hold: MustHold, command: str, where: Where, earlier: str = "", hold_s: float = 0.0
) -> None:
    """Hold the response to a command back, which is then a refusal."""
    case = f"{command} after {earlier or 'nothing'}, its response held back {where}"
    shown = hold_command(harness, command, where, earlier=earlier, hold_s=hold_s, case=case)
    approved = harness.contract.behavior.statuses.approved
    must_hold(shows_no_approval_meanwhile(shown.interaction, shown.held, approved))


@requirement("CON-21")
@pytest.mark.parametrize("where", PLACES, ids=str)
def test_first_command(harness: Harness, where: Where, must_hold: MustHold) -> None:
    """The first command of a fresh page is not shown as approved while its response has not come, or is not whole."""
    hold_s = LONG_HOLD_S if where is Where.BEFORE_HEADERS else 0.0
    held_without_approval(harness, must_hold, "SECOND_COMMAND", where, hold_s=hold_s)


@requirement("CON-21")
def test_another_command_after_an_approval(harness: Harness, must_hold: MustHold) -> None:
    """The approval of the last command is not left beside another command that waits for its response."""
    held_without_approval(harness, must_hold, "SECOND_COMMAND", Where.BEFORE_HEADERS, EARLIER)


@requirement("CON-21")
def test_same_command_after_an_approval(harness: Harness, must_hold: MustHold) -> None:
    """The approval of a command is not left beside the same command when it is run again."""
    held_without_approval(harness, must_hold, EARLIER, Where.IN_BODY, EARLIER)
