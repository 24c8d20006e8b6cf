"""Backends that seem to sync their entries: each real program is traced as a run traces it, and none of them holds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from fixtures.traced_backend import TracedBackend, undecided
from technogate.checks.no_audit_no_action import UNAVAILABLE, is_refused_or_recorded
from technogate.checks.trail_synced import (
    UNTRACED,
    FailedSync,
    entry_is_synced_first,
    failed_sync_is_refused,
    is_synced_untraced,
)
from technogate.faults.tracing.dirty_pages import dirty_pages
from technogate.faults.tracing.tracer import DiskError
from tests.traced_pair import missing, traced_pair

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "-")]

UNSYNCED = "trail.jsonl is written and not synced"


def problems(folder: Path, way: str, requests: int = 1) -> list[str]:
    """What the order of the calls shows of commands to a backend that writes in this way; one line for each finding."""
    with traced_pair(folder, way) as pair:
        found = TracedBackend(pair).responses([lambda client: client.execute("PING")] * requests)
    assert [response.undecided for response in found] == [""] * requests
    return [finding.observed for response in found for finding in entry_is_synced_first(response)]


def seen_red(folder: Path, way: str, expected: str) -> None:
    """Each of the commands is found, and the finding says what is wrong."""
    found = problems(folder, way, 2)
    assert len(found) == 2
    assert all(one.startswith(expected) for one in found), found


@pytest.mark.sabotage("the entry is written and flushed, and left to the kernel")
def test_flushed(tmp_path: Path) -> None:
    """A flush is no sync."""
    seen_red(tmp_path, "flushed", UNSYNCED)


@pytest.mark.sabotage("the response goes out, and the entry is written and synced 50 ms later")
def test_written_after_the_response(tmp_path: Path) -> None:
    """The entry is in the trace, after the response."""
    seen_red(tmp_path, "late", "the entry is written after the first byte of the response")


@pytest.mark.sabotage("the entry is written in time, and synced 50 ms after the response")
def test_synced_after_the_response(tmp_path: Path) -> None:
    """A sync that comes later does not count."""
    seen_red(tmp_path, "synced-late", UNSYNCED)


@pytest.mark.sabotage("the file is synced right before the entry is written")
def test_synced_before_the_entry(tmp_path: Path) -> None:
    """A sync covers what was written before it."""
    seen_red(tmp_path, "synced-first", UNSYNCED)


@pytest.mark.sabotage("the folder of the trail is synced in place of its file")
def test_folder_synced_alone(tmp_path: Path) -> None:
    """A folder holds names."""
    seen_red(tmp_path, "folder-alone", UNSYNCED)


@pytest.mark.sabotage("the descriptor of another file is synced")
def test_another_file_synced(tmp_path: Path) -> None:
    """A sync counts for its own file."""
    seen_red(tmp_path, "another-file", UNSYNCED)


@pytest.mark.sabotage("the same entry is written to a decoy, which is synced, and to the trail, which is not")
def test_decoy_synced(tmp_path: Path) -> None:
    """What counts is the file that the trail is read from."""
    seen_red(tmp_path, "decoy", UNSYNCED)


@pytest.mark.sabotage("sync_file_range stands for a sync")
def test_part_of_the_file_synced(tmp_path: Path) -> None:
    """It writes data, and not what is needed to find it."""
    seen_red(tmp_path, "part-of-the-file", UNSYNCED)


@pytest.mark.sabotage("a thread syncs the file five times a second, and no response waits for it")
def test_synced_now_and_then(tmp_path: Path) -> None:
    """Of several commands some are not synced in time."""
    assert problems(tmp_path, "now-and-then", 6)


@pytest.mark.sabotage("the trail is a mapping that is never synced")
def test_mapped_and_not_synced(tmp_path: Path) -> None:
    """No call writes the entry, and none syncs it."""
    seen_red(tmp_path, "mapped-unsynced", "the trail is mapped, and not synced before the response")


@pytest.mark.sabotage("the status line goes out first, the rest of the response after the sync")
def test_early_status_line(tmp_path: Path) -> None:
    """The first byte decides, not the last."""
    seen_red(tmp_path, "early-status-line", "the entry is written after the first byte of the response")


@pytest.mark.sabotage("the entry is synced only while TracerPid in /proc/self/status is not 0")
def test_looks_whether_it_is_traced(tmp_path: Path) -> None:
    """A backend that looks is not believed: what it does when nobody looks is not known."""
    with (
        traced_pair(tmp_path, "while-traced") as pair,
        pytest.raises(Skipped, match="looks whether it is traced"),
    ):
        undecided(TracedBackend(pair).responses([lambda client: client.execute("PING")]))


@pytest.mark.sabotage("the backend kills what traces it")
def test_ends_its_tracer(tmp_path: Path) -> None:
    """A trace that ended early shows nothing."""
    with traced_pair(tmp_path, "ends-its-tracer") as pair, pytest.raises(Skipped, match="the trace ended before"):
        TracedBackend(pair).responses([lambda client: client.execute("PING")])


@pytest.mark.sabotage("the entry is synced only while a program named strace runs")
def test_syncs_only_while_traced(tmp_path: Path) -> None:
    """The kernel says how much of the trail is not written yet, and no program can tell that it was asked."""
    probe = tmp_path / "probe"
    probe.write_bytes(b"unwritten")
    if not dirty_pages(probe):
        pytest.skip("needs a kernel that says which pages are not written (Linux 6.5), and a file system that has such")
    with traced_pair(tmp_path, "while-strace-runs") as pair:
        backend = TracedBackend(pair)
        untraced = backend.untraced(lambda client: client.execute("PING"), UNTRACED)
        [traced] = backend.responses([lambda client: client.execute("PING")])
    assert entry_is_synced_first(traced) == []
    [finding] = is_synced_untraced(untraced)
    assert finding.observed.startswith("synced while it is traced; untraced, ")


@pytest.mark.sabotage("the disk refuses to sync, and the command is approved all the same")
def test_failed_sync_ignored(tmp_path: Path) -> None:
    """An error of fsync is a refusal."""
    with traced_pair(tmp_path, "failed-sync-ignored") as pair:
        backend = TracedBackend(pair)
        with (
            backend.attached(DiskError(error="EIO", calls=("fsync", "fdatasync"))) as trace,
            pair.driver(guarded=False) as client,
        ):
            exchange = client.execute("PING")
    failed = sum(call.injected for call in trace.calls)
    [finding] = failed_sync_is_refused(FailedSync(exchange=exchange, failed=failed), UNAVAILABLE)
    assert finding.observed == "status 200, after 1 failed syncs"


@pytest.mark.parametrize("audit", ["", '[backend.audit]\nsource = "api"\n'], ids=["nothing said", "read from the API"])
@pytest.mark.sabotage("the target file does not name the trail, and the backend does not sync it")
def test_trail_that_is_not_named(tmp_path: Path, audit: str) -> None:
    """The one file that holds the trace id is the trail."""
    with traced_pair(tmp_path, "flushed", audit) as pair:
        pair.trail.read_until = lambda *_: ()  # type: ignore[method-assign]
        [response] = TracedBackend(pair).responses([lambda client: client.execute("PING")])
    [finding] = entry_is_synced_first(response)
    assert finding.observed.startswith(UNSYNCED)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one page."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small file system: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize(("way", "refuses"), [("synced", True), ("write-error-ignored", False)])
@pytest.mark.sabotage("the disk of the trail is full, and commands are approved all the same")
def test_full_disk(tmp_path: Path, full_disk: Path, way: str, *, refuses: bool) -> None:
    """Once there is no room, a command is refused; one that is approved has no entry."""
    trail = full_disk / "trail.jsonl"
    audit = f'[backend.audit]\nsource = "jsonl"\npath = "{trail}"\n'
    with traced_pair(tmp_path, way, audit, trail=str(trail)) as pair, pair.driver() as client:
        (full_disk / "filler").write_bytes(b"x" * 4096)
        exchange = client.execute("PING")
        findings = is_refused_or_recorded(pair.run_context.contract, exchange, pair.trail.read_until([]))
    assert (not findings) is refuses
    assert [finding.observed for finding in findings] == ([] if refuses else ["status 200, and no entry"])
