"""The marks of a journal's lines: only its run can make them, and none of a writer's lines can be taken away."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from technogate.journal import run_records
from technogate.journal.journal_file import JournalError, JournalWriter, read_journal
from technogate.journal.line_marks import JournalKey, LineMarks, unmarked
from technogate.judging.judge import judge
from technogate.model.events import Outcome, RunWarning
from technogate.model.verdict import Verdict
from tests import builders

PASSED = (
    builders.plan(("one", "AUT-01"), ("two", "EXE-01")),
    builders.result("one", "AUT-01"),
    builders.result("two", "EXE-01"),
)
FAILED = (*PASSED[:2], builders.result("two", "EXE-01", Outcome.FAILED))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for state that is empty."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def resealed(path: Path, events: tuple[msgspec.Struct, ...], key: JournalKey) -> None:
    """Write a whole journal over `path`, with marks by another key: what anybody can make who has the program."""
    path.unlink()
    writer = JournalWriter(path, "main", key.of("main"))
    writer.append(builders.header())
    for event in events:
        writer.append(event)  # type: ignore[arg-type]
    writer.seal("finished")


@pytest.mark.sabotage("a journal is edited and sealed again, and judged with the key of its run")
def test_a_journal_that_was_sealed_again_is_damaged(tmp_path: Path) -> None:
    """Whoever lacks the key of the run cannot make a line that the run is taken to have written."""
    path = builders.journal(tmp_path, *FAILED).path
    resealed(path, PASSED, JournalKey.new())
    with pytest.raises(JournalError, match="line 1 is not as main of this run wrote it"):
        read_journal(path, builders.KEY)


@pytest.mark.sabotage("a journal is edited and sealed again, and judged later without a key")
def test_a_journal_that_nothing_proves_is_never_a_pass(tmp_path: Path) -> None:
    """Without the key, a record or a digest, the verdict is INCONCLUSIVE, and the reason names what would prove it."""
    path = builders.journal(tmp_path, *FAILED).path
    resealed(path, PASSED, JournalKey.new())
    document = judge(read_journal(path))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert "nothing proves that this journal is as its run wrote it" in document.reasons[0]
    assert "--evidence" in document.reasons[0]


def test_a_record_or_a_digest_proves_a_journal(tmp_path: Path) -> None:
    """What the run kept on this machine proves its journal, and so does a digest that the caller trusts."""
    journal = builders.journal(tmp_path, builders.plan(("a", "AUT-01"), ("b", "EXE-01")))
    assert read_journal(journal.path, sha256=journal.sha256).unproven == ""
    with pytest.raises(JournalError, match="is another journal"):
        read_journal(journal.path, sha256="0" * 64)
    assert read_journal(journal.path).unproven
    assert run_records.keep(journal.sha256, "run1")
    assert read_journal(journal.path).unproven == ""


@pytest.mark.sabotage("a record of a run is planted as a link, or as a file that others may write")
@pytest.mark.parametrize("how", ["link", "mode"])
def test_a_record_that_others_may_have_made_proves_nothing(tmp_path: Path, state: Path, how: str) -> None:
    """A record counts that only this user could write."""
    journal = builders.journal(tmp_path, *PASSED)
    record = state / "technogate" / "runs" / journal.sha256
    record.parent.mkdir(parents=True)
    if how == "link":
        record.symlink_to(journal.path)
    else:
        record.touch(0o600)
        record.chmod(0o666)
    assert read_journal(journal.path).unproven


def test_the_number_of_records_is_bounded(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest records stay; a user without a home has none, and that is no error."""
    monkeypatch.setattr(run_records, "MOST", 3)
    for number in range(6):
        assert run_records.keep(f"{number}" * 64, "run")
    assert len(list((state / "technogate" / "runs").iterdir())) == 3
    monkeypatch.setattr(Path, "home", _no_home)
    assert not run_records.keep("a" * 64, "run")
    assert not run_records.is_kept("0" * 64)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "journal.jsonl" / "no-folder"))
    (tmp_path / "journal.jsonl").touch()
    assert not run_records.keep("a" * 64, "run")


def _no_home() -> Path:
    raise RuntimeError("no home")


@pytest.mark.sabotage("the last lines of a worker are taken out of a journal while it grows")
def test_the_end_of_a_writer_cannot_be_cut_off(tmp_path: Path) -> None:
    """A journal that its controlling process sealed after lines of a worker were taken away proves nothing."""
    path = tmp_path / "journal.jsonl"
    main = JournalWriter(path, "main", builders.KEY.of("main"))
    main.append(builders.header())
    worker = JournalWriter(path, "gw0", builders.KEY.of("gw0"))
    worker.append(RunWarning(text="kept"))
    whole = path.read_bytes()
    worker.append(RunWarning(text="taken away"))
    worker.end()
    path.write_bytes(whole)
    main.seal("finished")
    journal = read_journal(path, builders.KEY)
    assert journal.unproven == "the journal may lack lines of gw0, which did not end in good order"


@pytest.mark.sabotage("who learns the key of a writer in the middle of a run changes what was written before")
def test_an_earlier_key_does_not_follow_from_a_later_one(tmp_path: Path) -> None:
    """The key of the third line of a writer makes no mark that fits its second."""
    path = builders.journal(tmp_path, *PASSED).path
    lines = path.read_bytes().split(b"\n")
    marks = LineMarks(builders.KEY.of("main"))
    for line in lines[:2]:
        assert marks.next(unmarked(line)) == line
    stolen = LineMarks(marks._key)
    edited = re.sub(rb'"passed"', b'"failed"', lines[1])
    for _ in range(4):
        assert stolen.next(unmarked(edited)) != lines[1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_line_can_be_changed_moved_or_taken_from_another_run(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is done to the lines of a torn journal, its run's key does not prove it."""
    path = builders.journal(tmp_path, *PASSED, end="none").path
    lines = path.read_bytes().splitlines(keepends=True)
    other = builders.journal(tmp_path, *FAILED, end="none").path.read_bytes().splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 2))
    kind = data.draw(st.sampled_from(["drop", "swap", "repeat", "digit"]))
    changed = list(lines)
    if kind == "drop":
        del changed[at]
    elif kind == "swap":
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    elif kind == "repeat":
        changed.insert(at, changed[at])
    else:
        changed[at] = re.sub(rb"\d", b"x", changed[at], count=data.draw(st.integers(1, 3)))
    assert changed != lines
    path.write_bytes(b"".join(changed))
    with pytest.raises(JournalError):
        read_journal(path, builders.KEY)
    path.write_bytes(b"".join([*lines[:-1], other[-1]]))
    with pytest.raises(JournalError):
        read_journal(path, JournalKey.new())
