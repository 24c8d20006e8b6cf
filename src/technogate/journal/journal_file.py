"""The journal: one append-only file of JSON lines, from which every report can be written again.

Several processes append to the same file. Each event is one line, written by one `write` call on a
descriptor opened for appending, so that lines never interleave. Every writer numbers its own lines;
the footer holds the digest of all bytes before it and of itself. A reader distinguishes a whole journal from a
torn one (cut short) and from a damaged one (edited, or no journal at all).
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from technogate.model.events import (
    Abort,
    Event,
    Exchange,
    FaultEvent,
    Finding,
    FitCheck,
    Footer,
    Header,
    ItemResult,
    Output,
    Plan,
    PrintedLines,
    ProgramExit,
    RenderedOutput,
    RuntimeProof,
    RunWarning,
    SelfTest,
    Stuck,
    TrailReading,
)
from technogate.model.item_result import SELF_TEST

#: Changes when an older reader could misread a newer journal.
FORMAT = 2


class JournalError(Exception):
    """The journal cannot be written, or what was read is damaged; the text is one line for the user."""


class JournalLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: which process wrote it, its place among that process's lines, and the event."""

    worker: str
    seq: int
    event: Event


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(JournalLine)


def _encode(line: JournalLine) -> bytes:
    """Encode one line as JSON. A lone surrogate, which a page can contain and UTF-8 cannot, is escaped."""
    try:
        return _encoder.encode(line)
    except UnicodeEncodeError:
        return _encoder.encode(_escaped(msgspec.to_builtins(line)))


def _escaped(value: Any) -> Any:
    """Return `value` with each lone surrogate escaped."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_escaped(key): _escaped(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(member) for member in value]
    return value


def decode_line(text: bytes) -> JournalLine:
    """Decode one line of a journal; raises JournalError for anything else."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise JournalError(f"not an event ({error})") from error


class JournalWriter:
    """Appends events to a journal file on behalf of one process (`worker`)."""

    def __init__(self, path: Path, worker: str) -> None:
        """Open `path` for appending; raises JournalError when that is impossible."""
        self.path = path
        self.worker = worker
        self._seq = 0
        self._lock = threading.RLock()
        self._opened = time.time(), time.monotonic()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self._fd = os.open(path, flags, 0o644)
        except OSError as error:
            raise JournalError(f"cannot write the journal {path}: {error.strerror}") from error

    def append(self, event: Event) -> None:
        """Write one event; raises JournalError when not all of it reached the file, or the journal is closed."""
        with self._lock:
            if self._fd < 0:
                raise JournalError(f"cannot write the journal {self.path}: it is closed")
            line = _encode(JournalLine(self.worker, self._seq, event)) + b"\n"
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                raise JournalError(f"cannot write the journal {self.path}: {error.strerror}") from error
            if written != len(line):
                cut = f"only {written} of {len(line)} bytes were written"
                raise JournalError(f"cannot write the journal {self.path}: {cut}")
            self._seq += 1

    def close(self) -> None:
        """Close the file without a footer: other processes may still write."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def seal(self, end: Literal["finished", "interrupted", "crashed"]) -> None:
        """Write the footer, after every other process has closed its writer; nothing of this one follows it."""
        with self._lock:
            ended, monotonic = time.time(), time.monotonic()
            moved = round((ended - self._opened[0]) - (monotonic - self._opened[1]), 3)
            sha, lines = _digest(self.path)
            footer = Footer(end=end, lines=lines, sha256="", ended=ended, moved=moved)
            sha.update(_encode(JournalLine(self.worker, self._seq, footer)))
            self.append(msgspec.structs.replace(footer, sha256=sha.hexdigest()))
            self.close()


def _digest(path: Path) -> tuple[hashlib._Hash, int]:
    """Return the sha256 object of the file, for more input, and its number of lines."""
    sha, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
            lines += block.count(b"\n")
    return sha, lines


def _whole(raw: bytes, lines: list[bytes], footer: Footer) -> bool:
    """Whether a journal with a footer is as it was sealed: every line before it, and the footer itself."""
    last = decode_line(lines[-1])
    blank = JournalLine(last.worker, last.seq, msgspec.structs.replace(footer, sha256=""))
    sha = hashlib.sha256(raw[: len(raw) - len(lines[-1]) - 1])
    sha.update(_encode(blank))
    return sha.hexdigest() == footer.sha256 and footer.lines == len(lines) - 1 and _encode(last) == lines[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A journal as read: its events by kind, in the order of the file. `must_fail` is the self-test's own item.

    `torn` is "" for a whole journal, else one sentence that names what is missing. `sha256` is the
    digest of the whole file.
    """

    path: Path
    sha256: str
    header: Header
    footer: Footer | None
    torn: str
    plans: list[Plan] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    rendered_outputs: list[RenderedOutput] = field(default_factory=list)
    trails: list[TrailReading] = field(default_factory=list)
    faults: list[FaultEvent] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    printed: list[PrintedLines] = field(default_factory=list)
    program_exits: list[ProgramExit] = field(default_factory=list)
    stuck: list[Stuck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    results: list[ItemResult] = field(default_factory=list)
    aborts: list[Abort] = field(default_factory=list)
    warnings: list[RunWarning] = field(default_factory=list)
    self_tests: list[SelfTest] = field(default_factory=list)
    must_fail: list[ItemResult | Finding] = field(default_factory=list)
    runtimes: list[RuntimeProof] = field(default_factory=list)
    fit_checks: list[FitCheck] = field(default_factory=list)


def read_journal(path: Path) -> Journal:
    """Read and check a journal.

    A journal without a footer is returned with `torn` set. Raises JournalError for what is not a
    journal, has a damaged line before its last one, or was changed after it was sealed.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(f"cannot read the journal {path}: {error.strerror}") from error
    lines = raw.split(b"\n")
    tail = lines.pop()
    torn = f"line {len(lines) + 1} is cut short" if tail else ""
    events = _events(path, lines)
    if not events or not isinstance(events[0], Header):
        raise JournalError(f"{path} is not a journal: it does not begin with a header")
    header = events[0]
    if header.format != FORMAT:
        raise JournalError(f"{path} has journal format {header.format}; this gate reads format {FORMAT}")
    footer = events[-1] if isinstance(events[-1], Footer) else None
    if footer is not None:
        if tail or not _whole(raw, lines, footer):
            raise JournalError(f"{path} is damaged: it was changed after it was sealed")
    elif not torn:
        torn = f"it ends after line {len(lines)} without a footer"
    journal = Journal(path=path, sha256=hashlib.sha256(raw).hexdigest(), header=header, footer=footer, torn=torn)
    _sort(path, events[1:-1] if footer else events[1:], journal)
    return journal


def _events(path: Path, lines: list[bytes]) -> list[Event]:
    """Decode every whole line; each worker's lines must be numbered without a gap."""
    events: list[Event] = []
    expected: dict[str, int] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = decode_line(text)
        except JournalError as error:
            raise JournalError(f"{path} is damaged: line {number} is {error}") from error
        if line.seq != expected.get(line.worker, 0):
            raise JournalError(f"{path} is damaged: lines of {line.worker} are missing before line {number}")
        expected[line.worker] = line.seq + 1
        events.append(line.event)
    return events


def _sort(path: Path, events: list[Event], journal: Journal) -> None:
    """Put each event into the list of its kind; a second header or an early footer is damage."""
    lists: dict[type, list[Event]] = {
        Plan: journal.plans,  # type: ignore[dict-item]
        Exchange: journal.exchanges,  # type: ignore[dict-item]
        RenderedOutput: journal.rendered_outputs,  # type: ignore[dict-item]
        TrailReading: journal.trails,  # type: ignore[dict-item]
        FaultEvent: journal.faults,  # type: ignore[dict-item]
        Output: journal.outputs,  # type: ignore[dict-item]
        PrintedLines: journal.printed,  # type: ignore[dict-item]
        ProgramExit: journal.program_exits,  # type: ignore[dict-item]
        Stuck: journal.stuck,  # type: ignore[dict-item]
        Finding: journal.findings,  # type: ignore[dict-item]
        ItemResult: journal.results,  # type: ignore[dict-item]
        Abort: journal.aborts,  # type: ignore[dict-item]
        RunWarning: journal.warnings,  # type: ignore[dict-item]
        SelfTest: journal.self_tests,  # type: ignore[dict-item]
        RuntimeProof: journal.runtimes,  # type: ignore[dict-item]
        FitCheck: journal.fit_checks,  # type: ignore[dict-item]
    }
    for event in events:
        if isinstance(event, ItemResult | Finding) and event.requirement == SELF_TEST:
            journal.must_fail.append(event)
            continue
        kind = lists.get(type(event))
        if kind is None:
            raise JournalError(f"{path} is damaged: a second {type(event).__name__.lower()} is in the middle of it")
        kind.append(event)
