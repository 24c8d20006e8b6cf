"""Mutants: programs that are right but for one planted defect, each described by one small TOML file.

A file says which requirement its defect breaks, and gives the defect as exact replacements of text in a
copy of the reference. The gate must turn that requirement red.

    breaks = "AUT-02"                       # the requirement that must turn red
    also = ["ENV-05"]                       # others that may turn red as well
    subtlety = 2                            # 1 blatant, 2 easily overlooked, 3 subtle
    description = "The key is compared by its beginning alone."
    profile = "quick"                       # the profile that it takes to see it
    beside = ["EXE-01"]                     # further requirements whose requests it takes to see it
    page = true                             # of a console: the defect shows in the page alone
    side = "backend"                        # of the stack: whose image has the defect …
    dockerfile = "USER root"                # … and the lines upon the reference image that plant it

    [[change]]
    file = "intake.py"                      # within the copied folder
    before = "…"                            # stands there exactly once
    after = "…"
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from technogate.model.errors import UserError
from technogate.model.settings import Profile
from technogate.util.toml_file import TomlFileError, read_toml

Words = tuple[str, ...]


class MutantError(UserError):
    """a mutant cannot be read or made. The text is one line that names its file."""


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One replacement: `before` stands exactly once in `file`, a path within the copied folder."""

    file: str
    before: Annotated[str, msgspec.Meta(min_length=1)]
    after: str


class Mutant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted defect, as its file describes it."""

    breaks: str
    description: str
    subtlety: Annotated[int, msgspec.Meta(ge=1, le=3)]
    change: tuple[Change, ...] = ()
    also: Words = ()
    profile: Profile = "quick"
    beside: Words = ()
    page: bool = False
    side: Literal["", "backend", "console"] = ""
    dockerfile: str = ""


def load(path: Path) -> Mutant:
    """Read the mutant in the file at `path`; raises MutantError."""
    try:
        mutant = msgspec.convert(read_toml(path, path.name), Mutant)
    except TomlFileError as error:
        raise MutantError(str(error)) from error
    except msgspec.ValidationError as error:
        raise MutantError(f"{path.name}: {error}") from error
    if not (mutant.change or mutant.dockerfile):
        raise MutantError(f"{path.name}: no defect is planted: it needs a [[change]], or side and dockerfile")
    return mutant


def plant(changes: tuple[Change, ...], copy: Path) -> None:
    """Plant a defect in the copy of a reference.

    Raises MutantError when a replacement's text does not stand exactly once in its file.
    """
    for change in changes:
        path = copy / change.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if (count := text.count(change.before)) != 1:
            beginning = change.before.strip().splitlines()[0]
            raise MutantError(f"{change.file}: expected once, found {count} times: {beginning}")
        path.write_text(text.replace(change.before, change.after), "utf-8")


def copied(source: Path, copy: Path, *left_out: str) -> Path:
    """Copy the folder `source` to `copy`, but for names like `left_out`, and return `copy`."""
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", *left_out))
    return copy
