"""`technogate contract`: exit codes, formats, files and help."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from technogate.authoring.diff.rules import rule_ids
from technogate.cli.main import app
from technogate.contract.files import ContractError
from technogate.model.errors import UserError
from tests.conftest import ROOT

CONSOLE = ROOT / "contracts" / "console-v0.1"
RULE = "request-max-length-lowered"
WHERE = "openapi.yaml#/components/schemas/ExecuteRequest/properties/session_id/maxLength"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the shipped contract with a shorter session id."""
    copy = Path(shutil.copytree(CONSOLE, tmp_path / "changed"))
    openapi = copy / "openapi.yaml"
    openapi.write_text(openapi.read_text("utf-8").replace("maxLength: 128", "maxLength: 64"), "utf-8")
    return copy


def run(*words: object) -> Result:
    """The result of a command."""
    return CliRunner().invoke(app, ["contract", *map(str, words)])


def accept(folder: Path, days: int) -> None:
    """Accept the change until so many days from now."""
    day = (datetime.now(UTC) + timedelta(days=days)).date()
    lines = [f'rule = "{RULE}"', f'where = "{WHERE}"', 'reason = "no console sends more"', 'owner = "the owner"']
    (folder / "changes.toml").write_text("\n".join(["[[accept]]", *lines, f"expires = {day}"]), "utf-8")


def test_two_equal_folders_exit_0(tmp_path: Path) -> None:
    """One line, and no change."""
    copy = shutil.copytree(CONSOLE, tmp_path / "copy")
    ended = run("diff", CONSOLE, copy)
    assert (ended.exit_code, ended.output) == (0, "SAME: the two versions say the same\n")


def test_a_breaking_change_exits_1_until_it_is_accepted(changed: Path) -> None:
    """Expired entries do not count."""
    ended = run("diff", CONSOLE, changed)
    assert ended.exit_code == 1
    for text in (f"rule  {RULE}: breaks the console", f"where  {WHERE}", "BREAKING: 1 of 1 change breaks somebody"):
        assert text in ended.output
    accept(changed, 30)
    ended = run("diff", CONSOLE, changed)
    assert ended.exit_code == 0
    assert "accepted  the owner, until" in ended.output
    accept(changed, -1)
    ended = run("diff", CONSOLE, changed)
    assert ended.exit_code == 1
    assert "warning: changes.toml, line 1: the entry" in ended.output


def test_a_widened_request_breaks_the_backend(changed: Path) -> None:
    """The same change backwards."""
    ended = run("diff", changed, CONSOLE)
    assert ended.exit_code == 1
    assert "request-max-length-raised: breaks the backend" in ended.output


def test_json_keeps_to_its_schema(changed: Path, tmp_path: Path) -> None:
    """The published schema, with and without an accepted change; `--out` writes the file and prints one line."""
    schema = json.loads((ROOT / "contracts" / "schemas" / "contract-diff.schema.json").read_text("utf-8"))
    validator: Any = Draft202012Validator(schema)
    accept(changed, 30)
    for old, new, code in ((CONSOLE, changed, 0), (changed, CONSOLE, 1), (CONSOLE, CONSOLE, 0)):
        out = tmp_path / "diff.json"
        ended = run("diff", old, new, "--format", "json", "--out", out)
        assert (ended.exit_code, len(ended.output.splitlines())) == (code, 1)
        document = json.loads(out.read_text("utf-8"))
        assert list(validator.iter_errors(document)) == []
        assert {change["rule"] for change in document["changes"]} <= set(rule_ids())
    assert list(validator.iter_errors({"version": 1})) != []


def test_markdown_is_one_table(changed: Path) -> None:
    """What changed, who breaks, by which rule, where."""
    ended = run("diff", CONSOLE, changed, "--format", "markdown")
    assert f"| maxLength is lowered: `128` → `64` | the console | `{RULE}` |" in ended.output


def test_mistakes_raise_one_line(changed: Path, tmp_path: Path) -> None:
    """The command line turns each into exit code 2."""
    for words, kind in (
        (("diff", CONSOLE, tmp_path / "none"), ContractError),
        (("diff", CONSOLE, changed, "--changes", tmp_path / "none.toml"), UserError),
        (("diff", CONSOLE, changed, "--out", tmp_path / "none" / "file"), UserError),
        (("lint", tmp_path / "none"), ContractError),
        (("new", tmp_path / "none.yaml"), UserError),
    ):
        ended = run(*words)
        assert isinstance(ended.exception, kind), words
        assert "\n" not in str(ended.exception)
    (changed / "changes.toml").write_text("[[accept]]\n", "utf-8")
    assert isinstance(run("diff", CONSOLE, changed).exception, UserError)


def test_lint_exits_1_for_a_problem(changed: Path) -> None:
    """Each with its file and line; the shipped contract has none."""
    assert run("lint", CONSOLE).exit_code == 0
    behavior = changed / "behavior.toml"
    text = behavior.read_text("utf-8").replace("abort_earliest_s = 14.0", "abort_earliest_s = 17.0")
    behavior.write_text(text, "utf-8")
    line = text.splitlines().index(next(one for one in text.splitlines() if "abort_earliest_s" in one)) + 1
    ended = run("lint", changed)
    assert ended.exit_code == 1
    assert f"{behavior}:{line}: problem: abort_earliest_s (17 s) is later than" in ended.output


def test_new_prints_its_questions(tmp_path: Path) -> None:
    """Each question is a line, and the last line names the folder."""
    out = tmp_path / "out"
    ended = run("new", ROOT / "tests" / "authoring" / "documents" / "bearer.yaml", "--out", out)
    assert ended.exit_code == 0
    lines = ended.output.splitlines()
    assert len(lines) == (out / "QUESTIONS.md").read_text("utf-8").count("- [ ]") + 1
    assert lines[-1].startswith(f"{out}: written, with ")


@pytest.mark.parametrize("command", ["diff", "lint", "new"])
def test_help_states_the_exit_codes(command: str) -> None:
    """Each command says what it exits with."""
    ended = run(command, "--help")
    assert ended.exit_code == 0
    assert "Exit codes: 0" in " ".join(ended.output.split())
