"""Attempts to have violations vanish between a check and the journal: the item that must fail shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.judging.judge import judge
from technogate.judging.self_test_result import self_test_problems
from technogate.model.events import Event, Outcome
from technogate.model.item_result import MUST_FAIL, SELF_TEST
from technogate.model.verdict import Verdict
from tests import builders
from tests.conftest import Sandbox

#: A check that would report a violation, if anything did.
VIOLATED = '''
from technogate.model.events import Finding
from technogate.runner.suite import requirement


@requirement("AUT-01")
def test_broken(must_hold):
    """It holds."""
    must_hold([Finding(check="c", expected="e", observed="o")])
'''

SWALLOWED = {
    "the counter of checks takes every finding": (
        "from technogate.runner import suite\nsuite.CheckCounter.__call__ = lambda *results: None\n"
    ),
    "a fixture of the same name takes every finding": (
        "import pytest\n\n@pytest.fixture\ndef must_hold():\n    return lambda *results: None\n"
    ),
    "pytest calls every phase a success": (
        "from technogate.runner import recorder\nphase = recorder._phase\n"
        "recorder._phase = lambda call, report: recorder._Phase(outcome=recorder.Outcome.PASSED, seconds=0.0)\n"
    ),
    "the driver reads another status": (
        "from technogate.runner.self_test import must_fail\nmust_fail.has_status = lambda *words: []\n"
    ),
}


@pytest.mark.slow
@pytest.mark.sabotage("what stands between a check and the journal swallows violations")
@pytest.mark.parametrize("name", SWALLOWED)
def test_swallowed_violations_are_noticed(name: str, sandbox: Sandbox) -> None:
    """Where an item that must fail does not, nothing is PASS, and the report says why."""
    sandbox.suite("backend/test_b.py", VIOLATED)
    conftest = sandbox.home / "conftest.py"
    conftest.write_text(conftest.read_text("utf-8") + "\n" + SWALLOWED[name], "utf-8")
    ended = sandbox.run("check", "AUT-01", "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "an item that must fail was" in ended.stdout


@pytest.mark.slow
@pytest.mark.sabotage("a file of the current folder takes every finding, in each worker")
def test_no_worker_loads_a_file_of_the_current_folder(sandbox: Sandbox) -> None:
    """Workers load their own modules too: the violation is reported."""
    for number in range(4):
        sandbox.suite(f"backend/test_{number}.py", VIOLATED)
    lenient = "import sys\nfrom technogate.runner import suite\nsuite.CheckCounter.__call__ = lambda *results: None\n"
    for name in ("h11", "struct", "json", "queue", "xdist"):
        (sandbox.home / f"{name}.py").write_text(lenient, "utf-8")
    ended = sandbox.run("check", "AUT-01", "--workers", "2")
    assert ended.returncode == 1, ended.stdout + ended.stderr


@pytest.mark.sabotage("a journal without an item that failed as it must, or with one that passed")
@pytest.mark.parametrize(
    "events",
    [
        (builders.result(f"{MUST_FAIL}[gw1]", SELF_TEST),),
        (builders.result(f"{MUST_FAIL}[gw1]", SELF_TEST, Outcome.FAILED, checks=0),),
        (builders.result(f"{MUST_FAIL}[gw1]", SELF_TEST, Outcome.FAILED),),
        (builders.result(f"{MUST_FAIL}[gw1]", SELF_TEST, Outcome.ERRORED), builders.finding("x", SELF_TEST)),
    ],
    ids=["passed", "no check", "no finding", "crashed"],
)
def test_an_item_that_must_fail_and_did_not(events: tuple[Event, ...], tmp_path: Path) -> None:
    """The judge takes a run for nothing in which an item that must fail did not fail in one of its processes."""
    planned = builders.plan(("one", "EXE-01"))
    journal = builders.journal(tmp_path, planned, builders.result("one", "EXE-01"), *events)
    assert any("did not fail" in problem for problem in self_test_problems(journal))
    assert judge(journal).verdict is not Verdict.PASS
