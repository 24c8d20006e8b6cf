"""Where a backend keeps its audit trail: the file or the table that holds the trace id of its last answer."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: The most bytes of a file that are searched, from its end, and the most files.
MOST_BYTES, MOST_FILES = 4 * 1024 * 1024, 2000
#: Seconds that an entry may take to be visible.
VISIBLE_S = 2.5
#: Folders that hold no trail.
_SKIPPED = frozenset({"node_modules", ".git", ".venv", "venv", "__pycache__"})
_SQLITE = b"SQLite format 3\0"
#: Seconds that the time of an entry may differ from ours.
_NEAR_S = 30.0
#: The number of units of an epoch time in a second, by their name in a target file.
_UNITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
_RESULTS = ("SUCCESS", "FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the request whose entry is sought: `at` in seconds since the epoch."""

    trace_id: str
    command: str
    state: str
    execution_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """An audit trail that was found: a file of JSON lines, or a table of an SQLite file.

    `fields` maps the contract's fields to their keys, dotted where they are nested; those that nothing showed are
    missing. `time` is the form of the time as a target file names it, "" when it was not recognised.
    """

    path: Path
    table: str
    fields: Mapping[str, str]
    time: str
    line: str


def snapshot(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of change of each file in `folders`."""
    found: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        for path in _files(folder, 0):
            with suppress(OSError):
                stat = path.stat()
                found[path] = stat.st_size, stat.st_mtime_ns
            if len(found) >= MOST_FILES:
                return found
    return found


def _files(folder: Path, depth: int) -> Iterator[Path]:
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            if path.is_symlink():
                continue
            if path.is_dir():
                if path.name not in _SKIPPED and depth < 3:
                    yield from _files(path, depth + 1)
            elif path.is_file():
                yield path


def find_trail(
    known: Known, before: Mapping[Path, tuple[int, int]], folders: Iterable[Path], open_files: Iterable[Path]
) -> Trail | None:
    """The trail that holds `known`: among the files that changed since `before`, and those that are open."""
    folders, open_files = list(folders), list(open_files)
    deadline = time.monotonic() + VISIBLE_S
    while True:
        now = snapshot(folders)
        changed = [path for path, state in now.items() if before.get(path) != state]
        for path in dict.fromkeys([*changed, *open_files]):
            if (trail := _in_file(path, known)) is not None:
                return trail
        if time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def _in_file(path: Path, known: Known) -> Trail | None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE))
            if start == _SQLITE:
                return _in_sqlite(path, known)
            file.seek(max(0, path.stat().st_size - MOST_BYTES))
            raw = file.read(MOST_BYTES)
    except OSError:
        return None
    if known.trace_id.encode() not in raw or path.name == "output.log":
        return None
    for line in reversed(raw.decode("utf-8", errors="replace").splitlines()):
        if known.trace_id in line:
            entry = _object(line)
            if entry is not None:
                return _trail(path, "", dict(_flat(entry)), known, line)
    return None


def _object(line: str) -> Any:
    try:
        value = json.loads(line.strip().lstrip("\ufeff"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of an object by their dotted path."""
    for key, below in value.items():
        if isinstance(below, dict):
            yield from _flat(below, f"{before}{key}.")
        else:
            yield f"{before}{key}", below


def _in_sqlite(path: Path, known: Known) -> Trail | None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0)) as database:
            database.row_factory = sqlite3.Row
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                if not re.fullmatch(r"\w+", name):
                    continue
                columns = [row[1] for row in database.execute(f'PRAGMA table_info("{name}")')]
                for column in columns:
                    found = database.execute(
                        f'SELECT * FROM "{name}" WHERE "{column}" = ?',  # noqa: S608 - names of the database itself
                        (known.trace_id,),
                    ).fetchone()
                    if found is not None:
                        return _trail(path, name, dict(found), known, "")
    except sqlite3.Error:
        return None
    return None


def _trail(path: Path, table: str, values: Mapping[str, Any], known: Known, line: str) -> Trail:
    fields: dict[str, str] = {}
    form = ""
    sought = {"trace_id": known.trace_id, "action": known.command, "state": known.state}
    if known.execution_id:
        sought["execution_id"] = known.execution_id
    for name, value in sought.items():
        matching = [key for key, found in values.items() if found == value]
        if matching:
            fields[name] = _named_best(name, matching)
    results = [key for key, found in values.items() if found in _RESULTS and key not in fields.values()]
    if results:
        fields["result"] = _named_best("result", results)
    times = {key: said for key, found in values.items() if (said := time_form(found, known.at))}
    if times:
        fields["timestamp"] = _named_best("timestamp", list(times))
        form = times[fields["timestamp"]]
    return Trail(path=path, table=table, fields=fields, time=form, line=line)


def _named_best(name: str, keys: list[str]) -> str:
    """The key that is named like the field, else the first."""
    return next((key for key in keys if key.rpartition(".")[2] == name), keys[0])


def time_form(value: object, at: float) -> str:
    """The form in which `value` is the time `at`, as a target file names it; "" when it is none near it."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{9,20}(\.\d+)?", value)):
        number = float(value)
        return next((name for name, unit in _UNITS.items() if abs(number / unit - at) <= _NEAR_S), "")
    if isinstance(value, str):
        with suppress(ValueError):
            read = datetime.fromisoformat(value.strip().replace(" UTC", "Z"))
            read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
            # Local time that says it is UTC is a mistake of the program, not of the field.
            if abs(read.timestamp() - at) <= _NEAR_S or abs(read.timestamp() - at) % 900 <= _NEAR_S:
                return "rfc3339"
    return ""


def sql_query(trail: Trail) -> str:
    """The query that yields the entries of a table, newest first."""
    wanted = ("timestamp", "action", "result", "state", "execution_id", "trace_id")
    columns = [f"{trail.fields.get(name, 'NULL')} AS {name}" for name in wanted]
    return f"SELECT {', '.join(columns)} FROM {trail.table} ORDER BY rowid DESC"  # noqa: S608 - names of its own


def other_fields(trail: Trail) -> dict[str, str]:
    """The fields of a file that have another name there than in the contract."""
    return {name: key for name, key in trail.fields.items() if key != name}
