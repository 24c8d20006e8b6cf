"""The journal: one append-only file of JSON lines, from which every report can be written again.

Several processes append to the same file. Each event is one line, written by one `write` call on a
descriptor opened for appending, so that lines never interleave. Every writer numbers its own lines;
the footer holds the digest of all bytes before it and of itself. A reader distinguishes a whole journal from a
torn one (cut short) and from a damaged one (edited, or no journal at all). Whoever may write the file can make another
whole one: each line has a mark that only the run could make (`line_marks`), and a journal that nothing proves to be as
its run wrote it is read as unproven.
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

from technogate.journal import run_records
from technogate.journal.line_marks import JournalKey, LineMarks, MarkedLines, unmarked
from technogate.journal.redaction import Redactor
from technogate.model.events import (
    Abort,
    ContainerFacts,
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
    ProgramIsolation,
    RenderedOutput,
    RuntimeProof,
    RunWarning,
    SelfTest,
    Stuck,
    TrailReading,
    WriterEnd,
)
from technogate.model.item_result import SELF_TEST

#: Changes when an older reader could misread a newer journal.
FORMAT = 3

#: Why a journal proves nothing that neither its run, nor a record of it, nor a digest from elsewhere vouches for.
UNPROVEN = (
    "nothing proves that this journal is as its run wrote it: judge it on the machine and as the user that ran it, or "
    "name its digest (--sha256) or its signed evidence (--evidence and --key), else validate again"
)


class JournalError(Exception):
    """The journal cannot be written, or what was read is damaged; the text is one line for the user."""


class JournalLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: which process wrote it, its place among that process's lines, the event, and the mark."""

    worker: str
    seq: int
    event: Event
    mark: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(JournalLine)


def _encode(line: JournalLine) -> bytes:
    """Encode one line as JSON, without a mark. A lone surrogate, which a page can contain, is escaped for UTF-8."""
    plain = {"worker": line.worker, "seq": line.seq, "event": line.event}
    try:
        return _encoder.encode(plain)
    except UnicodeEncodeError:
        return _encoder.encode(_escaped(msgspec.to_builtins(plain)))


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

    def __init__(self, path: Path, worker: str, key: bytes) -> None:
        """Open `path`, which no other user can read, for appending; raises JournalError when that is impossible.

        `key` is that of the writer's first line (`JournalKey.of`).
        """
        #: Takes secrets out of what is written, where the run has any.
        self.redactor: Redactor | None = None
        self.path = path
        self.worker = worker
        self._marks = LineMarks(key)
        self._seq = 0
        self._lock = threading.RLock()
        self._opened = time.time(), time.monotonic()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise JournalError(f"cannot write the journal {path}: {error.strerror}") from error

    def append(self, event: Event) -> None:
        """Write one event; raises JournalError when not all of it reached the file, or the journal is closed."""
        with self._lock:
            if self._fd < 0:
                raise JournalError(f"cannot write the journal {self.path}: it is closed")
            text = _encode(JournalLine(self.worker, self._seq, event))
            if self.redactor is not None and (clean := self.redactor.event(text, event)) is not event:
                text = _encode(JournalLine(self.worker, self._seq, clean))
            line = self._marks.next(text) + b"\n"
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                raise JournalError(f"cannot write the journal {self.path}: {error.strerror}") from error
            if written != len(line):
                cut = f"only {written} of {len(line)} bytes were written"
                raise JournalError(f"cannot write the journal {self.path}: {cut}")
            self._seq += 1

    def end(self) -> None:
        """Write this writer's last line and close the file: other processes may still write."""
        with self._lock:
            self.append(WriterEnd())
            self.close()

    def close(self) -> None:
        """Close the file without a last line."""
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
    return sha.hexdigest() == footer.sha256 and footer.lines == len(lines) - 1 and _encode(last) == unmarked(lines[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A journal as read: its events by kind, in the order of the file. `must_fail` is the self-test's own item.

    `torn` is "" for a whole journal, else one sentence that names what is missing. `sha256` is the
    digest of the whole file. `unproven` is "" for a journal that is known to be as its run wrote it, else why not.
    """

    path: Path
    sha256: str
    header: Header
    footer: Footer | None
    torn: str
    unproven: str
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
    isolations: list[ProgramIsolation] = field(default_factory=list)
    containers: list[ContainerFacts] = field(default_factory=list)
    must_fail: list[ItemResult | Finding] = field(default_factory=list)
    runtimes: list[RuntimeProof] = field(default_factory=list)
    fit_checks: list[FitCheck] = field(default_factory=list)


def read_journal(path: Path, key: JournalKey | None = None, *, sha256: str = "") -> Journal:
    """Read and check a journal: with the `key` of its run, which proves each line, or by the digest of the whole file.

    The digest that proves it is `sha256`, from a source that the caller trusts, or that of a run of this user on this
    machine. A journal that nothing proves is returned with `unproven` set, one without a footer with `torn` set.
    Raises JournalError for what is not a journal, has a damaged line before its last one, was changed after it was
    sealed, holds a line that its run did not write, or has another digest than `sha256`.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(f"cannot read the journal {path}: {error.strerror}") from error
    lines = raw.split(b"\n")
    tail = lines.pop()
    torn = f"line {len(lines) + 1} is cut short" if tail else ""
    decoded = _lines(path, lines, key)
    events = [line.event for line in decoded]
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
    digest = hashlib.sha256(raw).hexdigest()
    if sha256 and digest != sha256:
        raise JournalError(f"{path} is another journal: its sha256 is {digest}, not {sha256}")
    if key is not None:
        unproven = _open_ends(decoded) if footer is not None else ""
    else:
        unproven = "" if sha256 or run_records.is_kept(digest) else UNPROVEN
    journal = Journal(path=path, sha256=digest, header=header, footer=footer, torn=torn, unproven=unproven)
    _sort(path, events[1:-1] if footer else events[1:], journal)
    return journal


def _open_ends(lines: list[JournalLine]) -> str:
    """Which writers' lines do not go to their end, as one sentence; the footer ends those of the writer of it."""
    last = {line.worker: line.event for line in lines}
    cut = sorted(worker for worker, event in last.items() if not isinstance(event, WriterEnd | Footer))
    return f"the journal may lack lines of {', '.join(cut)}, which did not end in good order" if cut else ""


def _lines(path: Path, lines: list[bytes], key: JournalKey | None) -> list[JournalLine]:
    """Decode every whole line; each worker's lines must be numbered without a gap, and written with `key`, if any."""
    decoded: list[JournalLine] = []
    expected: dict[str, int] = {}
    marked = MarkedLines(key) if key is not None else None
    for number, text in enumerate(lines, 1):
        try:
            line = decode_line(text)
        except JournalError as error:
            raise JournalError(f"{path} is damaged: line {number} is {error}") from error
        if line.seq != expected.get(line.worker, 0):
            raise JournalError(f"{path} is damaged: lines of {line.worker} are missing before line {number}")
        if marked is not None and not marked.proves(line.worker, text):
            raise JournalError(f"{path} is damaged: line {number} is not as {line.worker} of this run wrote it")
        expected[line.worker] = line.seq + 1
        decoded.append(line)
    return decoded


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
        ProgramIsolation: journal.isolations,  # type: ignore[dict-item]
        ContainerFacts: journal.containers,  # type: ignore[dict-item]
        RuntimeProof: journal.runtimes,  # type: ignore[dict-item]
        FitCheck: journal.fit_checks,  # type: ignore[dict-item]
    }
    for event in events:
        if isinstance(event, ItemResult | Finding) and event.requirement == SELF_TEST:
            journal.must_fail.append(event)
            continue
        if isinstance(event, WriterEnd):
            continue
        kind = lists.get(type(event))
        if kind is None:
            raise JournalError(f"{path} is damaged: a second {type(event).__name__.lower()} is in the middle of it")
        kind.append(event)
