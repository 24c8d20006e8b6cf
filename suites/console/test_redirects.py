"""CON-14: a redirect leads to no approval, to no second command, and the key to no other origin."""

import pytest

from fixtures.console import Stage
from technogate.checks import console
from technogate.mock.responses.redirect import Redirect
from technogate.runner.suite import MustHold, requirement

CODES = (301, 302, 303, 307, 308)

#: The codes that make a GET of a POST: the second request may then find an approval under another path.
MADE_A_GET = (301, 302, 303)


@requirement("CON-14")
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", ["itself", "the other origin"], ids=["itself", "other-origin"])
def test_command_is_not_redirected(wide_stage: Stage, code: int, place: str, must_hold: MustHold) -> None:
    """A redirected command is shown as BLOCKED, was sent once, and its key stays at home."""
    not_redirected(wide_stage, code, place, must_hold)


@requirement("CON-14")
@pytest.mark.parametrize("code", [303, 307])
@pytest.mark.parametrize("place", ["itself", "the other origin"], ids=["itself", "other-origin"])
def test_page_is_not_redirected(page_stage: Stage, code: int, place: str, must_hold: MustHold) -> None:
    """The page shows a redirected command as BLOCKED, sends it once, and keeps its key at home."""
    not_redirected(page_stage, code, place, must_hold)


def not_redirected(stage: Stage, code: int, place: str, must_hold: MustHold) -> None:
    """Redirect a command to a place where an approval waits for whoever follows."""
    names, double = stage.names, stage.double
    target = names.memory if code in MADE_A_GET else names.execute
    location = double.url(target, other=place != "itself")
    redirect = Redirect(draft=stage.draft(), location=location, code=code)
    stage.driver.settle()
    double.reset()
    placed = list(double.script(names.execute, redirect, default=stage.conforming()))
    double.script(names.memory, default=stage.conforming())
    scene = stage.follow(placed, lambda driver: driver.execute("PING"), (names.execute,), f"{code} to {place}")
    own = console.only_of(scene, double.base_url)
    must_hold(
        console.blocked(scene),
        console.asked(own, names.execute, 1),
        console.key_stays_at(scene, double.base_url),
        console.nothing_at(scene, double.other_origin, names.execute),
    )


@requirement("CON-14")
@pytest.mark.parametrize("code", CODES)
def test_list_keeps_the_key_at_home(stage: Stage, code: int, must_hold: MustHold) -> None:
    """A list that is redirected to another origin never takes the key there."""
    double, names = stage.double, stage.names
    redirect = Redirect(draft=stage.list_draft(), location=double.url(names.audit, other=True), code=code)
    again = Redirect(draft=stage.list_draft(), location=double.url(names.fallback, other=True), code=code)
    scene = stage.audit(redirect, again, case=f"{code} to another origin")
    must_hold(console.reached(scene, names.audit), console.key_stays_at(scene, double.base_url))


@requirement("CON-14")
@pytest.mark.parametrize("code", CODES)
def test_memory_keeps_the_key_at_home(stage: Stage, code: int, must_hold: MustHold) -> None:
    """A memory that is redirected to another origin never takes the key there."""
    double, names = stage.double, stage.names
    redirect = Redirect(draft=stage.snapshot_draft(), location=double.url(names.memory, other=True), code=code)
    scene = stage.memory(redirect, case=f"{code} to another origin")
    must_hold(console.reached(scene, names.memory), console.key_stays_at(scene, double.base_url))
