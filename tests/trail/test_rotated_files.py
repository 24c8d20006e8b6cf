"""Files of JSON lines as programs and logrotate leave them: nothing is lost, and nothing read twice."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import shutil
from pathlib import Path

import pytest

from technogate.trail.entry import TrailError
from technogate.trail.sources.jsonl_source import JsonlSource
from technogate.util.timestamps import utc

START = 1_767_323_045.0


class Log:
    """A trail file at `path`; `written` are the trace ids, oldest first."""

    def __init__(self, path: Path, *, end: bytes = b"\n") -> None:
        self.path = path
        self.written: list[str] = []
        self._end = end
        self._numbers = itertools.count()

    def write(self, count: int = 3, path: Path | None = None) -> None:
        """Append entries."""
        for _ in range(count):
            number = next(self._numbers)
            self.written.append(f"t-{number}")
            with (path or self.path).open("ab") as file:
                file.write(self.line(number) + self._end)

    @staticmethod
    def line(number: int) -> bytes:
        """One entry."""
        entry = {"timestamp": utc(START + number), "action": "PING", "result": "SUCCESS", "state": "APPROVED"}
        return json.dumps({**entry, "trace_id": f"t-{number}"}).encode()

    def shown(self, source: JsonlSource, limit: int = 1000) -> list[str]:
        """The trace ids that a reading shows, oldest first."""
        return [entry.trace_id for entry in reversed(source.read(limit))]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A trail file with its first entries."""
    log = Log(tmp_path / "trail.jsonl")
    log.write()
    return log


PATTERNS = pytest.mark.parametrize("pattern", ["trail.jsonl", "trail.jsonl*"])


@PATTERNS
def test_a_file_that_becomes_number_one_again_and_again(log: Log, pattern: str) -> None:
    """As logrotate does: each older file gets the next number."""
    source = JsonlSource(log.path.with_name(pattern))
    for last in range(4):
        assert log.shown(source) == log.written
        for number in range(last, 0, -1):
            log.path.with_name(f"trail.jsonl.{number}").rename(log.path.with_name(f"trail.jsonl.{number + 1}"))
        log.path.rename(log.path.with_name("trail.jsonl.1"))
        assert log.shown(source) == log.written
        log.write()
    assert log.shown(source) == log.written
    assert log.shown(JsonlSource(log.path.with_name(pattern))) == log.written


@PATTERNS
@pytest.mark.parametrize("names", ["trail.jsonl.{}", "trail.jsonl-2026010{}", "trail.jsonl.2026-01-0{}"])
def test_files_whose_number_or_date_grows(log: Log, pattern: str, names: str) -> None:
    """The largest number is the newest file; several rotations between two readings lose nothing."""
    source = JsonlSource(log.path.with_name(pattern))
    assert log.shown(source) == log.written
    for number in range(1, 5):
        log.path.rename(log.path.with_name(names.format(number)))
        log.write()
        if number % 2:
            assert log.shown(source) == log.written
    assert log.shown(source) == log.written


def test_a_number_before_the_ending(log: Log) -> None:
    """Some libraries keep the ending of the name."""
    source = JsonlSource(log.path)
    log.path.rename(log.path.with_name("trail.2026-01-02.jsonl"))
    log.write()
    log.write(1, log.path.with_name("trail-copy.jsonl"))
    assert log.shown(source) == log.written[:-1]


@PATTERNS
def test_a_file_that_is_copied_and_cut(log: Log, pattern: str) -> None:
    """As logrotate does with copytruncate: between copy and cut nothing counts twice, afterwards nothing is lost."""
    source = JsonlSource(log.path.with_name(pattern))
    for number in range(3):
        assert log.shown(source) == log.written
        shutil.copy(log.path, log.path.with_name(f"trail.jsonl.{9 - number}"))
        assert log.shown(source) == log.written
        os.truncate(log.path, 0)
        if number % 2:
            assert log.shown(source) == log.written
        # More than before: the size alone does not show that the file was cut.
        log.write(5 + number)
    assert log.shown(source) == log.written


@PATTERNS
def test_files_that_are_compressed_later(log: Log, pattern: str) -> None:
    """While a file is compressed both are there, the one half written; later only the compressed one is."""
    source = JsonlSource(log.path.with_name(pattern))
    first = log.path.with_name("trail.jsonl.1")
    log.path.rename(first)
    log.write()
    assert log.shown(source) == log.written
    packed = gzip.compress(first.read_bytes(), mtime=0)
    first.with_name("trail.jsonl.1.gz").write_bytes(packed[: len(packed) // 2])
    assert log.shown(source) == log.written
    first.with_name("trail.jsonl.1.gz").write_bytes(packed)
    assert log.shown(source) == log.written
    first.unlink()
    log.write()
    assert log.shown(source) == log.written
    assert log.shown(JsonlSource(log.path.with_name(pattern))) == log.written


def test_what_is_written_to_a_file_after_its_rename(log: Log) -> None:
    """A program writes on into the renamed file until it opens the new one."""
    source = JsonlSource(log.path)
    assert log.shown(source) == log.written
    first = log.path.with_name("trail.jsonl.1")
    log.path.rename(first)
    log.write(2, first)
    assert log.shown(source) == log.written
    log.write()
    assert log.shown(source) == log.written


def test_a_file_that_is_moved_out_of_sight(log: Log, tmp_path: Path) -> None:
    """A file that was read and moved elsewhere still exists; one that is deleted is gone."""
    source = JsonlSource(log.path)
    assert log.shown(source) == log.written
    (tmp_path / "archive").mkdir()
    moved = log.path.rename(tmp_path / "archive" / "of-today")
    log.write()
    assert log.shown(source) == log.written
    moved.unlink()
    assert log.shown(source) == log.written[3:]
    log.path.unlink()
    with pytest.raises(TrailError, match="is not there"):
        source.read()


def test_a_file_that_is_changed_in_place_is_read_anew(log: Log) -> None:
    """Neither a changed entry nor one that was cut off is shown as it was."""
    source = JsonlSource(log.path)
    log.write(20)
    assert log.shown(source) == log.written
    content = log.path.read_bytes()
    log.path.write_bytes(content.replace(b"t-11", b"x-11"))
    assert log.shown(source) == [name.replace("t-11", "x-11") for name in log.written]
    log.path.write_bytes(b"".join(content.splitlines(keepends=True)[:5]))
    assert log.shown(source) == log.written[:5]


def test_a_reading_takes_the_newest_files_alone(log: Log) -> None:
    """Files that are older than the entries that a reading shows are not opened."""
    for number in range(9, 0, -1):
        os.utime(log.path.rename(log.path.with_name(f"trail.jsonl.{number}")), (START, START + 10 * (10 - number)))
        log.write()
    log.path.with_name("trail.jsonl.9").write_bytes(b"\x28\xb5\x2f\xfd no content that can be read")
    os.utime(log.path.with_name("trail.jsonl.9"), (START, START))
    source = JsonlSource(log.path.with_name("trail.jsonl*"))
    assert log.shown(source, limit=7) == log.written[-7:]
    with pytest.raises(TrailError, match=r"trail\.jsonl\.9 is compressed by zstd, which is not read; use gzip"):
        source.read()


def test_a_large_file_is_read_from_its_end(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that was large before the run the first bytes are left unread, up to the end of a line."""
    monkeypatch.setattr("technogate.trail.sources.trail_file.MOST_READ", 1000)
    log.write(50)
    source = JsonlSource(log.path)
    shown = log.shown(source)
    assert shown == log.written[-len(shown) :]
    assert 4 < len(shown) < 10
    log.write()
    assert log.shown(source) == log.written[-len(shown) - 3 :]


def test_marks_and_line_ends_of_other_systems(tmp_path: Path) -> None:
    """A byte order mark, CRLF and blank lines are no part of an entry; UTF-16 is named."""
    log = Log(tmp_path / "trail.jsonl", end=b"\r\n\r\n")
    log.path.write_bytes(b"\xef\xbb\xbf")
    log.write()
    source = JsonlSource(log.path)
    assert log.shown(source) == log.written
    assert source.notes == []
    log.path.write_bytes("{}\n".encode("utf-16"))
    with pytest.raises(TrailError, match="UTF-16; the backend must write UTF-8"):
        JsonlSource(log.path).read()


def test_an_entry_behind_other_text_of_its_line(log: Log) -> None:
    """A log's prefix, and a line that a killed program tore, do not hide the entry that follows."""
    with log.path.open("ab") as file:
        file.write(b"2026-01-02 INFO audit {x} " + log.line(3) + b"\n")
        file.write(log.line(4)[:30] + log.line(5) + b"\n")
    assert log.shown(JsonlSource(log.path)) == [*log.written, "t-3", "t-5"]


def test_a_file_without_entries_says_what_to_write(log: Log) -> None:
    """Lines that came since the first reading, none of them an entry, are an error that names their keys."""
    log.path.write_bytes(b'{"level": 30, "msg": "started"}\n')
    source = JsonlSource(log.path)
    assert source.read() == ()
    with log.path.open("ab") as file:
        file.write(b'{"kind": "PING", "ok": true, "id": "t-1"}\n')
    with pytest.raises(TrailError) as caught:
        source.read()
    assert str(caught.value) == (
        "the audit file trail.jsonl has no entry: line 1 of trail.jsonl has not the fields of an entry; "
        'name its key, one of kind, ok, id: fields = { trace_id = "…" } in [backend.audit]'
    )


@PATTERNS
def test_a_file_that_never_comes(tmp_path: Path, pattern: str) -> None:
    """After the first reading a file that is still missing cannot be read: the line names what is there instead."""
    source = JsonlSource(tmp_path / pattern)
    assert source.read() == ()
    (tmp_path / "trial.jsonl").write_bytes(b"")
    with pytest.raises(TrailError, match=r"is not there; beside it are trial\.jsonl$"):
        source.read()


def test_a_pattern_without_a_file(tmp_path: Path) -> None:
    """Before the first entry a pattern may fit no file; its folder must be there. Brackets of a folder are its name."""
    folder = tmp_path / "[2026] logs"
    with pytest.raises(TrailError, match="is not there, nor is its folder"):
        JsonlSource(tmp_path / "absent" / "trail*").read()
    folder.mkdir()
    source = JsonlSource(folder / "trail*")
    assert source.read() == ()
    log = Log(folder / "trail-1.jsonl")
    log.write()
    assert log.shown(source) == log.written
