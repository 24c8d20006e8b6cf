"""The audit trail as a program prints it: in either order, as lines or a list; a failure is one line."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from technogate.trail.entry import TrailError, TrailUnusable
from technogate.trail.entry_fields import EntryFields
from technogate.trail.sources.command_source import CommandSource

ENTRIES = [
    {"timestamp": f"2026-01-02T03:04:0{number}Z", "state": "BLOCKED", "action": "PING", "trace_id": f"t-{number}"}
    for number in range(4)
]


def source(folder: Path, program: str, *arguments: str, env: dict[str, str] | None = None) -> CommandSource:
    """A source that runs a Python program in `folder`."""
    return CommandSource([sys.executable, "-c", program, *arguments], cwd=folder, env=env or {}, fields=EntryFields())


def printing(folder: Path, text: str) -> CommandSource:
    """A source whose program prints what is in a file."""
    (folder / "printed").write_text(text, "utf-8")
    return source(folder, "print(open('printed').read(), end='')")


def lines(entries: list[dict[str, str]]) -> str:
    """JSON lines."""
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.mark.parametrize(
    "text",
    [
        lines(ENTRIES),
        lines(ENTRIES[::-1]),
        lines(ENTRIES).replace("\n", "\r\n"),
        json.dumps(ENTRIES, indent=2),
        "\ufeff" + json.dumps(ENTRIES[::-1]),
        "connecting …\n" + lines(ENTRIES) + "(4 rows)\n",
    ],
)
def test_entries_are_newest_first(tmp_path: Path, text: str) -> None:
    """The order of the output and its form do not matter, nor what else the program says."""
    shown = printing(tmp_path, text)
    assert [entry.trace_id for entry in shown.read()] == ["t-3", "t-2", "t-1", "t-0"]
    assert [entry.trace_id for entry in shown.read(limit=2)] == ["t-3", "t-2"]


def test_output_that_grows(tmp_path: Path) -> None:
    """Each reading shows the whole output; an entry that was printed twice is shown twice."""
    shown = printing(tmp_path, "")
    assert shown.read() == ()
    (tmp_path / "printed").write_text(lines(ENTRIES[:2]), "utf-8")
    assert [entry.trace_id for entry in shown.read()] == ["t-1", "t-0"]
    (tmp_path / "printed").write_text(lines([*ENTRIES[:2], ENTRIES[1]]), "utf-8")
    assert [entry.trace_id for entry in shown.read()] == ["t-1", "t-1", "t-0"]


def test_it_runs_in_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command gets the declared variables, and none that only the gate has."""
    monkeypatch.setenv("GATE_SECRET", "of-the-gate")
    program = (
        "import json, os; e = os.environ;"
        "print(json.dumps({'state': 'BLOCKED', 'trace_id': e['OWN'], 'action': e.get('GATE_SECRET', 'NONE')}))"
    )
    entry = source(tmp_path, program, env={"OWN": "t-1"}).read()[0]
    assert (entry.trace_id, entry.action) == ("t-1", "NONE")


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("import sys; sys.exit('no such table: audit')", "ended with code 1: no such table: audit"),
        ("import sys; print('printed'); sys.exit(3)", "ended with code 3: printed"),
        ("import sys; sys.exit(4)", "ended with code 4: it wrote nothing"),
        ("print('ERROR 2002: no connection')", "has no entry: line 1 of its output is no JSON object"),
        ("print('{\"level\": 30}')", r"has no entry: .* name its key, one of level: fields = \{ trace_id"),
        ('print(\'{"action": "A", "state": "BLOCKED"}\')', "no entry has trace_id"),
    ],
)
def test_a_command_that_fails_is_one_line(tmp_path: Path, program: str, line: str) -> None:
    """An exit code, an output without entries, or entries that cannot be told are named with what was written."""
    with pytest.raises(TrailError, match=line) as caught:
        source(tmp_path, program).read()
    assert "\n" not in str(caught.value)


def test_a_command_that_does_not_exist_is_of_no_use(tmp_path: Path) -> None:
    """Such a target file is refused before any item, as is a command that leaves entries out."""
    with pytest.raises(TrailUnusable, match="command no-such-program cannot be run: No such file"):
        CommandSource(["./no-such-program"], cwd=tmp_path, env={}, fields=EntryFields()).read()
    with pytest.raises(TrailUnusable, match="prints at most 50 entries; it must print at least the newest 1000"):
        CommandSource(["db", "SELECT * FROM a LIMIT 50"], cwd=tmp_path, env={}, fields=EntryFields())


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the command is killed, and its children, though they hold its output open."""
    monkeypatch.setattr("technogate.trail.sources.command_source.COMMAND_S", 1.0)
    program = (
        "import os, sys, time;"
        "child = os.fork();"
        "open(sys.argv[1] if child else sys.argv[1] + '.child', 'w').write(str(os.getpid()));"
        "time.sleep(600)"
    )
    mark = tmp_path / "pid"
    with pytest.raises(TrailError, match="took longer than 1 s"):
        source(tmp_path, program, str(mark)).read()
    for name in (mark, mark.with_suffix(".child")):
        until = time.monotonic() + 60
        while Path(f"/proc/{name.read_text()}/cmdline").is_file() and _runs(name.read_text()):
            assert time.monotonic() < until
            time.sleep(0.01)


def _runs(pid: str) -> bool:
    """Whether a process still runs; one that ended may wait for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
