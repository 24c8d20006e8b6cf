"""Impostors: programs that are right but for one planted defect, each described by one small TOML file.

A file says which requirement its defect breaks, and gives the defect as exact replacements of text in a
copy of the reference. Whoever runs one wants to see the gate turn that requirement red.

    breaks = "AUT-02"                       # the requirement that must turn red
    also = ["ENV-05"]                       # others that may turn red as well
    subtlety = 2                            # 1 blatant, 2 easily overlooked, 3 subtle
    description = "The key is compared by its beginning alone."
    profile = "quick"                       # the profile that it takes to see it
    beside = ["EXE-01"]                     # further requirements whose requests it takes to see it
    nightly = true                          # judged only when every impostor is asked for

    [commands]                              # commands of the target file that differ from the reference's
    unknown_status = "LOWER_STATUS"

    [[change]]
    file = "intake.py"                      # within the copied folder
    before = "…"                            # stands there exactly once
    after = "…"
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from technogate.settings import Profile

#: Where the project lies.
ROOT = Path(__file__).resolve().parents[2]

#: Seconds after which a run of the gate is stuck.
STUCK_S = 300

Words = tuple[str, ...]


class ImpostorError(Exception):
    """An impostor cannot be read or made. The text is one line that names its file."""


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One replacement: `before` stands exactly once in `file`, a path within the copied folder."""

    file: str
    before: Annotated[str, msgspec.Meta(min_length=1)]
    after: str


class Impostor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted defect, as its file describes it."""

    breaks: str
    description: str
    subtlety: Annotated[int, msgspec.Meta(ge=1, le=3)]
    change: Annotated[tuple[Change, ...], msgspec.Meta(min_length=1)]
    also: Words = ()
    profile: Profile = "quick"
    beside: Words = ()
    nightly: bool = False
    commands: dict[str, str] = msgspec.field(default_factory=dict)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate said: exit code, the verdict of each requirement in scope, what was observed of each red one.

    `output` is what it showed, `seconds` how long it took.
    """

    exit_code: int
    verdicts: dict[str, str]
    observed: dict[str, list[str]]
    output: str
    seconds: float


def load(path: Path) -> Impostor:
    """Read the impostor in the file at `path`; raises ImpostorError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Impostor)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ImpostorError(f"{path.name}: {error}") from error


def files_in(folder: Path) -> dict[str, Path]:
    """The files of every impostor in `folder` by name, sorted; raises ImpostorError when there is none."""
    found = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if not found:
        raise ImpostorError(f"{folder.name}: there is no impostor")
    return found


def plant(impostor: Impostor, source: Path, copy: Path, *left_out: str) -> None:
    """Copy the folder `source` to `copy` and plant the defect there; names like `left_out` are not copied.

    Raises ImpostorError when a replacement's text does not stand exactly once in its file.
    """
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", *left_out))
    for change in impostor.change:
        path = copy / change.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if (count := text.count(change.before)) != 1:
            beginning = change.before.strip().splitlines()[0]
            raise ImpostorError(f"{change.file}: expected once, found {count} times: {beginning}")
        path.write_text(text.replace(change.before, change.after), "utf-8")


def judge(target: Path, reports: Path, words: Words, profile: Profile = "quick") -> Judged:
    """Run `technogate check WORDS` against a target file, with one worker and always the same seed.

    Raises ImpostorError when the gate wrote no verdict.
    """
    line = ["check", *words, "--target", str(target), "--reports", str(reports)]
    line += ["--workers", "1", "--profile", profile, "--seed", "1"]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "technogate", *line],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    seconds = time.monotonic() - started
    path = reports / "verdict.json"
    if not path.exists():
        raise ImpostorError(f"{target.name}: the gate wrote no verdict: {(done.stdout + done.stderr)[-2000:]}")
    return _judged(json.loads(path.read_text("utf-8")), done.returncode, done.stdout + done.stderr, seconds)


def _judged(document: Mapping[str, Any], exit_code: int, output: str, seconds: float) -> Judged:
    observed: dict[str, list[str]] = {}
    for sample in document["findings"]:
        finding = sample["finding"]
        observed.setdefault(finding["requirement"], []).append(f"{finding['expected']}; {finding['observed']}")
    verdicts = {one["id"]: one["verdict"] for one in document["requirements"]}
    return Judged(exit_code=exit_code, verdicts=verdicts, observed=observed, output=output, seconds=seconds)


def _environment() -> dict[str, str]:
    """The environment of a run, without what the test run itself set."""
    dropped = ("PYTEST_", "TECHNOGATE_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "COLUMNS": "120", "TERM": "dumb"}


def outcome(impostor: Impostor, judged: Judged) -> Literal["killed", "survived"]:
    """Whether the gate saw through an impostor: exit code 1, and a finding of the requirement it breaks."""
    return "killed" if judged.exit_code == 1 and impostor.breaks in judged.observed else "survived"
