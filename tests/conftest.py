"""What every test of the gate shares: warnings are errors, and a home of its own for tests that run the gate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import typer.main
import typer.testing

from technogate.authoring.diff import folder_text
from technogate.contract import files as contract_files
from technogate.contract.loader import load_contract
from technogate.contract.openapi import document_problems
from technogate.model.contract_words import speak
from technogate.runner.plugin import draw_no_local_constants
from technogate.runner.run_context import DEFAULT_CONTRACT
from tests.gate_command import BYTECODE, GATE, forget_bytecode, lend_bytecode

ROOT = Path(__file__).resolve().parents[1]


def validated_once(problems_of: Callable[[object], list[str]]) -> Callable[[object], list[str]]:
    """The same answers, worked out once for each document."""
    known: dict[str, list[str]] = {}

    def problems(document: object) -> list[str]:
        try:
            # Unlike JSON it tells a key that is a number from one that is a text.
            key = repr(document)
        except RecursionError:
            return problems_of(document)
        if key not in known:
            known[key] = problems_of(document)
        return list(known[key])

    return problems


#: Seconds after which a run of the gate, or whatever else must come to pass in a test, is stuck.
STUCK_S = 600

#: The commands that judge a target.
JUDGING = {"validate", "check", "fit"}

# Where a test calls the gate's own code, the processes that it starts share the bytecode too.
sys._xoptions.setdefault("pycache_prefix", str(BYTECODE))

# Validating the OpenAPI document is most of loading a contract, and most tests load the same one.
for module in (contract_files, folder_text):
    vars(module)["document_problems"] = validated_once(document_problems)

# The tree of commands is the same for each call, and takes longer to build than most calls.
vars(typer.testing)["_get_command"] = cache(typer.main.get_command)

# A machine that is busy draws and tries slowly, and that is no fault of what is tried.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")
# What a test draws must not depend on the tests that its worker ran before.
draw_no_local_constants()


def pytest_configure(config: pytest.Config) -> None:
    """Make a warning in the gate's own code an error, except while suites judge a target."""
    # What tests try outside of a run reads and writes the words of the shipped contract.
    speak(load_contract(ROOT / "contracts" / DEFAULT_CONTRACT).words)
    config.addinivalue_line("filterwarnings", "error")
    # What runs of tests record of themselves is not kept with what runs of the user did.
    os.environ["XDG_STATE_HOME"] = str(Path(tempfile.gettempdir()) / f"tests-of-technogate-{os.getuid()}")
    config.addinivalue_line("markers", "slow: starts a browser, containers, programs or whole runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A separate home: the real package, contract and fixtures, with the suites that a test writes."""

    home: Path

    @property
    def reports(self) -> Path:
        """Where runs of this sandbox write."""
        return self.home / "reports"

    @property
    def journal(self) -> Path:
        """The journal of the last run."""
        return self.reports / "journal.jsonl"

    def suite(self, name: str, text: str) -> Path:
        """Write one module of suites."""
        path = self.home / "suites" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def contract(self, keep: tuple[str, ...]) -> Path:
        """A copy of the contract that has only the requirements `keep`."""
        folder = self.home / "contracts" / "small"
        shutil.copytree(ROOT / "contracts" / "console-v0.1", folder, dirs_exist_ok=True)
        path = folder / "requirements.toml"
        head, *blocks = path.read_text("utf-8").split("\n[requirement.")
        kept = [block for block in blocks if block.split("]")[0].strip('"') in keep]
        path.write_text("\n[requirement.".join([head, *kept]), "utf-8")
        return folder

    def target(self, text: str) -> Path:
        """Write a target file."""
        path = self.home / "pair.toml"
        path.write_text(text, "utf-8")
        return path

    def environment(self) -> dict[str, str]:
        """The environment of a run in this sandbox, without what the test run itself set."""
        dropped = ("PYTEST_", "TECHNOGATE_", "COV_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        shown = {"COLUMNS": "100", "TERM": "dumb"}
        state = {"XDG_STATE_HOME": str(self.home.parent / "state")}
        return {**kept, "PYTHONPATH": str(self.home / "src"), **state, **shown}

    @staticmethod
    def _on_embedded(words: tuple[str, ...]) -> tuple[str, ...]:
        """The words with the reference pair as target, where the command needs one and they name none."""
        named = any(word.startswith(("--target", "-t")) for word in words)
        return words if named or not words or words[0] not in JUDGING else (*words, "--target", "embedded")

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `technogate WORDS` in this home."""
        return self.run_program([*GATE, *self._on_embedded(words)], environment)

    def pytest(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run plain `pytest WORDS` in this home."""
        words = words if any(word.startswith("--target") for word in words) else (*words, "--target=embedded")
        return self.run_program([*GATE[:-1], "pytest", "-p", "no:cacheprovider", *words], environment)

    def popen(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start `technogate WORDS` in this home; the caller ends it."""
        return subprocess.Popen(
            [*GATE, *self._on_embedded(words)],
            cwd=self.home,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_program(
        self, command: list[str], environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in this home, with these variables besides its own."""
        return subprocess.run(
            command,
            cwd=self.home,
            env={**self.environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STUCK_S,
            check=False,
        )


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Return a function that reports whether a condition becomes true before the timeout."""

    def poll(holds: Callable[[], bool]) -> bool:
        until = time.monotonic() + STUCK_S
        while not holds():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    return poll


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh home without any suite."""
    home = tmp_path / "home"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("src", "contracts", "fixtures", "images"):
        shutil.copytree(ROOT / name, home / name, ignore=ignore)
    lend_bytecode(ROOT, ("src", "fixtures"), home)
    (home / "suites").mkdir()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, home / name)
    yield Sandbox(home=home)
    forget_bytecode(tmp_path)
