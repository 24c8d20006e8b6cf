"""CON-20: a console that lacks its key or the address of its backend sends nothing, and says BLOCKED."""

import pytest

from fixtures.console import COMMAND, Stage, Unconfigured
from technogate.checks import console, console_page_leaks
from technogate.runner.suite import MustHold, requirement

LACKS: dict[str, dict[str, str]] = {"key": {"api_key": ""}, "url": {"api_url": ""}}


@requirement("CON-20")
@pytest.mark.parametrize("lacks", LACKS)
def test_nothing_is_sent(unconfigured: Unconfigured, lacks: str, must_hold: MustHold) -> None:
    """Without a key, or without an address, no request is made and BLOCKED is shown."""
    with unconfigured(**LACKS[lacks]) as stage:
        scene = command(stage, f"no {lacks} is configured")
        must_hold(console.blocked(scene), console.silent(scene))
        must_hold(console_page_leaks.asked_nobody(stage.driver.inspect(), stage.contract))


def command(stage: Stage, case: str) -> console.Scene:
    """Enter a command, and have the list and the memory read; what was sent since the start is the scene."""
    view = stage.driver.execute(COMMAND)
    stage.driver.audit()
    stage.driver.memory()
    stage.driver.settle()
    stage.double.settle()
    names = stage.names
    return stage.record(view, (names.execute, names.audit, names.fallback, names.memory), case)
