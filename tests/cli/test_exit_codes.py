"""Exit codes of a subprocess: 0 PASS, 1 FAIL, 3 INCONCLUSIVE; anything that breaks makes the result INCONCLUSIVE."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

BACKEND = 'name = "b"\n[backend]\ncommand = ["{python}", "-c", "pass", "{port}", "{api_key}"]\n'


def item(body: str = "must_hold([])", *, before: str = "", also: str = "", name: str = "test_it") -> str:
    """A module of suites with one item that checks CTR-01 with `body`."""
    return f'''
import os, pathlib, signal, time
import pytest
from technogate.model.events import Finding
from technogate.runner.suite import requirement
{before}
@requirement("CTR-01")
def {name}(must_hold{also}):
    """It holds."""
    {body}
'''


HOLDS = item()
FINDS = item('must_hold([Finding(check="c", expected="this", observed="that")])')


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose contract has one requirement, and a target that nothing starts."""
    sandbox.contract(("CTR-01",))
    sandbox.target(BACKEND)
    return sandbox


OPTIONS = ("--contract", "contracts/small", "--target", "pair.toml")


def verdict(sandbox: Sandbox) -> str:
    """The verdict that the reports give."""
    return str(json.loads((sandbox.reports / "verdict.json").read_text())["verdict"])


def verdicts(reports: Path) -> set[str]:
    """The verdict in each report of a folder."""
    patterns = {
        "verdict.json": r'^  "verdict": "(\w+)"',
        "report.md": r"^# \S+ (\w+)$",
        "report.html": r"<title>(\w+): ",
        "junit.xml": r'name="technogate.verdict" value="(\w+)"',
        "allure-results/environment.properties": r"^verdict *= *(\w+)",
    }
    words: set[str] = set()
    for name, pattern in patterns.items():
        if (reports / name).is_file():
            text = (reports / name).read_text("utf-8")
            output = re.search(pattern, text, re.MULTILINE)
            assert output, f"{name} has no verdict"
            words.add(output[1])
    return words


def both(small: Sandbox) -> list[subprocess.CompletedProcess[str]]:
    """The same run by the technogate command and by plain pytest."""
    options = [f"{name}={value}" for name, value in zip(OPTIONS[::2], OPTIONS[1::2], strict=True)]
    return [small.run("validate", *OPTIONS, "--workers", "1"), small.pytest("suites", *options)]


def test_an_item_for_containers_is_not_planned_elsewhere(small: Sandbox) -> None:
    """For a pair of processes it is left out when its requirement has another check; alone it proves nothing."""
    for_containers = item(before="@pytest.mark.containers", name="test_in_containers")
    small.suite("test_it.py", HOLDS)
    small.suite("test_containers.py", for_containers)
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (small.home / "suites" / "test_it.py").unlink()
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "no tests were collected" in ended.stdout


def test_pass_is_0(small: Sandbox) -> None:
    """A run in which every MUST was proven exits 0, by the command and by plain pytest."""
    small.suite("test_it.py", HOLDS)
    for ended in both(small):
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert verdicts(small.reports) == {"PASS"}
        assert "PASS" in ended.stdout


def test_fail_is_1(small: Sandbox) -> None:
    """A run in which a MUST failed exits 1, by the command and by plain pytest."""
    small.suite("test_it.py", FINDS)
    for ended in both(small):
        assert ended.returncode == 1, ended.stdout + ended.stderr
        assert verdict(small) == "FAIL"


LATE = """
@pytest.fixture
def late():
    yield
    raise OSError("late")
"""
EDIT = "open('reports/journal.jsonl', 'a').write('{}\\n'); must_hold([])"

#: What can go wrong with the suites, and a part of the reason that must be reported.
BROKEN = {
    "no suite at all": ("", "no tests were collected"),
    "a module without tests": ("X = 1\n", "no tests were collected"),
    "a suite that does not import": (item(before="import no_such_module"), "could not be collected"),
    "a syntax error": ("def :\n", "could not be collected"),
    "every item skipped": (item(before="@pytest.mark.skip('why not')"), "why not"),
    "an expected failure": (item(before="@pytest.mark.xfail(strict=False)"), "CTR-01"),
    "an item that checks nothing": (item("pass"), "it made no check"),
    "an item that breaks": (item("raise OSError('boom')"), "boom"),
    "a plain assertion": (item("assert 1 == 2"), "AssertionError"),
    "a teardown that breaks": (item(before=LATE, also=", late"), "late"),
    "an empty parameter list": (
        item(before="@pytest.mark.parametrize('x', [])", also=", x"),
        "could not be collected",
    ),
    "the clock is set back": (item("real = time.time; time.time = lambda: real() - 600; must_hold([])"), "set back"),
    "the clock is set forward": (
        item("real = time.time; time.time = lambda: real() + 600; must_hold([])"),
        "set forward",
    ),
    "the process dies": (item("os._exit(0)"), "torn"),
    "the process is killed": (item("os.kill(os.getpid(), signal.SIGKILL)"), "torn"),
    "pytest stops early": (item("pytest.exit('enough', returncode=0)"), "CTR-01"),
    "the journal is edited": (item(EDIT), "damaged"),
    "the journal is emptied": (item("open('reports/journal.jsonl', 'w').close(); must_hold([])"), "INCONCLUSIVE"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_suites_exit_3(small: Sandbox, name: str) -> None:
    """When the suites break in any way, the exit code is 3 and no report has PASS."""
    text, why = BROKEN[name]
    if text:
        small.suite("test_it.py", text)
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert why in " ".join((ended.stdout + ended.stderr).split())
    assert "Traceback" not in ended.stderr
    report = small.reports / "verdict.json"
    assert not report.exists() or verdict(small) == "INCONCLUSIVE"


def test_a_dead_worker_is_3(small: Sandbox) -> None:
    """A worker that dies during an item leaves that item without a result."""
    small.suite("test_it.py", HOLDS)
    small.suite("test_more.py", item(name="test_more") + item("os._exit(1)", name="test_dies"))
    ended = small.run("validate", *OPTIONS, "--workers", "2")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert verdict(small) == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HOLDS.replace("CTR-01", "CTR-99"), "no requirement 'CTR-99'"),
        (HOLDS.replace('@requirement("CTR-01")', ""), "exactly one @requirement"),
        (HOLDS.replace('"""It holds."""', ""), "needs a docstring"),
    ],
)
def test_a_suite_that_breaks_the_rules_never_passes(small: Sandbox, text: str, why: str) -> None:
    """An unknown requirement, none at all, or no sentence: the suites are not run."""
    small.suite("test_it.py", text)
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3
    assert why in " ".join(ended.stdout.split())


def test_a_filter_that_matches_nothing_never_passes(small: Sandbox) -> None:
    """Plain pytest with a filter that matches no item exits 3."""
    small.suite("test_it.py", HOLDS)
    options = [f"{name}={value}" for name, value in zip(OPTIONS[::2], OPTIONS[1::2], strict=True)]
    assert small.pytest("suites", "-k", "nothing", *options).returncode == 3


#: Two items of one requirement, of which the second reports a finding.
HALF = HOLDS + item('must_hold([Finding(check="c", expected="this", observed="that")])', name="test_failing")

#: Options that make pytest leave out the failing item.
LEFT_OUT = [("-k", "not failing"), ("--deselect", "suites/test_it.py::test_failing")]


def test_the_environment_leaves_no_item_out(small: Sandbox) -> None:
    """Pytest options in the environment do not reach a validation: the failing item runs."""
    small.suite("test_it.py", HALF)
    for words in ("-k 'not failing'", "--deselect suites/test_it.py::test_failing --rootdir ."):
        ended = small.run("validate", *OPTIONS, "--workers", "1", PYTEST_ADDOPTS=words)
        assert ended.returncode == 1, ended.stdout + ended.stderr


@pytest.mark.parametrize("words", LEFT_OUT, ids=lambda words: words[0])
def test_an_item_that_was_left_out_never_passes(small: Sandbox, words: tuple[str, str]) -> None:
    """An item that plain pytest leaves out was planned, so its requirement is undecided."""
    small.suite("test_it.py", HALF)
    options = [f"{name}={value}" for name, value in zip(OPTIONS[::2], OPTIONS[1::2], strict=True)]
    ended = small.pytest("suites", *words, *options)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert verdict(small) == "INCONCLUSIVE"


def test_a_suite_that_was_left_out_never_passes(small: Sandbox) -> None:
    """A validation collects every suite: plain pytest that ignores one, or runs only some, is a usage error."""
    small.suite("test_it.py", HOLDS)
    small.suite("test_failing.py", FINDS)
    options = [f"{name}={value}" for name, value in zip(OPTIONS[::2], OPTIONS[1::2], strict=True)]
    for words in (
        ["suites", "--ignore=suites/test_failing.py"],
        ["suites/test_it.py"],
        ["suites", "--ignore-glob=*failing*"],
    ):
        ended = small.pytest(*words, *options)
        assert ended.returncode == 2, ended.stdout + ended.stderr
        assert "technogate check" in ended.stdout + ended.stderr


def test_the_journal_of_another_run_never_passes(small: Sandbox) -> None:
    """A run whose journal was replaced by that of another run proves nothing."""
    small.suite("test_it.py", HOLDS)
    assert small.run("validate", *OPTIONS, "--workers", "1").returncode == 0
    (small.reports / "journal.jsonl").rename(small.home / "other.jsonl")
    small.suite(
        "test_it.py",
        item(
            "import shutil; shutil.copy('other.jsonl', 'reports/journal.jsonl.new'); "
            "os.replace('reports/journal.jsonl.new', 'reports/journal.jsonl'); must_hold([])"
        ),
    )
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "of this run wrote it" in " ".join((ended.stdout + ended.stderr).split())


def test_a_requirement_without_a_check_never_passes(small: Sandbox) -> None:
    """A MUST that no suite exercises makes the run inconclusive, and is named."""
    small.contract(("CTR-01", "CTR-02"))
    small.suite("test_it.py", HOLDS)
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3
    assert "not exercised: CTR-02" in " ".join(ended.stdout.split())


def test_check_is_never_a_verdict(small: Sandbox) -> None:
    """A check that passed exits 0 and says so, but is no validation."""
    small.suite("test_it.py", HOLDS)
    ended = small.run("check", "CTR-01", *OPTIONS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    document = json.loads((small.reports / "check" / "verdict.json").read_text())
    assert (document["verdict"], document["exit_code"], document["is_validation"]) == ("PASS", 0, False)
    assert "CHECK PASSED: 1 of 1 requirement holds" in ended.stdout
    again = small.run("judge", "reports/check/journal.jsonl", "--reports", "again")
    assert json.loads((small.home / "again" / "verdict.json").read_text())["is_validation"] is False
    assert (again.returncode, "✔ PASS" in again.stdout.partition("Phase 5")[0]) == (0, False)


def test_a_report_that_cannot_be_written_is_no_pass(small: Sandbox) -> None:
    """A run with an unwritable report does not exit 0."""
    blocked = small.reports / "report.html"
    small.suite("test_it.py", item(f"pathlib.Path({str(blocked)!r}).mkdir(); must_hold([])"))
    ended = small.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout
    assert "report.html" in ended.stdout + ended.stderr
    assert verdicts(small.reports) == {"INCONCLUSIVE"}


def test_an_old_pass_does_not_survive(small: Sandbox) -> None:
    """Reports of an earlier run are removed before the next run can break."""
    small.suite("test_it.py", HOLDS)
    assert small.run("validate", *OPTIONS, "--workers", "1").returncode == 0
    small.suite("test_it.py", item("open('reports/journal.jsonl', 'w').close()"))
    assert small.run("validate", *OPTIONS, "--workers", "1").returncode == 3
    assert not (small.reports / "verdict.json").exists()


def test_judging_a_stored_journal_gives_the_same(small: Sandbox, tmp_path: Path) -> None:
    """`judge` on the journal of a run gives the same document and the same exit code."""
    small.suite("test_it.py", FINDS)
    small.run("validate", *OPTIONS, "--workers", "1")
    ended = small.run("judge", "reports/journal.jsonl", "--reports", str(tmp_path / "again"))
    assert ended.returncode == 1
    assert (tmp_path / "again" / "verdict.json").read_bytes() == (small.reports / "verdict.json").read_bytes()
