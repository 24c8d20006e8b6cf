"""CONTRIBUTING.md adds one requirement step by step: this follows it in a copy, and counts the files.

The steps and the commands are read from the document itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import ROOT, Sandbox
from tests.gate_command import GATE, forget_bytecode, lend_bytecode

pytestmark = pytest.mark.slow

#: A requirement with its check, its items and a mutant may touch this many files.
MOST_FILES = 6

_SECTION = re.compile(r"^## Add a requirement$(.*?)^## ", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^### \d+\. `([^`]+)`, (a new file|at the end|under `([^`]+)`)$.*?^```\w+\n(.*?)^```$", re.M | re.S)
_COMMAND = re.compile(r"^    \.venv/bin/(.+?) *(?:#.*)?$", re.MULTILINE)

#: What a copy for this needs: everything that is judged with, and the tests of the checks.
COPIED = ("src", "contracts", "fixtures", "images", "suites", "tests", "conftest.py", "pyproject.toml")
DOCUMENTS = ("README.md", "CHANGELOG.md", "docker-compose.test.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the file, where in it the text goes ("" for a new file or the end), and the text."""

    path: str
    new: bool
    under: str
    text: str

    def take(self, home: Path) -> None:
        """Make the change in the copy."""
        path = home / self.path
        assert path.exists() is not self.new, f"{self.path} is {'not ' if self.new else ''}a new file"
        before = "" if self.new else path.read_text("utf-8")
        assert before.count(f"{self.under}\n") or not self.under, f"{self.path} has no line {self.under}"
        after = before.replace(f"{self.under}\n", f"{self.under}\n{self.text}", 1) if self.under else before + self.text
        path.write_text(after, "utf-8")


def walk() -> tuple[list[Step], list[list[str]]]:
    """The steps of the document, and the commands that look at the result."""
    section = _SECTION.search((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert section is not None
    steps = [
        Step(path=path, new=where == "a new file", under=under, text=text)
        for path, where, under, text in _STEP.findall(section[1])
    ]
    assert len(steps) == len(re.findall("^### ", section[1], re.MULTILINE))
    return steps, [shlex.split(command) for command in _COMMAND.findall(section[1])]


STEPS, COMMANDS = walk()


def files(home: Path) -> dict[str, str]:
    """The digest of every file that a person writes in the copy, by its path."""
    found: dict[str, str] = {}
    for path in home.rglob("*"):
        parts = path.relative_to(home).parts
        if path.is_file() and not any(part in ("__pycache__", "reports") or part.startswith(".") for part in parts):
            found["/".join(parts)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Sandbox]:
    """A copy of the project before the walk."""
    home = tmp_path / "copy"
    home.mkdir()
    for name in COPIED + DOCUMENTS:
        source, target = ROOT / name, home / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    lend_bytecode(ROOT, ("src", "fixtures"), home)
    yield Sandbox(home=home)
    forget_bytecode(tmp_path)


def run(copy: Sandbox, command: list[str]) -> subprocess.CompletedProcess[str]:
    """One command of the document, in the copy."""
    program = GATE if command[0] == "technogate" else [sys.executable]
    return copy.run_program([*program, *command[1:]])


def taken(copy: Sandbox, *, without: str = "", before: str = "", after: str = "") -> None:
    """Take the steps, but for those in files like `without`, and with `before` replaced by `after` in their text."""
    assert any(before in step.text and without in step.path for step in STEPS)
    for step in STEPS:
        if not (without and without in step.path):
            replace(step, text=step.text.replace(before or "\0", after)).take(copy.home)


def test_walk_is_complete(copy: Sandbox) -> None:
    """The requirement is listed, the reference passes it, the mutant is killed by it, and six files were touched."""
    untouched = files(copy.home)
    taken(copy)
    touched = {path for path, digest in files(copy.home).items() if untouched.get(path) != digest}
    assert touched == {step.path for step in STEPS}
    assert len(touched) <= MOST_FILES

    listing, check, mutants, figures = COMMANDS
    listed = run(copy, listing)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert re.search(r"ENV-08 +backend +SHOULD +execute +2 +the `message`", listed.stdout), listed.stdout

    checked = run(copy, [*check, "--profile", "quick"])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    document = json.loads((copy.reports / "check" / "verdict.json").read_text("utf-8"))
    [requirement] = document["requirements"]
    assert (requirement["id"], requirement["verdict"]) == ("ENV-08", "PASS")
    items = {item["item"].rpartition("::")[2]: item["outcome"] for item in requirement["items"]}
    assert items == dict.fromkeys(
        ["test_message_of_an_unknown_command_is_short", "test_generated_requests[ENV-08-executeCommand]"], "passed"
    )

    run(copy, mutants)
    [mutant] = json.loads((copy.reports / "mutation-score.json").read_text("utf-8"))["mutants"]
    assert (mutant["status"], mutant["killed_by"]) == ("killed", ["ENV-08"])

    rewritten = run(copy, figures)
    assert rewritten.returncode == 0, rewritten.stderr
    after = files(copy.home)
    assert {path for path, digest in after.items() if untouched.get(path) != digest} - touched == {"README.md"}

    tests = ["tests/checks/test_registry.py", "tests/checks/test_execute_message.py", "tests/test_readme_figures.py"]
    proven = copy.pytest("-q", *tests, "tests/contract/test_loader.py", "-k", "not openapi")
    assert proven.returncode == 0, proven.stdout


#: What is left out or spoilt, the command that shows it, its exit code, and what it prints.
OMISSIONS = {
    "no sentence": ({"without": "requirements.toml"}, 0, 2, "no requirement"),
    "a rule without a known-bad example": (
        {"before": '        bad=lambda e: e.sent(e.executed(message="x" * 201)),\n'},
        1,
        3,
        "required keyword-only argument: 'bad'",
    ),
    "a known-bad example that is good": (
        {"before": "201", "after": "200"},
        1,
        3,
        "no finding on its known-bad example",
    ),
    "no check": ({"without": "checks/execute_message.py"}, 1, 3, "technogate.checks.execute_message"),
    "no mutant": ({"without": "mutants/"}, 2, 2, "env08-message-of-a-page"),
}


@pytest.mark.parametrize("name", OMISSIONS)
def test_an_omission_fails(copy: Sandbox, name: str) -> None:
    """A walk with one step left out, or with an example that proves nothing, is stopped by one of its commands."""
    changes, command, code, text = OMISSIONS[name]
    taken(copy, **changes)
    ended = run(copy, [*COMMANDS[command], "--profile", "quick"] if command == 1 else COMMANDS[command])
    output = " ".join((ended.stdout + ended.stderr).split())
    assert (ended.returncode, text in output) == (code, True), output


def test_one_file_more_is_too_many(copy: Sandbox) -> None:
    """The count is of what changed: a seventh file shows."""
    untouched = files(copy.home)
    taken(copy)
    (copy.home / "src" / "technogate" / "checks" / "list_of_checks.py").write_text("", "utf-8")
    touched = {path for path, digest in files(copy.home).items() if untouched.get(path) != digest}
    assert len(touched) == MOST_FILES + 1
