"""STK-01, STK-04 to STK-06: both programs start, and the page survives the end of its backend or of the way to it."""

from collections.abc import Callable

import pytest

from fixtures.containers import HEALTHY_S
from fixtures.faulty_stack import Stack
from technogate.checks.console_display import shows, shows_blocked
from technogate.checks.stack_lifecycle import both_healthy, both_started_within, result_is_shown_within
from technogate.contract.loader import Contract
from technogate.runner.suite import MustHold, parts, requirement
from technogate.target.compose.container import Container

pytestmark = parts("console")

Word = Callable[[str], str]

#: Seconds in which a page shows that its backend does not respond.
SHOWN_S = 16.0


@requirement("STK-01")
def test_both_start(stack: Stack, must_hold: MustHold) -> None:
    """Both images start and are healthy within 60 s."""
    health = {side: program.health for side, program in stack.programs.items() if isinstance(program, Container)}
    must_hold(both_started_within(stack.seconds, HEALTHY_S), both_healthy(health))


@requirement("STK-04")
def test_stopped_backend(stack: Stack, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command that is entered while the backend is stopped is shown as refused."""
    statuses = contract.behavior.statuses
    before = stack.enter(word("approved"), "the command before the backend was stopped")
    with stack.stopped():
        interaction = stack.enter(word("approved"), "the command while the backend was stopped")
    must_hold(shows(before, "status", statuses.approved))
    must_hold(shows_blocked(interaction))


@requirement("STK-04")
@pytest.mark.containers
def test_cut_off_backend(stack: Stack, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command that is entered while the backend is cut off from its network is shown as refused."""
    statuses = contract.behavior.statuses
    before = stack.enter(word("approved"), "the command before the backend was cut off")
    with stack.cut_off():
        interaction = stack.enter(word("approved"), "the command while the backend was cut off")
    must_hold(shows(before, "status", statuses.approved))
    must_hold(shows_blocked(interaction))


# Before the item that restarts the backend: this also restores a backend that a cut has broken.
@requirement("STK-06")
@pytest.mark.containers
def test_reconnected_backend(stack: Stack, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """After the backend is back on its network the same page works again, though neither was restarted."""
    with stack.cut_off():
        stack.enter(word("approved"), "the command while the backend was cut off")
    interaction = stack.enter(word("approved"), "the same page, the backend back on its network")
    must_hold(shows(interaction, "status", contract.behavior.statuses.approved))


@requirement("STK-06")
def test_restarted_backend(
    stack: Stack, contract: Contract, word: Word, then_freeze: list[str], must_hold: MustHold
) -> None:
    """After the backend has come back the same page works again, and so does one that is loaded anew."""
    approved = contract.behavior.statuses.approved
    then_freeze.append(word("approved"))
    with stack.stopped():
        stack.enter(word("approved"), "the command while the backend was stopped")
    must_hold(shows(stack.enter(word("approved"), "the same page, the backend restarted"), "status", approved))
    stack.page.reload()
    must_hold(shows(stack.enter(word("approved"), "the page loaded anew"), "status", approved))


@requirement("STK-05")
@pytest.mark.collects
def test_frozen_backend(own_stack: Stack, word: Word, must_hold: MustHold) -> None:
    """A command that is entered while the backend is frozen is shown as refused within 16 s."""
    interaction = own_stack.end_freeze(word("approved"))
    must_hold(
        result_is_shown_within(interaction, SHOWN_S),
        shows_blocked(interaction),
    )
