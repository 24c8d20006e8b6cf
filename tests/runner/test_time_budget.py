"""The time of a run and of an item: read from the command line, counted, and over in time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from technogate.model.errors import UserError
from technogate.model.events import RunWarning
from technogate.model.settings import IDLE_S, ITEM_S, MAX_TIME_S, Settings
from technogate.runner import time_budget
from technogate.runner.run_context import open_run
from technogate.runner.time_budget import OutOfTime, TimeBudget, given_time, in_words, seconds_of
from tests.conftest import STUCK_S


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("10m", 600.0), ("1h", 3600.0), ("120s", 120.0)])
def test_a_duration_is_read_and_said_again(text: str, seconds: float) -> None:
    """As a user writes it, and in the largest unit that fits."""
    assert seconds_of(text) == seconds
    assert seconds_of(in_words(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "0s", "10", "-1m", "1.5h", "1d", "m", " 1m", "1m\n", "9999999s", "\u0661m"])
def test_what_is_no_duration_is_one_line(text: str) -> None:
    """It names the option, and what it takes."""
    with pytest.raises(UserError, match=r"--max-time .* is no duration: .* 90s, 10m or 1h"):
        seconds_of(text)


def test_the_default_depends_on_the_profile() -> None:
    """Ten minutes, and more for the profile that sends a hundred thousand requests."""
    assert given_time(Settings(), "").max_time_s == MAX_TIME_S["standard"] == 600
    assert given_time(Settings(profile="thorough"), "").max_time_s == MAX_TIME_S["thorough"] == 3600
    assert given_time(Settings(profile="thorough"), "90s").max_time_s == 90


def budget(settings: Settings, waited: list[float]) -> TimeBudget:
    """A budget for what waits at a rate limit as often as `waited` says, with the real clock."""
    return TimeBudget(settings, lambda: sum(waited))


def test_no_item_begins_after_the_time_of_the_run() -> None:
    """Neither before its end, nor in a run without one, is anything said."""
    budget(Settings(), []).require_time()
    budget(given_time(Settings(), "1h"), []).require_time()
    over = Settings(max_time_s=90.0, ends_at=time.monotonic())
    with pytest.raises(OutOfTime, match="the item did not run: the time of the run, 90s, was over"):
        budget(over, []).require_time()


def test_what_waits_is_ended_with_the_run() -> None:
    """Also while it is set up."""
    settings = Settings(max_time_s=0.2, ends_at=time.monotonic() + 0.2)
    with (
        pytest.raises(OutOfTime, match="the item was ended: the time of the run"),
        budget(settings, []).bounded(item=False),
    ):
        threading.Event().wait(STUCK_S)


@pytest.mark.parametrize(
    ("name", "what"), [("ITEM_S", "it took more than"), ("IDLE_S", "it sent and received nothing")]
)
def test_an_item_ends_with_its_own_time(name: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a whole, and where nothing is recorded meanwhile."""
    monkeypatch.setattr(time_budget, name, 0.2 if name == "IDLE_S" else {"standard": 0.2})
    with pytest.raises(OutOfTime, match=what), budget(Settings(), []).bounded(item=True):
        threading.Event().wait(STUCK_S)


def test_what_a_rate_limit_takes_is_no_time_of_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits as long as the backend asks for, and is ended when it waits for something else."""
    monkeypatch.setattr(time_budget, "IDLE_S", 0.2)
    waited: list[float] = []
    begun = time.monotonic()

    def item() -> None:
        with budget(Settings(), waited).bounded(item=True):
            waited.append(0.5)
            threading.Event().wait(STUCK_S)

    with pytest.raises(OutOfTime):
        item()
    assert time.monotonic() - begun >= 0.7


def test_an_item_that_gets_on_has_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event counts."""
    monkeypatch.setattr(time_budget, "IDLE_S", 0.3)
    one = budget(Settings(), [])
    with one.bounded(item=True):
        for _ in range(10):
            time.sleep(0.05)
            one.note(RunWarning(text="an event"))


def test_a_line_of_the_journal_is_written_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that is over in the middle of it ends the item afterwards."""
    monkeypatch.setattr(time_budget, "IDLE_S", 0.1)
    run_context = open_run(Settings(target="embedded", reports=str(tmp_path), seed=1))
    seen: list[bool] = []

    def slow(_: object) -> None:
        time.sleep(0.5)
        seen.append(True)

    run_context.watchers.append(slow)

    def item() -> None:
        with budget(Settings(), []).bounded(item=True):
            run_context.record(RunWarning(text="slowly written"))
            threading.Event().wait(STUCK_S)

    with pytest.raises(OutOfTime):
        item()
    run_context.journal.close()
    assert seen == [True]


def test_the_limits_of_an_item_come_before_that_of_a_stuck_run() -> None:
    """Else the whole run would be ended for one item."""
    from technogate.runner.suite_process import STUCK_S as STUCK_RUN_S

    assert IDLE_S < STUCK_RUN_S
    assert all(limit > IDLE_S for limit in ITEM_S.values())
