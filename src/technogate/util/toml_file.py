"""Read TOML: one wording for what is wrong with a file, with its line and column."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


class TomlFileError(Exception):
    """A file cannot be read or is not TOML; the text is one line with the file, the place and a hint."""


def read_toml(path: Path, name: str = "") -> dict[str, Any]:
    """Read the TOML file at `path`; errors call it `name`, or by its path. Raises TomlFileError."""
    name = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise TomlFileError(f"{name}: cannot be read: {error.strerror}") from error
    return parse_toml(decode_text(raw, name), name)


def decode_text(raw: bytes, name: str) -> str:
    """Decode `raw`, the bytes of the file `name`; raises TomlFileError.

    The text is without a byte order mark, and its lines end in a line feed.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise TomlFileError(f"{name}, line {line}: not UTF-8; save the file as UTF-8") from error
    return text.replace("\r\n", "\n")


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse `text`, the content of the file `name`; raises TomlFileError."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise TomlFileError(f"{name}: lists or tables are nested too deeply; correct the TOML") from error
    except tomllib.TOMLDecodeError as error:
        problem, place = str(error), ""
        if match := _POSITION.fullmatch(problem):
            lines = text.split("\n")
            problem, line, column = match[1], match[2] or len(lines), match[3] or len(lines[-1]) + 1
            place = f", line {line}, column {column}"
        # A message may quote a key of the file: it stays one short line.
        problem = " ".join(problem.split())[:300]
        raise TomlFileError(f"{name}{place}: {problem}; correct the TOML") from error


def table_places(text: str, table: str, path: str, number: int) -> list[str]:
    """Where each of the `number` tables `[[table]]` of a file begins, for messages: `path, line 3`.

    A heading inside a multi-line string makes the lines unusable: then they are counted.
    """
    headings = re.compile(rf"^[ \t]*\[\[[ \t]*{re.escape(table)}[ \t]*\]\]", re.MULTILINE).finditer(text)
    lines = [text.count("\n", 0, heading.start()) + 1 for heading in headings]
    if len(lines) == number:
        return [f"{path}, line {line}" for line in lines]
    return [f"{path}, {table} {count + 1}" for count in range(number)]
