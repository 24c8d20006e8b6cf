"""Mistakes of a user: one clear line with a hint, exit code 2, nothing lost, no stack trace."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.cli.test_exit_codes import BACKEND, HOLDS, item
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

NEEDS_PAIR = item(also=", running")

#: A validation that the small sandbox can do.
SMALL = ("validate", "--contract", "contracts/small", "--target", "pair.toml", "--workers", "1")
DIES = BACKEND.replace('"pass"', "\"import sys; sys.exit('my database is gone')\"")


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox with one requirement and one item that needs the pair to run."""
    sandbox.contract(("CTR-01",))
    sandbox.target(BACKEND)
    sandbox.suite("test_it.py", NEEDS_PAIR)
    return sandbox


def complain(small: Sandbox, *words: str) -> str:
    """The output of a command that must exit 2 without a stack trace."""
    ended = small.run(*words)
    output = ended.stdout + ended.stderr
    assert ended.returncode == 2, output
    assert "Traceback" not in output
    return " ".join(output.split())


def validate(small: Sandbox, *words: str) -> str:
    """The same for a validation."""
    return complain(small, "validate", "--contract", "contracts/small", "--workers", "1", *words)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("embeded", "embedded"),
        ("nowhere.toml", "nowhere.toml"),
        ("compose", "compose"),
    ],
)
def test_unknown_target(small: Sandbox, target: str, why: str) -> None:
    """An unknown target is named, with the most similar known one."""
    assert why in validate(small, "--target", target)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BACKEND.replace("command", "comand"), "did you mean backend.command"),
        (BACKEND + 'url = "http://127.0.0.1:1"\n', "url"),
        (BACKEND + "[backend.comands]\n", "backend.commands"),
        ("name = \n", "line 1"),
        ('name = "x"\n', "backend"),
        (BACKEND.replace("{python}", "{pyhton}"), "{python}"),
        (BACKEND.replace("{python}", "no-such-program"), "no-such-program"),
        (BACKEND + 'api_key_env = "NO_SUCH_VARIABLE"\n', "NO_SUCH_VARIABLE"),
    ],
)
def test_wrong_target_file(small: Sandbox, text: str, why: str) -> None:
    """A mistake in a target file is one line that names the key."""
    small.target(text)
    assert why in validate(small, "--target", "pair.toml")


def test_unreadable_contract(small: Sandbox) -> None:
    """A contract that is missing or broken is named with its file."""
    assert "nowhere" in complain(small, "validate", "--contract", "nowhere")
    (small.home / "contracts" / "small" / "openapi.yaml").write_text("openapi: [")
    assert "openapi.yaml" in validate(small, "--target", "pair.toml")


def test_a_contract_that_contradicts_itself(small: Sandbox) -> None:
    """Files of a contract that disagree end the run before anything is judged."""
    behavior = small.home / "contracts" / "small" / "behavior.toml"
    behavior.write_text(behavior.read_text("utf-8").replace('"fetchDiagnosticMetrics"', '"fetchAuditLog"'), "utf-8")
    output = validate(small, "--target", "pair.toml")
    assert "behavior.toml" in output
    assert "names fetchAuditLog, and so does audit" in output
    assert not small.reports.exists()


def test_port_taken(small: Sandbox) -> None:
    """A fixed port that is in use is named before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        small.target(BACKEND + f"port = {port}\n")
        assert str(port) in validate(small, "--target", "pair.toml")


def test_command_that_dies_shows_its_last_output(small: Sandbox) -> None:
    """A program that dies at start is named with its exit code and its last output."""
    small.target(DIES)
    output = validate(small, "--target", "pair.toml")
    assert "my database is gone" in output
    assert "exited with code 1" in output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_dead_command_by_plain_pytest(small: Sandbox, workers: str) -> None:
    """Plain pytest prints the same, with and without workers."""
    small.target(DIES)
    more = () if workers == "1" else ("-n", workers)
    ended = small.pytest("suites", "--contract=contracts/small", "--target=pair.toml", *more)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "my database is gone" in ended.stdout + ended.stderr


def test_unwritable_reports(small: Sandbox) -> None:
    """Reports that cannot be written are named with a hint."""
    (small.home / "file").write_text("")
    assert "--reports" in validate(small, "--target", "pair.toml", "--reports", "file/reports")


@pytest.mark.parametrize(
    "words", [("nonsense",), ("validate", "--nonsense"), ("check", "--profile", "huge"), ("judge",)]
)
def test_wrong_usage(small: Sandbox, words: tuple[str, ...]) -> None:
    """An invalid command line is reported."""
    assert complain(small, *words)


@pytest.mark.parametrize(
    ("word", "near"), [("AUTH", "aut"), ("backnd", "backend"), ("CTR-1", "ctr-01"), ("zzzz", "requirements")]
)
def test_check_of_an_unknown_word(sandbox: Sandbox, word: str, near: str) -> None:
    """An unknown requirement, group or party is reported with the most similar known one."""
    assert near in complain(sandbox, "check", word)


def test_torn_journal(small: Sandbox) -> None:
    """A torn journal is judged as far as it goes, reported as torn, and not changed."""
    small.suite("test_it.py", HOLDS)
    assert small.run(*SMALL).returncode == 0
    torn = small.home / "torn.jsonl"
    torn.write_bytes(small.journal.read_bytes()[:-40])
    before = torn.read_bytes()
    output = complain(small, "judge", "torn.jsonl", "--reports", "again")
    assert "torn" in output
    assert "INCONCLUSIVE" in output
    assert torn.read_bytes() == before
    torn.write_bytes(before.replace(b'"outcome":"passed"', b'"outcome":"xxxxxx"'))
    assert "damaged" in complain(small, "judge", "torn.jsonl", "--reports", "again")


def test_creates_the_reports_folder(small: Sandbox, tmp_path: Path) -> None:
    """A reports folder that does not exist is created."""
    small.suite("test_it.py", HOLDS)
    folder = tmp_path / "a" / "b"
    assert small.run(*SMALL, "--reports", str(folder)).returncode == 0
    assert {"journal.jsonl", "verdict.json", "report.md", "report.html", "junit.xml"} <= set(os.listdir(folder))  # noqa: PTH208
