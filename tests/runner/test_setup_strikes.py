"""The same set-up that fails again and again: after three times, what needs it is not run."""

from __future__ import annotations

from technogate.runner.setup_strikes import STRIKES, SetupStrikes


def struck(times: int) -> SetupStrikes:
    """So many failures of one kind."""
    strikes = SetupStrikes()
    for number in range(times):
        strikes.failed("harness browser", f"DriverError: http://127.0.0.1:{5000 + number} has no part `run`")
    return strikes


def test_items_that_need_the_same_are_not_run() -> None:
    """After three failures of a kind the reason is given at once, with the first failure's text."""
    assert struck(STRIKES - 1).reason({"harness browser"}) == ""
    reason = struck(STRIKES).reason({"contract", "harness browser"})
    assert reason == "not run: the same failed 3 times before: DriverError: http://127.0.0.1:5000 has no part `run`"


def test_items_that_need_something_else_are_run() -> None:
    """What did not fail is set up."""
    assert struck(STRIKES).reason({"harness module", "backend"}) == ""


def test_only_failures_in_a_row_count() -> None:
    """A fixture that could be set up meanwhile is set up again, and so is one that fails for other reasons."""
    strikes = struck(STRIKES - 1)
    strikes.passed("harness browser")
    strikes.failed("harness browser", "DriverError: http://127.0.0.1:1 has no part `run`")
    assert strikes.reason({"harness browser"}) == ""
    strikes = SetupStrikes()
    for part in ("run", "command", "status"):
        strikes.failed("harness browser", f"DriverError: no part `{part}`")
    assert strikes.reason({"harness browser"}) == ""
