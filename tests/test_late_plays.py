"""Scenes that are played beside a run: one that is left comes to its end alone, and breaks nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.console_late import LatePlay, Player
from fixtures.console_late_kinds import Late, in_turn, swapped
from technogate.driver.console import DriverError
from technogate.journal import JournalError, JournalWriter
from technogate.redact import Redactor

LATE = Late(driver="module", endpoint="memory", kind="in-body")
FALLBACK = Late(driver="module", endpoint="fallback", kind="in-body")
SLOW = Late(driver="module", endpoint="slow", kind="in-time")


def ended_console() -> Player:
    """A console that is gone."""
    raise DriverError("the console has ended")


@pytest.fixture
def play(tmp_path: Path) -> LatePlay:
    """A play whose console and journal are closed, as after a run that was interrupted."""
    journal = JournalWriter(tmp_path / "journal.jsonl", "main")
    journal.seal("interrupted")
    gate: Any = SimpleNamespace(record=journal.append, redactor=Redactor("a-key-of-this-run"))
    double: Any = None
    return LatePlay(gate, double, ended_console, {LATE: "an item"})


def test_a_play_that_was_left_tells_nobody(play: LatePlay) -> None:
    """Nobody waits for it, and nothing is raised in its thread."""
    play.leave()
    play.run()


@pytest.mark.parametrize(("scene", "came", "wrong"), [
    (SLOW, "slow", False), (SLOW, "stall", True), (FALLBACK, "stall", False), (FALLBACK, "slow", True)
])  # fmt: skip
def test_a_fallback_of_another_scene_is_noticed(scene: Late, came: str, wrong: bool) -> None:
    """A scene that was answered with another's fallback has shown nothing."""
    assert swapped("slow", scene, came) is wrong


def test_the_slow_scene_begins() -> None:
    """It takes longest; the others take turns, so that two that ask for the same do not follow one another."""
    order = in_turn([LATE, FALLBACK, replace(LATE, kind="drip"), SLOW, replace(FALLBACK, kind="drip")])
    assert [scene.endpoint for scene in order] == ["slow", "memory", "fallback", "memory", "fallback"]


def test_a_play_that_cannot_tell_is_heard_of(play: LatePlay) -> None:
    """Where somebody waits, a journal that takes nothing is an error."""
    with pytest.raises(JournalError, match="closed"):
        play.run()
