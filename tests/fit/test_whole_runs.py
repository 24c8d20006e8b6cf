"""A target file that is wrong, and a backend that is not there, in whole runs: said at once, before any item runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.checked_program import with_node
from tests.conftest import ROOT, STUCK_S
from tests.fit.answering import KEY, WHOLE, below, serving
from tests.gate_command import GATE

#: A database that does not run: nothing listens on this port of the loopback address.
DEAD = "postgresql://nobody@127.0.0.1:1/none"
QUERY = "SELECT timestamp, action, result, state, trace_id, execution_id FROM trail"


def technogate(folder: Path, text: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`technogate WORDS` in a folder whose `technogate.toml` has this text, if there is any."""
    if text:
        (folder / "technogate.toml").write_text(text, "utf-8")
    kept = {name: value for name, value in with_node().items() if not name.startswith(("PYTEST_", "TECHNOGATE_"))}
    return subprocess.run(
        [*GATE, *words],
        cwd=folder, env={**kept, "TERM": "dumb", **environment}, capture_output=True, text=True, timeout=STUCK_S,
        check=False,
    )  # fmt: skip


def complaint(ended: subprocess.CompletedProcess[str], lines: int = 1) -> list[str]:
    """What a command that ended with code 2 said, in so many lines."""
    assert ended.returncode == 2, ended.stdout + ended.stderr
    said = ended.stderr.strip().splitlines()
    assert len(said) == lines, ended.stderr
    return said


def ran(folder: Path) -> list[dict[str, str]]:
    """The results of items in the journal of a check, without the one of the self-test."""
    return results_in(folder / "reports" / "check" / "journal.jsonl")


def results_in(journal: Path) -> list[dict[str, str]]:
    """The same in a journal, none where there is no such file."""
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    events = [json.loads(line)["event"] for line in lines]
    return [event for event in events if event["event"] == "result" and event["requirement"] != "self-test"]


@pytest.mark.parametrize("words", [("validate",), ("check", "AUT-01"), ("fit",)])
@pytest.mark.slow
def test_no_target_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Without a target file nothing is judged, the reference pair neither: one line says how to have one."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    ended = technogate(folder, "", *words)
    [line] = complaint(ended)
    assert "there is no technogate.toml in this folder or above it: write one with `technogate init`" in line


@pytest.mark.slow
def test_a_missing_command(tmp_path: Path) -> None:
    """A validation names the command that is missing in one line, and starts no suite."""
    text = (ROOT / "examples" / "node-backend" / "target.toml").read_text("utf-8")
    text = text.replace('"server.mjs"', json.dumps(str(ROOT / "examples" / "node-backend" / "server.mjs")))
    [line] = complaint(technogate(tmp_path, text.replace('expired = "OLD_SESSION"\n', ""), "validate"))
    assert "backend.commands.expired: no command is named; undecided: ENV-06, EXE-01" in line
    assert 'write expired = "…" below [backend.commands], or expired = ""' in line
    assert not (tmp_path / "reports" / "journal.jsonl").exists()
    ended = technogate(tmp_path, text, "fit")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "FITS"), ended.stdout + ended.stderr


def described(url: str) -> str:
    """The target file of a backend that runs at `url`."""
    text = f'name = "x"\n[backend]\nurl = "{url}"\nready = "/openapi.json"\napi_key_env = "OUR_KEY"\n'
    return text + '[backend.commands]\napproved = "PING"\n'


@pytest.mark.slow
def test_a_wrong_key(tmp_path: Path) -> None:
    """A key that every operation refuses is named with the variable that holds it."""
    with serving({**WHOLE, ("GET", "/openapi.json"): (200, {})}) as url:
        words = ("check", "EXE-01", "TRL-01", "--workers", "1")
        ended = technogate(tmp_path, described(url), *words, OUR_KEY="Another-Key-0123456789")
    [line] = complaint(ended)
    assert "x: backend.api_key_env: the key is refused by every operation (403); write export OUR_KEY=" in line
    assert ran(tmp_path) == []


@pytest.mark.slow
def test_a_dead_database(tmp_path: Path) -> None:
    """A trail that cannot be read is named with its source."""
    with serving({**WHOLE, ("GET", "/openapi.json"): (200, {})}) as url:
        text = described(url) + f'[backend.audit]\nsource = "sql"\nurl = "{DEAD}"\nquery = "{QUERY}"\n'
        ended = technogate(tmp_path, text, "check", "EXE-01", "TRL-01", "--workers", "1", OUR_KEY=KEY)
    [line] = complaint(ended)
    assert "sql postgresql none cannot be read" in line
    assert "[backend.audit]" in line
    assert ran(tmp_path) == []


@pytest.mark.slow
def test_a_wrong_selector(tmp_path: Path) -> None:
    """A selector that matches nothing is named with what the page has, and no item runs."""
    text = f'name = "x"\nextends = {json.dumps(str(ROOT / "images" / "console.toml"))}\n'
    text += f"[console]\ncwd = {json.dumps(str(ROOT / 'images' / 'console'))}\n"
    text += '[console.selectors]\naudit_limit = "#limit-of-another-page"\n'
    [line] = complaint(technogate(tmp_path, text, "check", "CON-02", "--workers", "1"))
    assert "console.selectors.audit_limit: nothing on the page matches #limit-of-another-page" in line
    assert 'write audit_limit = "#audit-limit" below [console.selectors], or audit_limit = "" if' in line
    assert ran(tmp_path) == []


@pytest.mark.slow
def test_a_backend_without_any_operation(tmp_path: Path) -> None:
    """The run ends at once: FAIL with one cause that names the routes and asks for the prefix."""
    document = {"openapi": "3.1.0", "paths": {"/process": {"post": {}}}}
    routes = {**below("/some/place/that/nobody/guesses"), ("GET", "/openapi.json"): (200, document)}
    with serving(routes) as url:
        text = f'name = "x"\n[backend]\nurl = "{url}"\nready = "/openapi.json"\napi_key_env = "OUR_KEY"\n'
        ended = technogate(tmp_path, text, "check", "AUT", "EXE", "--workers", "1", OUR_KEY=KEY)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    verdict = json.loads((tmp_path / "reports" / "check" / "verdict.json").read_text("utf-8"))
    [cause] = verdict["causes"]
    assert cause["title"].startswith("None of the four endpoints exists: 404 for ")
    assert f'is there a prefix (url = "{url}/base")?' in cause["title"]
    [finding] = verdict["findings"]
    assert "routes that do exist, by its document /openapi.json: POST /process" in finding["finding"]["observed"]
    outcomes = [result["outcome"] for result in ran(tmp_path)]
    assert outcomes.count("failed") == 1
    assert set(outcomes) == {"failed", "skipped"}
