"""The text of a target file: valid for our own reader, whatever a program wrote into the evidence."""

from __future__ import annotations

import tomllib
from pathlib import Path

from technogate.onboarding.learned import Learned
from technogate.onboarding.target_text import target_text
from technogate.target.target_file import read_target_file


def learned() -> Learned:
    """A backend with one command and one that was not found."""
    found = Learned(tell=lambda _: None)
    found.learn("backend", "ready", "/health", "GET /health answers 200")
    found.learn("backend", "command", ["node", 'it\'s "here".mjs', "{port}"], "given\n[backend]\x1b[31m")
    found.learn("backend", "env", {"API_KEY": "{api_key}", "A_B": "c\\d"}, "read")
    found.learn("backend.commands", "approved", "PING", "200 APPROVED")
    found.lack("backend.commands", "slow", "none of 9 words", "without it undecided: TMO-01")
    return found


def test_file_is_valid_and_names_its_schema(tmp_path: Path) -> None:
    """Its first line names the schema by a path that exists; evidence with line breaks stays a comment."""
    path = tmp_path / "technogate.toml"
    path.write_text(target_text(learned(), tmp_path), "utf-8")
    spec = read_target_file(path)
    assert spec.backend is not None
    assert spec.backend.command == ("node", 'it\'s "here".mjs', "{port}")
    assert spec.backend.env == {"API_KEY": "{api_key}", "A_B": "c\\d"}
    first = path.read_text("utf-8").splitlines()[0]
    assert (tmp_path / first.removeprefix("#:schema ")).resolve().is_file()


def test_each_line_has_its_evidence_and_each_gap_its_consequence(tmp_path: Path) -> None:
    """What was not found is a comment with the requirements that stay undecided."""
    text = target_text(learned(), tmp_path)
    assert 'approved = "PING"  # 200 APPROVED' in text
    assert '# slow = "…"  # not found: none of 9 words; without it undecided: TMO-01' in text
    assert "slow" not in tomllib.loads(text)["backend"]["commands"]


def test_what_there_is_none_of_is_declared_with_its_consequence(tmp_path: Path) -> None:
    """A file in which every likely word was tried says that there is no such command, and can be run with."""
    found = learned()
    found.lack("backend.commands", "crashing", "none of 9 words", "without it undecided: ERR-05", absent=True)
    text = target_text(found, tmp_path)
    assert 'crashing = ""  # none of 9 words; without it undecided: ERR-05; name it here where there is one' in text
    assert tomllib.loads(text)["backend"]["commands"] == {"approved": "PING", "crashing": ""}


def test_command_stands_before_its_ready_path(tmp_path: Path) -> None:
    """The order of the file is not that in which things were found."""
    text = target_text(learned(), tmp_path)
    assert text.index("command = ") < text.index("ready = ")
