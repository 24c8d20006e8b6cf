"""The commands of the workflow as a shell sees them: files, lines and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from technogate.cli.main import app
from technogate.model.errors import UserError
from tests.workflow.answers import best, with_gap, with_state, with_value
from tests.workflow.test_gaps import journal_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, code: int = 0) -> Result:
    """Run `technogate WORDS`, which ends with `code`."""
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == code, ended.output
    return ended


def refused(*words: str) -> str:
    """What is said of a mistake: the command line turns it into exit code 2."""
    ended = CliRunner().invoke(app, words)
    assert isinstance(ended.exception, UserError), ended.output
    return str(ended.exception)


def test_intake(folder: Path) -> None:
    """Prompt, template and ideal are files; the template is never written over; check tells its lines."""
    assert not list(folder.iterdir())
    for word, name in (
        ("prompt", "ORCHESTRATION_PROMPT.md"),
        ("template", "INTAKE_ANSWER.md"),
        ("ideal", "INTAKE_IDEAL.md"),
    ):
        assert run("intake", word).output == f"wrote {name}\n"
    assert "already exists" in refused("intake", "template")
    said = run("intake", "check", "INTAKE_ANSWER.md", code=1).output.splitlines()
    assert said[0] == "INTAKE_ANSWER.md: line 4: team: fill it in"
    assert said[-1] == f"{len(said) - 1} things to fill in"
    assert run("intake", "check", "INTAKE_IDEAL.md").output == "INTAKE_IDEAL.md is complete\n"


@pytest.mark.parametrize("words", [("intake", "check"), ("evaluate",)])
def test_a_pasted_answer_is_refused(folder: Path, words: tuple[str, ...]) -> None:
    """Nothing is written of it, and the missing parts are named."""
    (folder / "answer.md").write_text("# Answer\n\nAll five layers exist. Two weeks.\n")
    assert "missing: the head" in refused(*words, "answer.md")
    assert [path.name for path in folder.iterdir()] == ["answer.md"]
    assert "No such file" in refused(*words, "nowhere.md")
    (folder / "answer.md").write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in refused(*words, "answer.md")


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        (best(), 0, "GO"),
        (with_value(best(), "", "weeks", 3), 4, "CAUTION"),
        (with_value(best(), "", "weeks", 4), 1, "HOLD"),
        (with_value(best(), "", "team", '""'), 1, "HOLD"),
    ],
    ids=["go", "caution", "hold", "incomplete"],
)
def test_evaluate(folder: Path, text: str, code: int, word: str) -> None:
    """The exit code, the line, the page and the JSON say the same, and that nobody has confirmed it."""
    (folder / "answer.md").write_text(text)
    said = run("evaluate", "answer.md", code=code).output
    assert f"\n{word}: rule " in said
    assert "not confirmed yet" in said
    (page,) = folder.glob("EVALUATION_RESULTS_*.md")
    assert re.fullmatch(r"EVALUATION_RESULTS_\d{4}-\d\d-\d\d", page.stem)
    assert page.read_text().startswith(f"# Evaluation: {word}\n")
    stated = json.loads(page.with_suffix(".json").read_text())
    assert (stated["decision"], stated["confirmed_by"], stated["confirmed_at"]) == (word, "", "")


def test_a_person_confirms(folder: Path) -> None:
    """A name and a time; it lasts while nothing changes, and no longer."""
    (folder / "answer.md").write_text(best())

    def confirmed() -> str:
        *_, path = sorted(folder.glob("EVALUATION_RESULTS_*.json"))  # two, where midnight lay between
        stated = json.loads(path.read_text())
        assert bool(stated["confirmed_by"]) == bool(stated["confirmed_at"])
        return str(stated["confirmed_by"])

    assert "needs the name" in refused("evaluate", "answer.md", "--confirmed-by", " ")
    assert not list(folder.glob("EVALUATION*"))
    run("evaluate", "answer.md", "--confirmed-by", " Ada ")
    assert confirmed() == "Ada"
    run("evaluate", "answer.md")
    assert confirmed() == "Ada"
    (folder / "answer.md").write_text(best() + "\nA remark.\n")
    run("evaluate", "answer.md")
    assert confirmed() == ""
    (folder / "answer.md").write_text(with_gap(best(), "audit_log", "critical"))
    run("evaluate", "answer.md", "--confirmed-by", "Ada", code=1)
    assert confirmed() == "Ada"
    assert "2 Evaluation      blocked" in run("status").output


def test_a_file_of_another_program_is_refused(folder: Path) -> None:
    """What the gate did not write is told, and not written over."""
    (folder / "gaps.json").write_text("{}")
    assert "gaps.json is not what this gate writes" in refused("status")
    assert "gaps.json is not what this gate writes" in refused("gaps")
    assert (folder / "gaps.json").read_text() == "{}"


def test_gaps_before_there_is_a_server(folder: Path) -> None:
    """The gaps of an answer, closed by the next one."""
    assert "neither a journal nor an evaluation" in refused("gaps")
    (folder / "answer.md").write_text(with_gap(with_state(best(), "endpoint.fetchMemory", "missing"), "fetchMemory"))
    run("evaluate", "answer.md", code=1)
    assert "1 open: 1 new, 0 still open; 0 closed" in run("gaps", code=1).output
    page = (folder / "BACKEND_CONTRACT_GAPS.md").read_text()
    assert "## fetchMemory (critical, new)" in page
    assert "GET /api/memory HTTP/1.1" in page
    assert "technogate check backend --target my-backend.toml" in page
    (folder / "answer.md").write_text(with_value(best(), "", "team", '""'))
    run("evaluate", "answer.md", code=1)
    assert "its gaps are not known" in refused("gaps")


def test_status_of_an_empty_folder(folder: Path) -> None:
    """The first phase is next, all others wait; the page has the same."""
    said = run("status").output
    states = re.findall(r"^ \d \w+ +(\w+) ", said, re.MULTILINE)
    assert states == ["next"] + ["blocked"] * 5
    page = (folder / "STATUS.html").read_text()
    assert re.findall(r'data-state="(\w+)"', page) == states


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path) -> None:
    """A file stands where the folder should be."""
    (folder / "taken").write_text("")
    assert "cannot write taken" in refused("spec", "--project", "taken")


def test_a_check_is_listed_and_never_stands_for_the_validation(folder: Path) -> None:
    """The gaps of a check in a folder of its own: its report has the project in it, phase 5 knows of no validation."""
    journal_of(folder, 1, failed=("AUT-02",))
    said = run("gaps", "1/journal.jsonl", code=1).output
    assert "wrote 1/report.html" in said
    assert "1 open: 1 new, 0 still open; 0 closed" in said
    assert 'data-testid="burn-down-bar" data-open="1"' in (folder / "1" / "report.html").read_text()
    assert " 5 Validation      blocked  there is no journal of a validation" in run("status").output
    (folder / "1" / "journal.jsonl").rename(folder / "1" / "kept.jsonl")
    assert run("gaps", "1/kept.jsonl", code=1).output.count("report.html") == 0
