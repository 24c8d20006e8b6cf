"""The progress of a run without a terminal: a line whenever the state has changed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from technogate.runner import progress
from technogate.runner.progress import PLAIN_EVERY_S, Watch
from tests import builders


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


def test_prints_each_state_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is printed twice, however long nothing happens; a new state is printed in time."""
    clock, file = Clock(), io.StringIO()
    monkeypatch.setattr(progress, "time", clock)
    with Watch(Console(file=file, width=200), "validating it") as watch:
        watch.event(builders.plan(("a", "AUT-01"), ("b", "EXE-01")))
        for _ in range(5):
            clock.now += PLAIN_EVERY_S
            watch.tick()
        watch.event(builders.result("a", "AUT-01"))
        clock.now += PLAIN_EVERY_S
        watch.tick()
    lines = file.getvalue().splitlines()
    assert lines == [
        "validating it: starting",
        "ran 0 of 2 · 0 exchanges · 0 findings",
        "ran 1 of 2 · 0 exchanges · 0 findings",
    ]
