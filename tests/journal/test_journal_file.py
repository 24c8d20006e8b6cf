"""The journal: it is read as written, and a truncated or changed one is not accepted as complete."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest

from technogate.journal.journal_file import JournalError, JournalWriter, read_journal
from technogate.model.events import RunWarning
from tests import builders

PASSED = (builders.plan(("one", "AUT-01")), builders.result("one", "AUT-01"))


def test_round_trip(tmp_path: Path) -> None:
    """Every event is read back as written, in its own list."""
    events = (*PASSED, builders.exchange(1), builders.finding("one", "AUT-01"), RunWarning(text="slow"))
    journal = builders.journal(tmp_path, *events)
    assert journal.torn == ""
    assert [*journal.plans, *journal.results, *journal.exchanges, *journal.findings, *journal.warnings] == list(events)


def test_without_footer_it_is_torn(tmp_path: Path) -> None:
    """A journal without a footer is torn, and its events can still be read."""
    journal = builders.journal(tmp_path, *PASSED, end="none")
    assert "without a footer" in journal.torn
    assert len(journal.results) == 1


def torn_or_none(path: Path) -> bool:
    """Whether a file is a torn journal, or no journal."""
    try:
        return bool(read_journal(path).torn)
    except JournalError as error:
        return "not a journal" in str(error)


@pytest.mark.slow
def test_detects_every_cut(tmp_path: Path) -> None:
    """A journal cut at any byte is torn or is none, never complete."""
    path = builders.journal(tmp_path, *PASSED).path
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert torn_or_none(path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"outcome":"passed"', b'"outcome":"failed"'),
        (b'"checks":1', b'"checks":9'),
        (b'"lines":6', b'"lines":2'),
        (b'"run":"run1"', b'"run":"run2"'),
    ],
)
def test_detects_every_edit(tmp_path: Path, before: bytes, after: bytes) -> None:
    """A journal that was changed after it was sealed is damaged."""
    path = builders.journal(tmp_path, *PASSED).path
    whole = path.read_bytes()
    assert before in whole
    path.write_bytes(whole.replace(before, after))
    with pytest.raises(JournalError, match="changed after it was sealed"):
        read_journal(path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rb'"end":"interrupted"', b'"end":"finished"'),
        (rb'"ended":\d+', b'"ended":9999999999'),
        (rb'"ended":', b'"moved":0.0,"ended":'),
        (rb'"event":"footer"', b'"event": "footer"'),
        (rb'"sha256":"..', b'"sha256":"zz'),
    ],
)
def test_detects_every_edit_of_the_footer(tmp_path: Path, before: bytes, after: bytes) -> None:
    """How and when a run ended cannot be changed afterwards either."""
    path = builders.journal(tmp_path, *PASSED, end="interrupted").path
    *lines, footer = path.read_bytes().splitlines(keepends=True)
    edited, count = re.subn(before, after, footer)
    assert count == 1
    path.write_bytes(b"".join([*lines, edited]))
    with pytest.raises(JournalError, match="changed after it was sealed"):
        read_journal(path)


def test_detects_a_missing_line_without_a_footer(tmp_path: Path) -> None:
    """Lines are numbered, so that a missing line in a torn journal is detected."""
    path = builders.journal(tmp_path, *PASSED, RunWarning(text="x"), end="none").path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(JournalError, match="are missing before line 3"):
        read_journal(path)


def test_half_a_surrogate_pair_is_kept_readable(tmp_path: Path) -> None:
    """Text that UTF-8 cannot encode is escaped."""
    assert builders.journal(tmp_path, RunWarning(text="a\ud800b")).warnings == [RunWarning(text="a\\ud800b")]


@pytest.mark.parametrize("text", ["", "x\n", "{}\n", '{"worker":"main","seq":0,"event":{"event":"note","text":"x"}}\n'])
def test_refuses_another_file(tmp_path: Path, text: str) -> None:
    """A file that is no journal is refused with one line."""
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    assert "\n" not in str(caught.value)


def test_parallel_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Eight writers append at once, and every line is whole and in its writer's order."""
    path = tmp_path / "journal.jsonl"
    main = JournalWriter(path, "main", builders.KEY.of("main"))
    main.append(builders.header())

    def write(name: str) -> None:
        writer = JournalWriter(path, name, builders.KEY.of(name))
        for number in range(200):
            writer.append(RunWarning(text=f"{name} {number} " + "x" * (number * 37 % 5000)))
        writer.end()

    threads = [threading.Thread(target=write, args=(f"gw{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    main.seal("finished")
    journal = read_journal(path, builders.KEY)
    assert len(journal.warnings) == 1600
    assert journal.unproven == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
def test_a_full_disk_is_an_error() -> None:
    """An event that did not reach the disk is an error of the run, not a gap in the journal."""
    writer = JournalWriter(Path("/dev/full"), "main", builders.KEY.of("main"))
    with pytest.raises(JournalError, match="cannot write the journal"):
        writer.append(RunWarning(text="lost"))
    writer.close()


def test_an_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    """A journal that cannot be opened is reported in one line."""
    with pytest.raises(JournalError, match="cannot write the journal"):
        JournalWriter(tmp_path / "nowhere" / "journal.jsonl", "main", builders.KEY.of("main"))
