"""A browser that is killed in the middle of a run: requirements judged in it afterwards are undecided."""

from __future__ import annotations

import json
import sys

import pytest

from technogate.drivers.page.chromium import browser_missing
from tests.cli.test_exit_codes import verdicts
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

SUITE = '''
import psutil
from technogate.checks import console_display
from technogate.runner.suite import requirement


def kill_the_browser():
    """End the browser that this process started, and wait until it is gone."""
    family = psutil.Process().children(recursive=True)
    browsers = [one for one in family if "--headless" in one.cmdline() and "--type=" not in " ".join(one.cmdline())]
    assert browsers
    for one in browsers:
        one.kill()
        one.wait()


@requirement("CON-02")
def test_before(page_harness, must_hold):
    """An approval is shown."""
    must_hold(console_display.shows(page_harness.execute(page_harness.conforming()), "status", "APPROVED"))


@requirement("CON-09")
def test_meanwhile(page_harness, must_hold):
    """A command is sent once."""
    interaction = page_harness.execute(page_harness.conforming())
    <moment>
    must_hold(console_display.shows(interaction, "status", "APPROVED"))


@requirement("CON-18")
def test_after(page_harness, must_hold):
    """Another status is shown."""
    interaction = page_harness.execute(page_harness.conforming(status="NEUTRAL"))
    must_hold(console_display.shows(interaction, "status", "NEUTRAL"))
'''

#: When the browser is killed, and which requirements can be decided all the same.
MOMENTS = {
    "never": ("", {"CON-02", "CON-09", "CON-18"}),
    "between two items": ("kill_the_browser()", {"CON-02", "CON-09"}),
    "while a command is answered": (
        "page_harness.driver.start_execute('PING'); kill_the_browser(); page_harness.driver.result()",
        {"CON-02"},
    ),
    "before a command": (
        "kill_the_browser(); interaction = page_harness.execute(page_harness.conforming())",
        {"CON-02"},
    ),
}


@pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing()))
@pytest.mark.skipif(sys.platform == "win32", reason="the browser's processes are told by their command line")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_browser_that_is_killed_never_passes(sandbox: Sandbox, moment: str) -> None:
    """Verdicts before the kill stay; the rest is not exercised, and the run is inconclusive."""
    sandbox.contract(("CON-02", "CON-09", "CON-18"))
    kill, decided = MOMENTS[moment]
    sandbox.suite("test_it.py", SUITE.replace("<moment>", kill or "pass"))
    ended = sandbox.run("validate", "--contract", "contracts/small", "--workers", "1")
    assert ended.returncode == (3 if kill else 0), ended.stdout + ended.stderr
    assert verdicts(sandbox.reports) == {"INCONCLUSIVE" if kill else "PASS"}
    document = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))
    assert {
        requirement["id"] for requirement in document["requirements"] if requirement["verdict"] == "PASS"
    } == decided
    assert "Traceback" not in ended.stderr
