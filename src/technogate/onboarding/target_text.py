"""The text of a target file: each line with its evidence, and what is missing as comments."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from technogate.onboarding.learned import Gap, Learned, Line, Value
from technogate.target.target_file import SCHEMA
from technogate.util.shipped import shipped

#: The tables in the order of the file.
_TABLES = (
    "", "compose", "backend", "backend.commands", "backend.audit", "backend.unwritable", "console", "console.selectors",
    "console.words",
)  # fmt: skip
#: The keys of a side in the order of the file; other tables keep the order in which they were found.
_KEYS = (
    "driver",
    "module",
    "create",
    "command",
    "cwd",
    "env",
    "port",
    "socket",
    "url",
    "serves",
    "page",
    "api_url",
    "api_key_env",
    "ready",
    "openapi",
)
_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def target_text(learned: Learned, folder: Path) -> str:
    """The whole file, to be written into `folder`."""
    parts = [
        f"#:schema {_schema_beside(folder)}",
        "# Written by `technogate init` from what it saw; each comment is the evidence.",
    ]
    for table in _tables(learned):
        lines = sorted((line for line in learned.lines if line.table == table), key=_order)
        gaps = [gap for gap in learned.gaps if gap.table == table]
        if table == "console.selectors" and learned.steps:
            parts.extend(_steps(learned))
        if not lines and not gaps:
            continue
        shown = (
            f"[{table}]"
            if lines or any(gap.absent for gap in gaps) or _has_table_below(learned, table)
            else f"# [{table}]"
        )
        parts.append(f"\n{shown}" if table else "")
        parts.extend(_line(line) for line in lines)
        parts.extend(_gap(gap) for gap in gaps)
    if learned.notes:
        parts += ["", "# What was seen besides:", *(_comment(note) for note in learned.notes)]
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _order(line: Line) -> int:
    return _KEYS.index(line.key) if line.table in ("backend", "console") and line.key in _KEYS else len(_KEYS)


def _tables(learned: Learned) -> Iterator[str]:
    yield from _TABLES
    yield from dict.fromkeys(line.table for line in learned.lines if line.table not in _TABLES)


def _has_table_below(learned: Learned, table: str) -> bool:
    """Whether the table itself must be there although it has no line of its own: never for one that is all gaps."""
    return bool(table) and any(line.table.startswith(f"{table}.") for line in learned.lines)


def _steps(learned: Learned) -> Iterator[str]:
    for step in learned.steps:
        yield "\n[[console.steps]]" + f"  # {_one_line(str(step['#']))}"
        yield from (f"{key} = {toml_value(value)}" for key, value in step.items() if key != "#")


def _line(line: Line) -> str:
    return f"{_key(line.key)} = {toml_value(line.value)}  # {_one_line(line.evidence)}"


def _gap(gap: Gap) -> str:
    after = f"; {gap.consequence}" if gap.consequence else ""
    if gap.absent:
        return f'{_key(gap.key)} = ""  # {_one_line(gap.tried + after)}; name it here where there is one'
    return _comment(f'{_key(gap.key)} = "…"  # not found: {gap.tried}{after}')


def _comment(text: str) -> str:
    return f"# {_one_line(text)}"


def _one_line(text: str) -> str:
    """Text that a program may have written as one line of a comment, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)[:400]


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name)


def toml_value(value: Value) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {toml_value(item)}' for name, item in value.items())} }}"
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    # What JSON escapes within a string TOML escapes alike, but for the character DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _schema_beside(folder: Path) -> str:
    """The shipped schema as seen from the folder of the file, so that an editor finds it."""
    return Path(os.path.relpath(shipped(SCHEMA), folder.resolve())).as_posix()
