"""What `pytest suites --alluredir` writes: sentences, requirements and severities, and no API key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.test_exit_codes import BACKEND
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

SUITE = """
import pytest
from technogate.model.events import Finding
from technogate.runner.suite import not_exercised, requirement


@requirement("CTR-01")
@pytest.mark.parametrize("word", ["one", "two"])
def test_holds(must_hold, word):
    '''A sentence with {braces}.'''
    must_hold([])


@requirement("CTR-01")
def test_finds(must_hold):
    '''A sentence that does not hold.'''
    must_hold([Finding(check="c", expected="this", observed="that")])


@requirement("TMO-02")
def test_is_not_exercised(must_hold):
    '''A sentence about something that is not there.'''
    not_exercised("it is not there", "describe it")


@pytest.fixture
def broken(run_context):
    raise RuntimeError("the key is " + run_context.run_key)


@requirement("CTR-01")
def test_breaks(must_hold, broken):
    '''A sentence that nobody gets to.'''


@requirement("CTR-01")
def test_breaks_too(run_context):
    '''A sentence without an end.'''
    raise AssertionError("the key is " + run_context.run_key)
"""

KEY = "TgAbCdEfGh0123456789"


def labels(result: dict[str, Any]) -> dict[str, str]:
    """The labels of a result, the last of each name."""
    return {label["name"]: label["value"] for label in result["labels"]}


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox with items of every outcome, and a key to search for."""
    sandbox.contract(("CTR-01", "TMO-02"))
    sandbox.target(BACKEND.replace("[backend]", '[backend]\napi_key_env = "PAIR_KEY"'))
    sandbox.suite("test_it.py", SUITE)
    return sandbox


@pytest.mark.parametrize("workers", ["0", "2"])
def test_results_bear_requirements(small: Sandbox, workers: str) -> None:
    """Title, description, status and labels of each item, also of one whose setup failed."""
    options = ("--contract=contracts/small", "--target=pair.toml", "--alluredir=allure", "-n", workers)
    ended = small.pytest("suites", *options, PAIR_KEY=KEY)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    files = sorted((small.home / "allure").glob("*.json"))
    assert files
    assert not [file.name for file in files if KEY in file.read_text("utf-8")]
    results = {}
    for file in files:
        if file.name.endswith("-result.json"):
            result = json.loads(file.read_text("utf-8"))
            results[result["name"]] = result
    assert {name: result["status"] for name, result in results.items()} == {
        "A sentence with {braces}. [one]": "passed",
        "A sentence with {braces}. [two]": "passed",
        "A sentence that does not hold.": "failed",
        "A sentence about something that is not there.": "skipped",
        "A sentence that nobody gets to.": "broken",
        "A sentence without an end.": "failed",
    }
    for name, result in results.items():
        requirement = "TMO-02" if "not there" in name else "CTR-01"
        severity = "minor" if requirement == "TMO-02" else "critical"
        result_labels = labels(result)
        assert (
            result_labels["requirement"],
            result_labels["story"],
            result_labels["tag"],
            result_labels["severity"],
        ) == (requirement, requirement, requirement, severity)
        assert result["description"].startswith(f"{requirement}: ")


def test_without_alluredir_nothing_is_written(small: Sandbox) -> None:
    """A run without `--alluredir` writes only its reports."""
    before = set(small.home.iterdir())
    small.pytest("suites", "--contract=contracts/small", "--target=pair.toml", PAIR_KEY=KEY)
    # Python itself keeps the bytecode of the sandbox's conftest.py beside that file.
    assert {path.name for path in set(small.home.iterdir()) - before} <= {"reports", "__pycache__"}
