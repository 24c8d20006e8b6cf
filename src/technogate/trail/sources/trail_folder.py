"""The files of an audit trail that is rotated: which there are, and in which order they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from technogate.trail.entry import TrailError, TrailUnusable
from technogate.trail.sources.entry_lines import EntryLines
from technogate.trail.sources.trail_file import TrailFile, identity
from technogate.util.phrases import few

#: How often the files are listed until a listing stays as it is while they are read.
ATTEMPTS = 8
#: How many names of other files an error has.
MOST_NAMED = 8
#: Characters of a path that make it a pattern.
_MAGIC = re.compile(r"[*?\[]")
_COMPRESSED = r"(?:\.(?:gz|bz2|xz|zst|lz4|zip))?"
_NUMBER_OR_DATE = r"[.\-_]\d[\dTZ._:+\-]*"
_OLD = r"[.\-_](?:old|prev)"


class TrailFolder:
    """The files that `path` names: those that fit a pattern, or one file and what was rotated away from it.

    A file is known by device and inode, so a new name loses nothing and doubles nothing.
    """

    def __init__(self, path: Path, lines: EntryLines) -> None:
        self._path = path
        self._lines = lines
        self._known: dict[tuple[int, int], TrailFile] = {}
        self._existed = False
        self._awaited = False

    def files(self, enough: int) -> list[TrailFile]:
        """The newest files that hold `enough` entries together, or all, in the order in which they were written.

        Raises TrailError.
        """
        for _ in range(ATTEMPTS):
            listed = self._listed()
            if not listed and not self._moved():
                self._see_that_it_may_be_missing()
                return []
            files = self._read(listed, enough)
            # A file that got another name meanwhile, and the one in its place, are in the next listing.
            if _names(self._listed()) == _names(listed):
                self._existed = self._existed or bool(files)
                return files
        raise TrailError(f"the audit files {self._path} change names too fast to be read")

    def _read(self, listed: dict[tuple[int, int], tuple[Path, int]], enough: int) -> list[TrailFile]:
        """Read as many of the files as are needed, the newest first."""
        for key in [key for key in self._known if key not in listed and self._known[key].deleted]:
            self._known.pop(key).close()
        files = self._moved()
        order = sorted(listed, key=lambda key: (listed[key][0] != self._path, -listed[key][1]))
        for key in order:
            file = self._opened(key, listed[key][0])
            if file is None:
                continue
            file.update()
            files.append(file)
            if sum(len(file.entries) for file in _distinct(files, self._path)) >= enough:
                break
        for key in set(self._known).difference(file.identity for file in files):
            self._known.pop(key).close()
        return self._in_order(_distinct(files, self._path))

    def _moved(self) -> list[TrailFile]:
        """Files that were read, have a name no more in the listing, and still exist."""
        names = self._listed()
        moved = [file for key, file in self._known.items() if key not in names and not file.deleted]
        for file in moved:
            file.update()
        return moved

    def _opened(self, key: tuple[int, int], path: Path) -> TrailFile | None:
        """The file of an inode; None when it was gone before it could be opened."""
        if key not in self._known:
            try:
                file = TrailFile(path, self._lines)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise TrailError(f"the audit file {path} cannot be read: {error.strerror}") from error
            key = file.identity
            self._known.setdefault(key, file)
        self._known[key].path = path
        return self._known[key]

    def _in_order(self, files: list[TrailFile]) -> list[TrailFile]:
        """By the time of the first entry where each has one, else by the last change; the named file is the newest."""
        timed = all(file.first_at is not None for file in files if file.entries)

        def place(file: TrailFile) -> tuple[bool, float, int]:
            return file.path == self._path, (file.first_at or 0.0) if timed else 0.0, file.modified

        return sorted(files, key=place)

    def _listed(self) -> dict[tuple[int, int], tuple[Path, int]]:
        """Path and last change of each file, by device and inode."""
        listed: dict[tuple[int, int], tuple[Path, int]] = {}
        for path in self._paths():
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise TrailError(f"the audit file {path} cannot be read: {error.strerror}") from error
            if path.is_dir():
                if path == self._path:
                    raise TrailError(f"the audit file {path} cannot be read: it is a folder")
                continue
            # The named file counts under its own name where it has several.
            if identity(state) not in listed or path == self._path:
                listed[identity(state)] = (path, state.st_mtime_ns)
        return {key: (path, 0 if path == self._path else at) for key, (path, at) in listed.items()}

    def _paths(self) -> Iterator[Path]:
        """The paths that may be files of this audit trail."""
        path = self._path
        if not self._is_pattern():
            yield path
            rotated = _rotated_name(path)
            try:
                beside = sorted(path.parent.iterdir())
            except OSError:
                # A folder that cannot be listed may still hold a file that can be read.
                beside = []
            yield from (other for other in beside if rotated.fullmatch(other.name))
            return
        root, pattern = _split(path)
        yield from sorted(root.glob(pattern))

    def _see_that_it_may_be_missing(self) -> None:
        """At the first reading there may be no file yet; raises TrailError later, and when there is no folder."""
        folder = _split(self._path)[0] if self._is_pattern() else self._path.parent
        if not self._existed and not folder.is_dir():
            raise TrailUnusable(f"the audit file {self._path} is not there, nor is its folder")
        if self._existed or self._awaited:
            names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
            there = f"; beside it are {few(names, MOST_NAMED)}" if names else ""
            raise TrailError(f"the audit file {self._path} is not there{there}")
        self._awaited = True

    def _is_pattern(self) -> bool:
        """Whether the path is a pattern, and not the name of a file that has brackets."""
        return bool(_MAGIC.search(str(self._path))) and not self._path.exists()


def _split(path: Path) -> tuple[Path, str]:
    """The folders of a pattern before its first star, and the rest."""
    parts = path.parts
    first = next(
        number
        for number in range(1, len(parts) + 1)
        if _MAGIC.search(parts[number - 1]) and not Path(*parts[:number]).is_dir()
    )
    return Path(*parts[: first - 1]), str(Path(*parts[first - 1 :]))


def _rotated_name(path: Path) -> re.Pattern[str]:
    """What programs name a file that they rotate away: with a number or a date at its end, or before its ending."""
    whole, stem, suffix = (re.escape(text) for text in (path.name, path.stem, path.suffix))
    return re.compile(
        f"(?:{whole}(?:{_NUMBER_OR_DATE}|{_OLD})|{stem}{_NUMBER_OR_DATE}{suffix}|{whole}(?=\\.(?:gz|bz2|xz))){_COMPRESSED}"
    )


def _names(listed: dict[tuple[int, int], tuple[Path, int]]) -> dict[tuple[int, int], Path]:
    return {key: path for key, (path, _) in listed.items()}


def _distinct(files: list[TrailFile], named: Path) -> list[TrailFile]:
    """The files without those whose content another one holds too: copies, and what is being compressed.

    Of equal ones the `named` file stays: what is changed in it is seen.
    """
    distinct: list[TrailFile] = []
    for file in sorted(files, key=lambda file: (-len(file.entries), file.path != named)):
        if not file.head or not any(other.head.startswith(file.head) for other in distinct):
            distinct.append(file)
    return distinct
