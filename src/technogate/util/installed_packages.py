"""The packages that the gate judges with, as they are on the disk: names, versions and the bytes of all their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

#: The distribution of the gate itself, and its extras that judge.
OWN, EXTRAS = "technogate", ("browser", "sql")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def judging_packages() -> dict[str, metadata.Distribution]:
    """Every distribution that the gate needs, directly or not, and that is installed, by its normal name."""
    found: dict[str, metadata.Distribution] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(OWN, EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for requirement in package.requires or ():
            needed = _NAME.match(requirement)
            extra = _EXTRA.search(requirement)
            if needed and (extra is None or extra[1] in extras) and _normal(needed[0]) not in found:
                waiting.append((needed[0], ()))
        found[_normal(name)] = package
    found.pop(OWN, None)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def packages_digest() -> str:
    """The sha256 over name, version and files of each package; bytecode is left out, since no run loads it.

    All files in the folders of a package count, not only those that it was installed with: an additional one can stand
    in for another. Raises OSError when a file cannot be read.
    """
    sha = hashlib.sha256()
    for name, package in sorted(judging_packages().items()):
        sha.update(f"{name}\0{package.version}\0".encode())
        for path in sorted(_files_of(package)):
            with path.open("rb") as file:
                sha.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\0".encode())
    return sha.hexdigest()


def _files_of(package: metadata.Distribution) -> Iterator[Path]:
    """The files in the folders of a package, and beside its single modules those that could be taken for them."""
    tops = {file.parts[0] for file in package.files or ()}
    for top in tops:
        place = Path(str(package.locate_file(top)))
        if top == ".." or top.endswith((".dist-info", ".egg-info", ".data")) or top == "__pycache__":
            continue
        stem = top.partition(".")[0]
        yield from (path for path in place.parent.glob(f"{stem}.*") if path.is_file())
        if place.is_dir():
            yield from (path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
