"""A run in which the set-up of every item fails: it ends after three of a kind, and says why."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Sandbox

SUITE = '''
"""A suite whose console never starts."""
import pytest
from technogate.model.errors import StartError
from technogate.runner.suite import requirement

starts = []

@pytest.fixture
def broken():
    starts.append(1)
    raise StartError(f"console did not start: port {len(starts)}", program="console")

@requirement("CTR-01")
@pytest.mark.parametrize("number", range(6))
def test_needs_it(broken, number, must_hold):
    """It needs what does not start."""
    must_hold([])

@requirement("CTR-01")
def test_needs_nothing(must_hold):
    """It needs nothing."""
    must_hold([])
'''


@pytest.mark.slow
def test_a_run_ends_early(sandbox: Sandbox) -> None:
    """Three items fail, the others that need the same are not run, and what needs nothing of it is."""
    sandbox.contract(("CTR-01",))
    sandbox.suite("test_it.py", SUITE)
    ended = sandbox.run("check", "--contract", "contracts/small", "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    document = json.loads((sandbox.reports / "check" / "verdict.json").read_text("utf-8"))
    items = document["requirements"][0]["items"]
    assert [item["outcome"] for item in items] == ["errored"] * 3 + ["skipped"] * 3 + ["passed"]
    assert items[3]["reason"].startswith("not run: the same failed 3 times before: StartError: console did not start")
