"""What a backend gives away of its key, and of other secrets: found, named, and in no file of a run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from technogate.journal.redaction import Redactor
from tests.conftest import ROOT, Sandbox
from tests.journal.key_holders import HOLDERS, KEY, holds_a_piece

PROGRAM = ROOT / "tests" / "sabotage" / "secrets" / "leaky_backend.py"

#: Secrets of a target file that are not the key, by where they stand.
SECRETS = {
    "a value of env": "correct-horse-battery-staple-7",
    "a short one": "hunt3r",
    "a random value": "q8Zr2LxW0vTn5Kb7Yd3M",
    "the password of an address": "p4ss~w0rd+of+mine",
    "a token of a command": "glpat-3f9Xk2LmQ8vT1zRw7Yb0",
    "an option of a command": "s3cretOfTheOption",
    "a variable of the CI": "ci-job-token-64_b7Kq2",
}

TARGET = """
name = "leaky"
extends = {extends!r}
[backend]
command = ["{python}", "-I", {program!r}, "--host", "{{host}}", "--port", "{{port}}"{more}]
api_key_env = "LEAKY_KEY"
[backend.env]
REFERENCE = {reference!r}
LEAKS = {leaks!r}
TECHNO_API_KEY = "{{api_key}}"
TECHNO_DATABASE_URL = "sqlite:///{{workdir}}/trail.db"
TECHNO_ALLOWED_ORIGINS = "{{console_origin}}"
TECHNO_DEMO_FAULTS = "1"
DATABASE = "postgresql://me:{the password of an address}@db.internal/x"
DB_PASSWORD = "{a value of env}"
SESSION_SECRET = "{a short one}"
FEATURES = "{a random value}"
"""


@pytest.fixture
def home(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the suites of the backend."""
    shutil.copytree(ROOT / "suites" / "backend", sandbox.home / "suites" / "backend")
    shutil.copy(ROOT / "docker-compose.test.yml", sandbox.home)
    return sandbox


def target(sandbox: Sandbox, texts: list[str], more: str = "") -> str:
    """A target file of the leaky backend, which gives these texts away."""
    leaks = sandbox.home / "leaks.json"
    leaks.write_text(json.dumps(texts), "utf-8")
    values = {
        "extends": str(ROOT / "images" / "commands.toml"),
        "python": sys.executable,
        "program": str(PROGRAM),
        "reference": str(ROOT / "images" / "backend"),
        "leaks": str(leaks),
        "more": more,
    }
    sandbox.target(TARGET.format(**values, **SECRETS))
    return "pair.toml"


def legible(folder: Path, shown: str, texts: list[str]) -> list[str]:
    """What the files of a run, and what it printed, hold of the key and of the other secrets."""
    found = []
    redactor = Redactor(KEY)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files
    for name, raw in {**files, "the terminal": shown.encode()}.items():
        text = raw.decode("utf-8", "replace")
        found += [f"{name}: a piece of the key"] if holds_a_piece(text) or redactor.is_in(raw) else []
        found += [f"{name}: {each[:60]}" for each in texts if each in text or json.dumps(each)[1:-1] in text]
        found += [f"{name}: {where}" for where, value in SECRETS.items() if value in text]
    return found


@pytest.mark.slow
@pytest.mark.sabotage("the key in every message, in all encodings and nestings of them, in halves, and in near misses")
@pytest.mark.sabotage("every wrong key repeated, of which 31 of 32 characters stay legible")
@pytest.mark.sabotage("the environment and the command line of a program, printed as it starts")
def test_a_run_finds_every_leak_and_keeps_none(home: Sandbox) -> None:
    """AUT-06 fails, its finding names a form, and nothing of the key is in any file or on the terminal."""
    texts = [holder(KEY) for holder in HOLDERS.values()]
    words = ("check", "AUT-06", "--target", target(home, texts), "--reports", str(home.reports), "--seed", "1")
    ended = home.run(*words, LEAKY_KEY=KEY, CI_JOB_TOKEN=SECRETS["a variable of the CI"])
    shown = ended.stdout + ended.stderr
    assert ended.returncode == 1, shown
    verdict = json.loads((home.reports / "verdict.json").read_bytes())
    result = next(each for each in verdict["requirements"] if each["id"] == "AUT-06")
    assert result["verdict"] == "FAIL"
    journal = home.journal.read_text("utf-8")
    for form in ("base64 in base64", "HTML-escaped", "JSON-escaped", "spaced out", "a piece", "reversed"):
        assert f"({form}" in journal, form
    assert legible(home.reports, shown, texts) == []


@pytest.mark.slow
@pytest.mark.sabotage("secrets of the target file, printed by a program as it dies")
def test_a_program_that_dies_leaves_no_secret(home: Sandbox) -> None:
    """Its last words are kept without the secrets of the target file."""
    more = f', "--dies", "{SECRETS["a token of a command"]}", "--password", "{SECRETS["an option of a command"]}"'
    words = ("check", "AUT-06", "--target", target(home, ["-"], more), "--reports", str(home.reports), "--seed", "1")
    ended = home.run(*words, LEAKY_KEY=KEY, CI_JOB_TOKEN=SECRETS["a variable of the CI"])
    shown = ended.stdout + ended.stderr
    assert ended.returncode == 2, shown
    assert "cannot connect" in shown
    assert "[secret: the password in DATABASE]" in shown
    assert legible(home.reports, shown, []) == []
