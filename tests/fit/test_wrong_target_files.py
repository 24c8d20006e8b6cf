"""Target files with one mistake: one line that names it and what to write, exit code 2, and no item runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from technogate.target.process.ports import HeldPort
from tests.conftest import ROOT
from tests.fit.test_whole_runs import complaint, results_in, technogate

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "node-backend"
TRAIL = 'source = "jsonl"\npath = "{workdir}/trail.jsonl"'
QUERY = "SELECT timestamp, action, result, state, trace_id, execution_id FROM trail"

#: The mistake: what stands in the example's target file, what stands there by mistake, and what the line says.
MISTAKES = {
    "word": ('expired = "OLD_SESSION"\n', "", 'write expired = "…" below [backend.commands]'),
    "port": ('"--port", "{port}"', '"--port", "PORT"', "backend.port is missing: neither command nor env has {port}"),
    "other port": ("[backend]\n", "[backend]\nport = PORT\n", "write port = "),
    "key": ('API_KEY = "{api_key}"', 'API_KEY = "Another-Key-0123456789"', "the key is refused by every operation"),
    "sqlite": (
        TRAIL,
        f'source = "sql"\nurl = "sqlite:///{{workdir}}/none.db"\nquery = "{QUERY}"',
        "sql sqlite none.db cannot be read: unable to open database file",
    ),
    "postgresql": (
        TRAIL,
        f'source = "sql"\nurl = "postgresql://nobody@127.0.0.1:1/none"\nquery = "{QUERY}"',
        "sql postgresql none cannot be read",
    ),
    "program": ('"node", ', '"no-such-program-here", ', "which cannot be found: install it, or give its path"),
    "script": ("server.mjs", "serve.mjs", "command runs"),
    "option": ('"--trail"', '"--audit-trail"', "exited with code 1: TypeError"),
    "ready": ("[backend]\n", '[backend]\nready = "/healthz"\n', 'responds with 200: write ready = "/health"'),
}


def free_port() -> int:
    """A port at which nobody listens."""
    with HeldPort() as held:
        return held.number


def described(mistake: str) -> str:
    """The example's target file with one mistake in it."""
    text = (EXAMPLE / "target.toml").read_text("utf-8")
    before, after, _ = MISTAKES[mistake]
    assert before in text
    text = text.replace(before, after.replace("PORT", str(free_port())))
    if mistake == "other port":
        # The program listens on a port of its own choice.
        text = text.replace('"--port", "{port}"', f'"--port", "{free_port()}"')
    for name in ("server.mjs", "serve.mjs"):
        text = text.replace(f'"{name}"', json.dumps(str(EXAMPLE / name)))
    return text


@pytest.mark.parametrize("words", [("validate",), ("check", "AUD", "EXE-01", "TRL-01")], ids=["validate", "check"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(mistake: str, words: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever the command; a journal has no result, where there is one."""
    said = complaint(technogate(tmp_path, described(mistake), *words, "--workers", "1", "--reports", "r"))
    assert MISTAKES[mistake][2] in said[0]
    assert results_in(tmp_path / "r" / "journal.jsonl") == []
