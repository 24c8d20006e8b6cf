"""An address of this machine is added or removed during a request: the interaction is reported and run again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fixtures.network_change_retry import retry_on_network_change
from technogate.drivers.network_change import ATTEMPTS
from technogate.drivers.page.chromium import browser_missing
from technogate.mock.reply_queue import FaultError
from technogate.model.events import Event, RunWarning
from tests.conftest import ROOT, STUCK_S
from tests.tools import IP

pytestmark = pytest.mark.slow

NAMESPACE = ["unshare", "--net"]


def no_network_of_our_own() -> str:
    """Return why no separate network can be created, "" if one can."""
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
def test_a_request_that_the_network_has_spoilt_is_reported_once() -> None:
    """A request that waits to be connected is given up when an address appears; the driver then reports it."""
    ended = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.drivers.network_change"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3 * STUCK_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    assert document["said"] == [False, True, False]
    assert "net::ERR_NETWORK_CHANGED" in document["failures"]


@dataclass
class Shaky:
    """A driver whose first `spoilt` runs are spoilt by the network."""

    spoilt: int
    runs: int = 0
    observed: int = 0

    def run(self) -> str:
        """Run once more."""
        self.runs += 1
        return f"run {self.runs}"

    def break_off(self) -> str:
        """Run once more; a spoilt run ends in an error."""
        if self.runs < self.spoilt:
            self.runs += 1
            raise FaultError("no request came")
        return self.run()

    def network_changed(self) -> bool:
        """Whether a run since the last call was spoilt."""
        since, self.observed = self.observed, self.runs
        return since < self.runs <= self.spoilt


@dataclass
class Warnings:
    """Records warnings."""

    item: str = "an item"
    taken: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        """Record one warning."""
        self.taken.append(event)


@pytest.mark.parametrize("run", [Shaky.run, Shaky.break_off], ids=["complete", "broken off"])
@pytest.mark.parametrize("spoilt", range(ATTEMPTS))
def test_runs_a_spoilt_interaction_again(spoilt: int, run: Callable[[Shaky], str]) -> None:
    """The first run that the network has not spoilt counts; each spoilt one is reported in a warning."""
    shaky, warnings = Shaky(spoilt), Warnings()
    assert retry_on_network_change(warnings, shaky, lambda: run(shaky)) == f"run {spoilt + 1}"
    assert [type(event) for event in warnings.taken] == [RunWarning] * spoilt


def test_runs_no_other_failure_again() -> None:
    """An interaction that fails for any other reason raises its error at once."""
    warnings = Warnings()

    def run() -> str:
        raise FaultError("no request came")

    with pytest.raises(FaultError, match="no request came"):
        retry_on_network_change(warnings, Shaky(0), run)
    assert warnings.taken == []


def test_leaves_an_interaction_undecided_that_is_always_spoilt() -> None:
    """The interaction ends in an error with a hint, neither a pass nor a finding."""
    shaky, warnings = Shaky(ATTEMPTS), Warnings()
    with pytest.raises(FaultError, match="validate again"):
        retry_on_network_change(warnings, shaky, shaky.run)
    assert len(warnings.taken) == ATTEMPTS
