"""CON-02, CON-03, CON-05, CON-08: the page does the same in a browser that it cannot tell from a person's."""

import pytest

from fixtures.unmarked_scenes import UnmarkedScenes, other_status
from technogate.checks.console_display import shows, shows_blocked
from technogate.checks.console_requests import was_sent
from technogate.runner.suite import MustHold, parts, requirement


@requirement("CON-02")
@parts("console")
@pytest.mark.parametrize("scene", ["an approval", "another approval"])
def test_approval_is_shown_to_a_person(unmarked_scenes: UnmarkedScenes, scene: str, must_hold: MustHold) -> None:
    """In a browser without marks of automation, a command is sent, and its approval shown as such."""
    interaction = unmarked_scenes[scene]
    sent = was_sent(interaction, unmarked_scenes.harness.names.execute)
    must_hold(sent, shows(interaction, "status", unmarked_scenes.harness.approved))


@requirement("CON-03")
@pytest.mark.parametrize("scene", ["a status in lower case", "an unknown status", "no status"])
def test_unknown_status_is_blocked_for_a_person(
    unmarked_scenes: UnmarkedScenes, scene: str, must_hold: MustHold
) -> None:
    """In a browser without marks of automation, a status that is none of the five is shown as BLOCKED."""
    must_hold(shows_blocked(unmarked_scenes[scene]))


@requirement("CON-05")
def test_server_error_is_blocked_for_a_person(unmarked_scenes: UnmarkedScenes, must_hold: MustHold) -> None:
    """In a browser without marks of automation, an approval under a 500 is shown as BLOCKED."""
    must_hold(shows_blocked(unmarked_scenes["an approval with 500"]))


@requirement("CON-08")
@pytest.mark.parametrize("scene", ["an approval without a trace id", "an approval without reason codes"])
def test_malformed_approval_is_blocked_for_a_person(
    unmarked_scenes: UnmarkedScenes, scene: str, must_hold: MustHold
) -> None:
    """In a browser without marks of automation, an approval that breaks the contract is shown as BLOCKED."""
    must_hold(shows_blocked(unmarked_scenes[scene]))


@requirement("CON-18")
@parts("console")
def test_other_status_is_shown_to_a_person(unmarked_scenes: UnmarkedScenes, must_hold: MustHold) -> None:
    """In a browser without marks of automation, a status that neither approves nor refuses is shown as such."""
    interaction = unmarked_scenes["another status"]
    must_hold(shows(interaction, "status", other_status(unmarked_scenes.harness)))
