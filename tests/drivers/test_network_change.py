"""An address of this machine comes or goes while a page asks: nobody's mistake, told as such, and played again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fixtures.network_change_retry import TRIES, undisturbed
from technogate.drivers.page.chromium import browser_missing
from technogate.mock.reply_queue import FaultError
from technogate.model.events import Event, RunWarning
from tests.conftest import ROOT, STUCK_S
from tests.tools import IP

pytestmark = pytest.mark.slow

NAMESPACE = ["unshare", "--net"]


def no_network_of_our_own() -> str:
    """Why no network can be had that only this test changes, "" when one can."""
    if shutil.which("unshare") is None:
        return "a network of its own needs `unshare` (Debian: apt-get install util-linux)"
    if IP.missing:
        return IP.missing
    refused = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode
    return (
        "this user may not make a network of its own: run it as root"
        if refused
        else ": ".join(filter(None, browser_missing()))
    )


@pytest.mark.skipif(bool(no_network_of_our_own()), reason=no_network_of_our_own())
def test_a_request_that_the_network_has_spoilt_is_told_once() -> None:
    """A request that waits to be connected is given up when an address appears; the driver says so, and only then."""
    ended = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.drivers.network_change"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3 * STUCK_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["said"] == [False, True, False]
    assert "net::ERR_NETWORK_CHANGED" in found["failures"]


@dataclass
class Shaky:
    """Is disturbed in its first plays, so many of them."""

    plays: int
    played: int = 0
    asked: int = 0

    def play(self) -> str:
        """One play more."""
        self.played += 1
        return f"play {self.played}"

    def break_off(self) -> str:
        """One play more, that comes to no end when it is disturbed."""
        if self.played < self.plays:
            self.played += 1
            raise FaultError("no request came")
        return self.play()

    def disturbed(self) -> bool:
        """Whether the play since this was asked last was disturbed."""
        since, self.asked = self.asked, self.played
        return since < self.played <= self.plays


@dataclass
class Warnings:
    """Takes notes."""

    item: str = "an item"
    taken: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        """Take one."""
        self.taken.append(event)


@pytest.mark.parametrize("play", [Shaky.play, Shaky.break_off], ids=["to its end", "broken off"])
@pytest.mark.parametrize("plays", range(TRIES))
def test_a_disturbed_scene_is_played_again(plays: int, play: Callable[[Shaky], str]) -> None:
    """What counts is the first play that nothing disturbed; each that was is noted."""
    shaky, warnings = Shaky(plays), Warnings()
    assert undisturbed(warnings, shaky, lambda: play(shaky)) == f"play {plays + 1}"
    assert [type(event) for event in warnings.taken] == [RunWarning] * plays


def test_what_breaks_undisturbed_is_not_played_again() -> None:
    """A scene that breaks for any other reason says so at once."""
    warnings = Warnings()

    def play() -> str:
        raise FaultError("nobody asked")

    with pytest.raises(FaultError, match="nobody asked"):
        undisturbed(warnings, Shaky(0), play)
    assert warnings.taken == []


def test_a_scene_that_is_always_disturbed_is_left_undecided() -> None:
    """It ends as a check that broke, with a hint: never in a pass, never in a finding."""
    shaky, warnings = Shaky(TRIES), Warnings()
    with pytest.raises(FaultError, match="validate again"):
        undisturbed(warnings, shaky, shaky.play)
    assert len(warnings.taken) == TRIES
