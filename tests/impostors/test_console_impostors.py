"""Consoles with one planted defect each: the gate sees through every one, and lets the reference alone.

By default those that are cheap to judge; `TECHNOGATE_IMPOSTORS=all` takes every one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.impostors import console_impostors, impostor
from tests.impostors.console_impostors import FOLDER, HONEST

FILES = impostor.files_in(FOLDER)
EVERY = {name: console_impostors.load(path) for name, path in FILES.items()}
ALL = os.environ.get("TECHNOGATE_IMPOSTORS") == "all"

#: The wrong consoles of the requirements after this one take minutes together: they are judged with all.
LAST = "CON-12"

#: Of each requirement the first whose defect shows in the module alone, and the first that needs the page: the
#: quick ones where there are any.
IN_TURN = sorted(EVERY.items(), key=lambda pair: pair[1].late, reverse=True)
FIRST = {(one.breaks, one.page): name for name, one in reversed(EVERY.items()) if not one.late}
WANTED = {one.breaks: name for name, one in IN_TURN}
CHOSEN = [
    name
    for name, one in EVERY.items()
    if ALL or (one.breaks <= LAST and name in (WANTED[one.breaks], FIRST.get((one.breaks, one.page))))
]


@pytest.mark.parametrize("name", CHOSEN)
def test_impostor_is_seen_through(name: str, tmp_path: Path) -> None:
    """The gate ends with 1 and a finding of the requirement that the impostor breaks."""
    wanted = EVERY[name]
    judged = console_impostors.unmask(wanted, tmp_path / "run", name)
    assert impostor.outcome(wanted, judged) == "killed", f"{wanted.description}\n{judged.output}"


def test_reference_raises_no_alarm(tmp_path: Path) -> None:
    """The reference's module, judged as an impostor is, breaks no requirement."""
    judged = console_impostors.unmask(HONEST, tmp_path / "run", "reference", ["console"])
    assert judged.observed == {}, judged.output


@pytest.mark.parametrize("name", FILES)
def test_impostor_can_be_made(name: str, tmp_path: Path) -> None:
    """The changes of each file fit the reference."""
    console_impostors.prepare(EVERY[name], tmp_path, name)


def test_there_are_enough() -> None:
    """At least 25 wrong consoles, and one of each requirement that a console can break."""
    assert len(EVERY) >= 25
