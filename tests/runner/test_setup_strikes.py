"""The same set-up that fails again and again: after three times, what needs it is not run."""

from __future__ import annotations

import pytest

from technogate.runner.setup_strikes import STRIKES, SetupStrikes

HARNESS = {"harness", "run_context", "console_driver=browser"}
MODULE = {"harness", "run_context", "console_driver=module"}
BACKEND = {"backend", "run_context"}


def struck(times: int) -> SetupStrikes:
    """So many failures of one kind in items that need the page."""
    strikes = SetupStrikes()
    for number in range(times):
        strikes.failed(HARNESS, f"DriverError: http://127.0.0.1:{5000 + number} has no part `run`")
    return strikes


def test_items_that_need_the_same_are_not_run() -> None:
    """After three failures of a kind the reason is given at once, with the first failure's text."""
    assert struck(STRIKES - 1).reason(HARNESS) == ""
    assert struck(STRIKES).reason(HARNESS).startswith("not run: the same failed 3 times before: DriverError: http")


def test_what_passed_is_not_to_blame() -> None:
    """Items run that need only what others had and passed with."""
    strikes = struck(STRIKES)
    strikes.passed(BACKEND)
    strikes.passed(MODULE)
    assert strikes.reason(BACKEND) == ""
    assert strikes.reason(MODULE) == ""
    assert strikes.reason(HARNESS)


def test_other_failures_are_other_kinds() -> None:
    """Failures that differ in more than numbers are not counted together."""
    strikes = SetupStrikes()
    for part in ("run", "command", "status"):
        strikes.failed(HARNESS, f"DriverError: no part `{part}`")
    assert strikes.reason(HARNESS) == ""


@pytest.mark.parametrize("needs", [BACKEND, {"contract"}])
def test_what_the_failed_items_did_not_share_is_run(needs: set[str]) -> None:
    """What only some of the failed items needed is not to blame."""
    strikes = SetupStrikes()
    for own in ("a", "b", "c"):
        strikes.failed({"harness", own}, "StartError: console did not start")
    assert strikes.reason({"a", "b", "c"} | (needs - {"run_context"})) == ""
    assert strikes.reason({"harness"})
