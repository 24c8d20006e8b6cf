"""The mutants as files: they load, their changes fit the reference, and there are enough of them.

That the gate sees through each of them is what `technogate score` finds out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from technogate.checks.registry import REGISTRY
from technogate.contract.loader import load_contract
from technogate.model.requirement import Level
from technogate.mutation.mutant import Change, MutantError, load
from technogate.mutation.mutant_kinds import HONEST, KINDS, files_in, kind_of
from technogate.util.shipped import mutants_folder

ROOT = Path(__file__).resolve().parents[2]
FILES = files_in(mutants_folder())
EVERY = {name: load(path) for name, path in FILES.items()}
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")

#: Those that can be made without a Docker engine: the others are images.
MADE_HERE = [name for name, path in FILES.items() if path.parent.name != "stack"]


@pytest.mark.parametrize("name", FILES)
def test_mutant_names_requirements(name: str) -> None:
    """Each file names requirements that there are, and expects the one that it breaks of itself alone."""
    wanted = EVERY[name]
    assert {wanted.breaks, *wanted.also, *wanted.beside} <= CONTRACT.requirements.keys()
    assert wanted.breaks not in wanted.also
    assert bool(wanted.side) == bool(wanted.dockerfile) == (name not in MADE_HERE)


@pytest.mark.parametrize("name", MADE_HERE)
def test_mutant_can_be_made(name: str, tmp_path: Path) -> None:
    """The changes of each file fit the reference, and are still Python."""
    kind_of(FILES[name]).make(ROOT, EVERY[name], tmp_path)
    for path in tmp_path.rglob("*.py"):
        compile(path.read_text("utf-8"), path.name, "exec")


def test_there_are_enough() -> None:
    """Enough of each kind; every MUST is broken by one, and by two where generated requests are judged for it."""
    kinds = Counter(path.parent.name for path in FILES.values())
    assert kinds["backend"] >= 60
    assert kinds["console"] >= 30
    assert sum(one.breaks.startswith(("STK", "TRL")) for one in EVERY.values()) >= 8
    broken = Counter(one.breaks for one in EVERY.values())
    musts = {one.id for one in CONTRACT.requirements.values() if one.level is Level.MUST}
    assert musts - broken.keys() == set()
    assert {name for name in musts & REGISTRY.rules.keys() if broken[name] < 2} == set()


@pytest.mark.parametrize("before", ["there is no such line", "self._trail"], ids=["never", "often"])
def test_change_that_does_not_fit_is_told(before: str, tmp_path: Path) -> None:
    """A replacement whose text stands nowhere, or more than once, is a mistake and no mutant."""
    wanted = msgspec.structs.replace(HONEST, change=(Change(file="app.py", before=before, after=""),))
    with pytest.raises(MutantError, match=r"app\.py: expected once, found \d+ times: "):
        KINDS["backend"].make(ROOT, wanted, tmp_path)


def test_unknown_field_is_told(tmp_path: Path) -> None:
    """A misspelt field of a mutant's file is a mistake."""
    path = tmp_path / "one.toml"
    path.write_text('breaks = "AUT-01"\nsubtelty = 1\n', "utf-8")
    with pytest.raises(MutantError, match=r"one\.toml: "):
        load(path)


def test_mutant_without_a_defect_is_told(tmp_path: Path) -> None:
    """A file that plants nothing is a mistake: what survives there would be the reference."""
    path = tmp_path / "one.toml"
    path.write_text('breaks = "AUT-01"\nsubtlety = 1\ndescription = "Nothing."\n', "utf-8")
    with pytest.raises(MutantError, match=r"one\.toml: no defect is planted"):
        load(path)


def test_folder_without_mutants_is_told(tmp_path: Path) -> None:
    """Nothing to judge is a mistake, and so is a folder that bears the name of no kind."""
    with pytest.raises(MutantError, match="holds no mutant"):
        files_in(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "one.toml").write_text("", "utf-8")
    with pytest.raises(MutantError, match="bears the name of their kind"):
        files_in(tmp_path)
