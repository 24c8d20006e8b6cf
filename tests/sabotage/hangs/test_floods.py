"""Output and audit trails without an end: kept and read to a limit, and never waited for."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import pytest

from technogate.journal.redaction import Redactor
from technogate.target.process import output_log
from technogate.target.process.output_log import OutputLog
from technogate.trail.entry import TrailError, TrailUnusable
from technogate.trail.entry_fields import EntryFields
from technogate.trail.sources import command_source, trail_file
from technogate.trail.sources.command_source import CommandSource
from technogate.trail.sources.entry_lines import EntryLines
from technogate.trail.sources.trail_file import TrailFile

ENTRY = b'{"timestamp":"2026-01-01T00:00:00Z","action":"A","result":"SUCCESS","state":"APPROVED","trace_id":"%d"}\n'


def command(script: str) -> CommandSource:
    """A trail that a Python script prints."""
    return CommandSource([sys.executable, "-c", script], cwd=Path(), env={}, fields=EntryFields())


def lines() -> EntryLines:
    """What reads the entries of a file."""
    return EntryLines(EntryFields())


@pytest.mark.sabotage("a program under test prints without end")
def test_output_without_end_is_cut_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The beginning and the end are there, the places go on, and the file stays small."""
    monkeypatch.setattr(output_log, "MOST", 1000)
    log = OutputLog(tmp_path / "output.log", Redactor("Some-Key_1234"))
    read, place = "", 0
    with log.path.open("ab") as written:
        for number in range(200):
            written.write(b"%099d\n" % number)
            written.flush()
            new, place = log.since(place)
            read += new
            log.bound()
            assert log.path.stat().st_size <= 2100
    assert place == 20_000
    assert [int(line) for line in read.splitlines()] == list(range(200))
    assert int(log.text.splitlines()[0]) == 0
    assert int(log.text.splitlines()[-1]) == 199
    assert len(log.text) <= 2000


@pytest.mark.sabotage("the audit trail is a device, a pipe or a folder, which no reading comes to an end of")
def test_what_is_no_file_is_no_trail(tmp_path: Path) -> None:
    """It is refused before anything is read, and nobody waits for a writer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(TrailUnusable, match="is no file"):
            TrailFile(place, lines())


@pytest.mark.sabotage("the audit file grows faster than it is read")
def test_a_trail_that_grows_meanwhile_is_read_to_the_size_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reading has an end, and the next one goes on there."""
    monkeypatch.setattr(trail_file, "CHUNK", 64)
    place = tmp_path / "trail.jsonl"
    place.write_bytes(ENTRY % 0)
    real, numbers = os.pread, itertools.count(1)

    def read(descriptor: int, size: int, offset: int) -> bytes:
        with place.open("ab") as more:
            more.write(ENTRY % next(numbers))
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", read)
    file = TrailFile(place, lines())
    for _ in range(3):
        before = place.stat().st_size
        file.update()
        assert file.size == before
    assert [int(entry.trace_id) for entry in file.entries] == list(range(len(file.entries)))
    file.close()


@pytest.mark.sabotage("more entries come between two readings than fit into memory")
def test_the_end_of_a_flood_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the beginning: the newest entries are those that are asked for."""
    monkeypatch.setattr(trail_file, "MOST_READ", 1000)
    place = tmp_path / "trail.jsonl"
    place.write_bytes(ENTRY % 0)
    file = TrailFile(place, lines())
    file.update()
    with place.open("ab") as more:
        more.writelines(ENTRY % number for number in range(1, 1000))
    file.update()
    assert 0 < len(file.entries) < 12
    assert file.entries[-1].trace_id == "999"
    file.close()


@pytest.mark.sabotage("the command that prints the audit trail prints, or takes, without an end")
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("while True: print('x' * 65536)", "printed more than"),
        ("import sys\nwhile True: sys.stderr.write('x' * 65536)", "printed more than"),
        ("import time; print('x'); time.sleep(1e6)", "took longer than"),
    ],
    ids=["output", "error", "time"],
)
def test_a_command_without_an_end_is_ended(script: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a trail that cannot be read."""
    monkeypatch.setattr(command_source, "MOST_PRINTED", 1 << 20)
    monkeypatch.setattr(command_source, "COMMAND_S", 1.0 if why.startswith("took") else 60.0)
    with pytest.raises(TrailError, match=why):
        command(script).read()


@pytest.mark.sabotage("a compressed audit file is a thousand times larger than it looks")
def test_a_compressed_trail_is_read_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be read."""
    import gzip

    monkeypatch.setattr(trail_file, "MOST_CONTENT", 1 << 16)
    place = tmp_path / "trail.jsonl.gz"
    place.write_bytes(gzip.compress(b"x" * (1 << 20)))
    with pytest.raises(TrailUnusable, match="when it is decompressed"):
        TrailFile(place, lines()).update()


@pytest.mark.sabotage("an entry of the audit trail is nested 200,000 deep")
def test_a_deep_entry_is_a_line_that_is_none(tmp_path: Path) -> None:
    """The entries before and after it are read."""
    place = tmp_path / "trail.jsonl"
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"\n"
    place.write_bytes(ENTRY % 1 + deep + ENTRY % 2)
    file = TrailFile(place, lines())
    file.update()
    assert [entry.trace_id for entry in file.entries] == ["1", "2"]
    file.close()
