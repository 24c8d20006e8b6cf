"""Writing all reports: complete files or none, and a failing writer is named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest
from rich.console import Console

from technogate.report.terminal_summary import plain, show
from technogate.report.verdict_schema import FILE, main, verdict_schema
from technogate.report.write_all import WriterError, write_all
from tests.report.samples import failing, passing

ROOT = Path(__file__).parents[2]


def test_creates_the_folder(tmp_path: Path) -> None:
    """A missing folder is created, and no partial file stays."""
    journal, document = passing()
    folder = tmp_path / "deep" / "reports"
    paths = write_all(journal, document, folder)
    assert all(path.exists() for path in paths)
    assert not [path for path in folder.rglob("*") if "template" in path.name or path.suffix == ".tmp"]


def test_the_same_verdict_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing in a report depends on when or where it is written."""
    for name in ("one", "two"):
        write_all(*failing(), tmp_path / name)
    for name in ("verdict.json", "report.md", "report.html", "junit.xml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_names_a_failing_writer_and_writes_the_others(tmp_path: Path) -> None:
    """A report that cannot be written is named on one line; the rest is there."""
    (tmp_path / "report.md").mkdir()
    with pytest.raises(WriterError) as caught:
        write_all(*passing(), tmp_path)
    assert "report.md" in str(caught.value)
    assert "report.html" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    for name in ("verdict.json", "report.html", "junit.xml", "allure-results"):
        assert (tmp_path / name).exists()


def test_a_report_of_an_earlier_run_does_not_survive(tmp_path: Path) -> None:
    """When the new report cannot be written, the old one is removed."""
    write_all(*passing(), tmp_path)
    (tmp_path / f".report.html.{os.getpid()}.draft").mkdir()
    with pytest.raises(WriterError, match=r"report\.html"):
        write_all(*failing(), tmp_path)
    assert not (tmp_path / "report.html").exists()
    assert "FAIL" in (tmp_path / "report.md").read_text("utf-8")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """When the folder cannot be created, every report is named."""
    (tmp_path / "reports").write_text("")
    with pytest.raises(WriterError) as caught:
        write_all(*passing(), tmp_path / "reports")
    for name in ("verdict.json", "report.md", "report.html", "junit.xml", "allure-results"):
        assert name in str(caught.value)


def test_the_schema_file_is_fresh() -> None:
    """The schema in the tree is generated from the types: `python -m technogate.report.verdict_schema`."""
    assert (ROOT / FILE).read_text("utf-8") == verdict_schema()


def test_the_schema_is_a_schema() -> None:
    """The file is a valid JSON Schema of its own dialect and names no host but that dialect's."""
    import json

    schema = json.loads(verdict_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "$id" not in schema
    assert schema["title"]


def test_the_schema_command(tmp_path: Path) -> None:
    """The command writes the file named, and refuses a missing folder."""
    done = subprocess.run(
        [sys.executable, "-m", "technogate.report.verdict_schema", str(tmp_path / "s.json")],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s.json").read_text("utf-8") == verdict_schema()
    assert main([str(tmp_path / "missing" / "s.json")]) == 2


def test_the_summary_fits_80_columns() -> None:
    """Only shell commands, which must not be wrapped, and file names may be longer."""
    _, document = failing()
    for line in plain(document).splitlines():
        assert len(line) <= 80 or line.startswith("     ")


def test_a_finding_on_a_console_shows_its_interaction() -> None:
    """The terminal shows what was called, what the console received, and what it showed."""
    _, document = failing()
    example = {
        "call": "fetchAuditLog",
        "driver": "browser",
        "response to fetchAuditLog": "HTTP/1.1 503\nX-Trace-Id: t-1\n\n{}",
        "response to fetchDiagnosticMetrics": "(stall in-body)",
        "shown as row 1": "action 'PING'",
        "shown as note": "two\nlines",
        "shown": "nothing: it did not react",
    }
    sample = document.findings[0]
    told = msgspec.structs.replace(sample, finding=msgspec.structs.replace(sample.finding, example=example))
    cause = msgspec.structs.replace(document.causes[0], findings=(1,), example=1)
    lines = plain(msgspec.structs.replace(document, findings=(told,), causes=(cause,))).splitlines()
    assert "           call  fetchAuditLog, in the page" in lines
    assert "       response  fetchAuditLog: HTTP/1.1 503 {}" in lines
    assert "       response  fetchDiagnosticMetrics: (stall in-body)" in lines
    assert "          shown  row 1 (action 'PING'), note 'two\\nlines', nothing: it did not" in lines


def test_a_long_command_stays_on_its_line() -> None:
    """A narrow terminal does not wrap a command, because it could not be pasted."""
    text = plain(failing()[1], width=50)
    assert '     "${TECHNOGATE_BACKEND_URL:-http://127.0.0.1:39211}/api/execute"' in "\n".join(
        line.removeprefix("  ") for line in text.splitlines()
    )


def test_no_colour_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR no colour is set on a terminal."""
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    show(Console(file=file, force_terminal=True, color_system="truecolor", width=80), failing()[1])
    assert "\x1b[31m" not in file.getvalue()
    assert "FAIL" in file.getvalue()


def test_a_console_that_knows_only_ascii() -> None:
    """What the encoding lacks is written as an escape instead of ending the run."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    show(Console(file=file, width=80), failing()[1])
    file.flush()
    assert b"FAIL" in raw.getvalue()
    assert raw.getvalue().isascii()
