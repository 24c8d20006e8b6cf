"""Mutants: copies of a reference program with one planted defect, each described by one small TOML file.

A file names the requirement that its defect breaks, and gives the defect as exact replacements of text in a copy of
the reference. The check of that requirement must fail.

    breaks = "AUT-02"                       # the requirement that must fail
    may_also_break = ["ENV-05"]             # others that may fail as well
    subtlety = 2                            # 1 blatant, 2 easily overlooked, 3 subtle
    description = "The key is compared case-insensitively."
    profile = "quick"                       # the smallest profile that kills it
    run_with = ["EXE-01"]                   # further requirements whose requests are needed to kill it
    needs = "strace"                        # a program without which nothing kills it: then it is not run
    page_only = true                        # of a console: the defect shows only in the page
    module_only = "…"                       # of a console: why the defect shows in no page, but in its client module
    image = "backend"                       # of the stack: the image with the defect …
    dockerfile = "USER root"                # … and the lines added to the reference image

    [[change]]
    file = "intake.py"                      # within the copied folder
    before = "…"                            # occurs exactly once
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
    """One replacement: `before` occurs exactly once in `file`, a path within the copied folder."""

    file: str
    before: Annotated[str, msgspec.Meta(min_length=1)]
    after: str


class Mutant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted defect, as its file describes it."""

    breaks: str
    description: str
    subtlety: Annotated[int, msgspec.Meta(ge=1, le=3)]
    change: tuple[Change, ...] = ()
    may_also_break: Words = ()
    profile: Profile = "quick"
    run_with: Words = ()
    needs: Literal["", "strace"] = ""
    page_only: bool = False
    module_only: str = ""
    image: Literal["", "backend", "console"] = ""
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
        raise MutantError(f"{path.name}: no defect is planted: it needs a [[change]], or image and dockerfile")
    return mutant


def plant(changes: tuple[Change, ...], copy: Path) -> None:
    """Plant a defect in the copy of a reference.

    Raises MutantError when the text to replace does not occur exactly once in its file.
    """
    for change in changes:
        path = copy / change.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if (count := text.count(change.before)) != 1:
            first_line = change.before.strip().splitlines()[0]
            raise MutantError(f"{change.file}: expected once, found {count} times: {first_line}")
        path.write_text(text.replace(change.before, change.after), "utf-8")


def copied(source: Path, copy: Path, *left_out: str) -> Path:
    """Copy the folder `source` to `copy`, without the names that match `left_out`, and return `copy`."""
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", *left_out))
    return copy
