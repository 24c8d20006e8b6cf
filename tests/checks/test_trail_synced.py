"""TRL-11: orders of system calls that show a sync in time, that show none, and that show neither."""

from __future__ import annotations

from typing import Any

import pytest

from technogate.checks.example_evidence import ExampleEvidence
from technogate.checks.traced_response import TracedResponse
from technogate.checks.trail_synced import database_syncs, entry_is_synced_first
from technogate.faults.tracing.strace_output import system_calls
from tests.checks.test_registry import contract as contract
from tests.checks.test_registry import evidence as evidence

SENT = '1 sendto(4<TCP:[127.0.0.1:80->127.0.0.1:9]>, "HTTP/1.1 200 OK\\r\\nX-Trace-Id: t-1\\r\\n", 40, 0, NULL, 0) = 40'
WAL = '1 pwrite64(5</d/trail.db-wal>, "\\1t-1\\2", 4096, 0) = 4096'
DB = '1 pwrite64(6</d/trail.db>, "\\1t-1\\2", 4096, 0) = 4096'
JOURNAL = '1 pwrite64(7</d/trail.db-journal>, "t-1 before", 4096, 0) = 4096'
LINE = '1 write(3</d/trail.jsonl>, "{t-1}", 9) = 9'
#: A file of the trail that holds no trace id in the clear.
BINARY = '1 write(3</d/trail.jsonl>, "\\1\\2", 9) = 9'


def synced(path: str, result: str = "0") -> str:
    """A sync of a file."""
    return f"1 fdatasync(9<{path}>) = {result}"


def response(evidence: ExampleEvidence, *lines: str, **changes: Any) -> TracedResponse:
    """What these lines show of a response."""
    known: dict[str, Any] = {
        "exchange": evidence.executed(),
        "trace_id": "t-1",
        "calls": system_calls(lines),
        "files": ("/d/trail.db", "/d/trail.db-wal", "/d/trail.db-journal", "/d/trail*.jsonl"),
        "port": 80,
    }
    return TracedResponse(**{**known, **changes})


@pytest.mark.parametrize(
    "lines",
    [
        (LINE, synced("/d/trail.jsonl"), SENT),
        (BINARY, synced("/d/trail.jsonl"), SENT),
        (WAL, synced("/d/trail.db-wal"), DB, SENT),
        (JOURNAL, synced("/d/trail.db-journal"), DB, synced("/d/trail.db"), SENT),
        # The page is written again, and is in the log already.
        (WAL, synced("/d/trail.db-wal"), SENT, WAL),
        (LINE, "1 sync() = 0", SENT),
        ("1 openat(AT_FDCWD, \"x\", O_APPEND|O_SYNC) = 3</d/trail.jsonl>", LINE, SENT),
        # The other process of a pair of its own answers first, and not to the client.
        (SENT.replace(":80->", ":8001->"), LINE, synced("/d/trail.jsonl"), SENT),
        (SENT.replace("200 OK", "100 Continue").replace("t-1", ""), LINE, synced("/d/trail.jsonl"), SENT),
    ],
)  # fmt: skip
def test_synced_in_time(evidence: ExampleEvidence, lines: tuple[str, ...]) -> None:
    """The entry is written, then synced, then the response goes out."""
    traced = response(evidence, *lines)
    assert (traced.undecided, entry_is_synced_first(traced)) == ("", [])


@pytest.mark.parametrize(
    ("lines", "observed"),
    [
        ((LINE, SENT, synced("/d/trail.jsonl")), "trail.jsonl is written and not synced"),
        ((BINARY, SENT), "trail.jsonl is written and not synced"),
        ((SENT, LINE, synced("/d/trail.jsonl")), "the entry is written after the first byte of the response"),
        ((WAL, synced("/d/trail.db"), SENT), "trail.db-wal is written and not synced"),
        ((JOURNAL, synced("/d/trail.db-journal"), DB, SENT), "trail.db is written and not synced"),
        (
            (LINE, synced("/d/trail.jsonl", "-1 EIO (I/O error)"), SENT),
            "trail.jsonl is written and not synced",
        ),
        # It began before the entry was written: what it covers is not known.
        (
            ("2 fsync(9</d/trail.jsonl> <unfinished ...>", LINE, "2 <... fsync resumed>) = 0", SENT),
            "trail.jsonl is written and not synced",
        ),
        # It has not ended when the response goes out.
        (
            (LINE, "2 fsync(9</d/trail.jsonl> <unfinished ...>", SENT, "2 <... fsync resumed>) = 0"),
            "trail.jsonl is written and not synced",
        ),
        # A descriptor that synced each write was opened again without that.
        (
            (
                '1 openat(AT_FDCWD, "x", O_APPEND|O_DSYNC) = 3</d/trail.jsonl>',
                '1 openat(AT_FDCWD, "x", O_APPEND) = 3</d/trail.jsonl>',
                *(LINE, SENT),
            ),
            "trail.jsonl is written and not synced",
        ),
        ((LINE, "1 sync_file_range(3</d/trail.jsonl>, 0, 0, 7) = 0", SENT), "trail.jsonl is written and not synced"),
    ],
)
def test_not_synced_in_time(evidence: ExampleEvidence, lines: tuple[str, ...], observed: str) -> None:
    """The finding says what is missing, and the calls in their order."""
    traced = response(evidence, *lines)
    assert traced.undecided == ""
    [finding] = entry_is_synced_first(traced)
    assert finding.observed.startswith(f"{observed}: ")
    assert "sendto(client)" in finding.observed


@pytest.mark.parametrize(
    ("lines", "changes", "reason"),
    [
        ((LINE, synced("/d/trail.jsonl")), {}, "no system call was seen that sends the response"),
        ((SENT,), {}, "no system call was seen that writes the entry: it is written in another process"),
        ((SENT,), {"ring": True}, "no system call was seen that writes the entry: it is written through an io_uring"),
        ((LINE, SENT), {"ring": True}, "the backend has an io_uring: it may sync the entry through that"),
        (
            ('1 openat(AT_FDCWD, "/proc/self/status", O_RDONLY) = 5</proc/7/status>', LINE, SENT),
            {},
            "the backend looks whether it is traced",
        ),
        (("1 pread64(5</proc/7/status>, \"\", 9, 0) = 9", LINE, SENT), {}, "the backend looks whether it is traced"),
        (("1 ptrace(PTRACE_TRACEME) = 0", LINE, SENT), {}, "the backend looks whether it is traced"),
        ((LINE, '1 write(6</d/app.txt>, "t-1", 3) = 3', SENT), {"files": ()}, "several files hold the trace id"),
        (('1 write(6</d/app.log>, "t-1", 3) = 3', SENT), {"files": ()}, "several files hold the trace id"),
        (
            (LINE, '1 sendto(8<TCP:[127.0.0.1:4->127.0.0.1:5432]>, "t-1", 3, 0, NULL, 0) = 3', SENT),
            {"files": ()},
            "several files hold the trace id",
        ),
    ],
)  # fmt: skip
def test_what_the_calls_do_not_show_is_undecided(
    evidence: ExampleEvidence, lines: tuple[str, ...], changes: dict[str, Any], reason: str
) -> None:
    """It is a reason, and taken for a result it is none that holds."""
    traced = response(evidence, *lines, **changes)
    assert traced.undecided.startswith(reason)
    assert entry_is_synced_first(traced)


def test_an_unnamed_trail_that_is_synced_is_decided(evidence: ExampleEvidence) -> None:
    """Everything that holds the trace id was synced, whichever of it is the trail; what is printed does not count."""
    printed = '1 write(1</w/output.log>, "t-1", 3) = 3'
    traced = response(
        evidence, LINE, synced("/d/trail.jsonl"), printed, SENT, files=(), aside=frozenset({"/w/output.log"})
    )
    assert (traced.undecided, entry_is_synced_first(traced)) == ("", [])


def test_data_about_the_status_of_a_process_is_no_look_at_it(evidence: ExampleEvidence) -> None:
    """An entry may name any path."""
    line = LINE.replace("{t-1}", "t-1 /proc/self/status")
    assert response(evidence, line, synced("/d/trail.jsonl"), SENT).undecided == ""


@pytest.mark.parametrize(
    ("settings", "unsafe"),
    [
        ({"fsync": "on", "synchronous_commit": "remote_apply"}, ""),
        ({"fsync": "off", "synchronous_commit": "on"}, "PostgreSQL says fsync = off"),
        ({"fsync": "on"}, "PostgreSQL says synchronous_commit = unknown"),
    ],
)
def test_a_database_that_does_not_sync_is_found(
    evidence: ExampleEvidence, settings: dict[str, str], unsafe: str
) -> None:
    """A setting that is not known is none that holds."""
    assert [finding.observed for finding in database_syncs(evidence.executed(), settings)] == [unsafe] * bool(unsafe)
