"""What never ends, in whole runs: the run ends itself, judged, and what was found by then stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from technogate.journal.journal_file import read_journal
from technogate.model.events import Outcome
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

TARGET = 'name = "b"\n[backend]\ncommand = ["{python}", "-c", "pass", "{port}", "{api_key}"]\n'
OPTIONS = ("--contract", "contracts/small", "--target", "pair.toml", "--workers", "1")

HEAD = """
import time
import technogate.runner.time_budget
from technogate.model.events import Finding
from technogate.runner.suite import requirement

WRONG = [Finding(check="c", expected="this", observed="that")]
"""

ITEM = """
@requirement("CTR-01")
def test_{name}(must_hold):
    \"\"\"It is so.\"\"\"
    must_hold([])
    {body}
"""

#: What never ends, however an exception may end it.
HANGS = {
    "sleeps": "time.sleep(1e6)",
    "swallows": "while True:\n        try:\n            time.sleep(1e6)\n        except Exception:\n            pass",
    "computes": "while True:\n        pass",
}
#: The search for the smallest case of a finding goes on for ever.
SHRINKS = "try:\n        must_hold(WRONG)\n    except AssertionError:\n        time.sleep(1e6)"


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose contract has one requirement, and a target that nothing starts."""
    sandbox.contract(("CTR-01",))
    sandbox.target(TARGET)
    return sandbox


def run(small: Sandbox, *words: str, items: dict[str, str], setting: str = "") -> tuple[int, dict[str, Any]]:
    """The exit code of a validation with these items, and its verdict document; no stack trace is printed."""
    small.suite("test_it.py", HEAD + setting + "".join(ITEM.format(name=name, body=items[name]) for name in items))
    ended = small.run("validate", *OPTIONS, *words)
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.returncode, json.loads((small.reports / "verdict.json").read_text("utf-8"))


@pytest.mark.sabotage("an item hangs for ever: the time of the run ends it, and nothing has passed")
def test_a_run_ends_itself(small: Sandbox) -> None:
    """It is INCONCLUSIVE, for the reason that its time was over, and says how to give it more."""
    code, document = run(small, "--max-time", "15s", items={"hangs": HANGS["sleeps"], "last": "pass"})
    assert (code, document["verdict"]) == (3, "INCONCLUSIVE")
    assert "the item did not run: the time of the run, 15s, was over" in json.dumps(document)
    assert "--max-time" in json.dumps(document)


@pytest.mark.sabotage("items hang, swallow every exception, or only compute, with minutes left for the run")
def test_items_end_with_their_own_time(small: Sandbox) -> None:
    """They are undecided, the items after them run, and what was found stands, its smallest case or not."""
    items = {**HANGS, "shrinks": SHRINKS, "last": "pass"}
    code, document = run(small, items=items, setting="technogate.runner.time_budget.IDLE_S = 1.0\n")
    assert (code, document["verdict"]) == (1, "FAIL")
    results = {item.item.partition("::test_")[2]: item for item in read_journal(small.journal).results}
    for name in HANGS:
        assert results[name].outcome is Outcome.SKIPPED
        assert results[name].reason == "the item was ended: it sent and received nothing for 1 s"
    assert results["shrinks"].outcome is Outcome.FAILED
    assert results["last"].outcome is Outcome.PASSED


@pytest.mark.sabotage("--max-time is no time at all")
def test_a_time_that_is_none_is_refused(small: Sandbox) -> None:
    """One line, and exit code 2."""
    ended = small.run("check", "CTR-01", *OPTIONS, "--max-time=forever")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "is no duration" in ended.stderr
