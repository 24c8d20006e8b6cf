"""A file that the gate writes, put in place beforehand as a link, a pipe, or as a file of somebody else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from technogate.deploy.decide import DeployDecision, ProofLine
from technogate.journal.journal_file import JournalError, JournalWriter
from technogate.journal.redaction import Redactor
from technogate.model.errors import UserError
from technogate.target.process.output_log import OutputLog
from technogate.util.plain_file import create
from technogate.util.write_file import write_file
from technogate.workflow.deployment import record
from tests import builders

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a name")

DECISION = DeployDecision(lines=(ProofLine(title="verdict PASS", proven=False, proof="FAIL"),))
KEY = "TgSomeKeyOfThisRun"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's that nothing may change."""
    path = tmp_path / "victim"
    path.write_text("precious\n")
    return path


def recorded(path: Path) -> None:
    """Write a decision of the deploy gate."""
    record(path, DECISION, {"console": "c:1", "backend": "b:1"}, path.with_name("none"), "now")


@pytest.mark.sabotage("deploy-check --record names a file of somebody else, or a link to one")
def test_a_record_overwrites_nothing_but_a_record(tmp_path: Path, victim: Path) -> None:
    """It is written where nothing is, and in place of an earlier decision."""
    link = tmp_path / "link"
    link.symlink_to(victim)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    for path in (victim, link, dangling):
        with pytest.raises(UserError, match="is not overwritten"):
            recorded(path)
    assert victim.read_text() == "precious\n"
    assert not (tmp_path / "nowhere").exists()
    recorded(tmp_path / "DEPLOY_CHECK.json")
    recorded(tmp_path / "DEPLOY_CHECK.json")


@pytest.mark.sabotage("a report, or its draft, is a link to a file of the user's")
def test_a_report_is_not_written_through_a_link(tmp_path: Path, victim: Path) -> None:
    """The link is replaced, and what it leads to stays."""
    report = tmp_path / "verdict.json"
    for name in ("verdict.json", f".verdict.json.{os.getpid()}.draft"):
        (tmp_path / name).symlink_to(victim)
    write_file(report, "{}")
    assert victim.read_text() == "precious\n"
    assert not report.is_symlink()
    assert report.read_text() == "{}"


@pytest.mark.sabotage("the log of the suites or the journal is a link to a file of the user's")
def test_neither_log_nor_journal_is_written_through_a_link(tmp_path: Path, victim: Path) -> None:
    """The log is made anew; a journal that is a link is an error."""
    log = tmp_path / "suites.log"
    log.symlink_to(victim)
    with os.fdopen(create(log), "w") as file:
        file.write("x")
    assert not log.is_symlink()
    journal = tmp_path / "journal.jsonl"
    journal.symlink_to(victim)
    with pytest.raises(JournalError, match="cannot write the journal"):
        JournalWriter(journal, "main", builders.KEY.of("main"))
    assert victim.read_text() == "precious\n"


@pytest.mark.sabotage("a program puts a link to a secret, or a pipe, in place of the file of its own output")
@pytest.mark.parametrize("how", ["link", "pipe"])
def test_the_output_of_a_program_is_not_read_through_a_link(tmp_path: Path, victim: Path, how: str) -> None:
    """Nothing of another file gets into a report, nothing is appended to it, and a pipe holds nobody."""
    log = OutputLog(tmp_path / "output.log", Redactor(KEY))
    with os.fdopen(log.append(), "w") as file:
        file.write("first\n")
    assert log.latest() == "first\n"
    log.path.unlink()
    if how == "link":
        log.path.symlink_to(victim)
    else:
        os.mkfifo(log.path)
    assert log.text == ""
    assert log.since(0) == ("", 0)
    with pytest.raises(OSError):  # noqa: PT011 - the system's own word for each of them
        log.append()
    assert victim.read_text() == "precious\n"
