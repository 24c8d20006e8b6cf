"""Target files that build on others: `extends` names files whose tables a target file takes over and changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from technogate.model.errors import TargetFileError
from technogate.util.toml_file import TomlFileError, read_toml

#: The key that names the files; it and the name of a pair are not inherited.
EXTENDS = "extends"
_OWN = frozenset({EXTENDS, "name"})


def read_extended(path: Path) -> dict[str, Any]:
    """Read the target file at `path` with the tables of the files that it extends.

    Each file is relative to the one that names it. Of several, a later one overrides an earlier one, and the file's
    own keys override both: tables are merged key by key, everything else is replaced. Paths in a file that is
    extended are relative to the target file. Raises TargetFileError for a file that cannot be read, is not TOML
    or extends itself.
    """
    return _read(path, ())


def files_read(path: Path) -> tuple[Path, ...]:
    """The target file at `path` and every file that it extends; raises TargetFileError as `read_extended`."""
    read: list[Path] = []
    _read(path, (), read)
    return tuple(dict.fromkeys(read))


def _read(path: Path, chain: tuple[Path, ...], read: list[Path] | None = None) -> dict[str, Any]:
    place = path.resolve()
    if place in chain:
        raise TargetFileError(f"{chain[-1].name}: extends: {path.name} extends itself; remove one of the two")
    try:
        document = read_toml(path, path.name)
    except TomlFileError as error:
        raise TargetFileError(f"{chain[-1].name}: extends: {error}" if chain else str(error)) from error
    if read is not None:
        read.append(place)
    names = document.get(EXTENDS, [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        # The schema words what is wrong with the key.
        return document
    merged: dict[str, Any] = {}
    for name in names:
        base = _read(path.parent / name, (*chain, place), read)
        merged = _merged(merged, {key: value for key, value in base.items() if key not in _OWN})
    return _merged(merged, document)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`, table by table."""
    merged = dict(base)
    for key, value in changes.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
