"""The files of the mutants: they load, their changes fit the reference, and there are enough of them.

`technogate mutants` tests that each of them is killed.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import msgspec
import pytest

from technogate.checks.registry import REGISTRY
from technogate.contract.loader import load_contract
from technogate.model.requirement import Level
from technogate.mutation.mutant import Change, MutantError, load
from technogate.mutation.mutant_kinds import KINDS, REACT, REFERENCE, files_in
from technogate.util.shipped import mutants_folder

ROOT = Path(__file__).resolve().parents[2]
FILES = files_in(mutants_folder())
MUTANTS = {name: load(file.path) for name, file in FILES.items()}
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")

#: The mutants that need neither a Docker engine nor a build: the others are images, or pages made with a framework.
MADE_AT_ONCE = [name for name, file in FILES.items() if file.kind not in {"stack", REACT}]


def test_names_requirements_of_the_contract() -> None:
    """Each file names requirements of the contract, and the one that it breaks only once."""
    for name, mutant in MUTANTS.items():
        assert {mutant.breaks, *mutant.may_also_break, *mutant.run_with} <= CONTRACT.requirements.keys(), name
        assert mutant.breaks not in mutant.may_also_break, name
        assert name.removeprefix("react-").startswith(mutant.breaks.lower().replace("-", "") + "-")
        assert bool(mutant.image) == bool(mutant.dockerfile) == (FILES[name].kind == "stack"), name


def test_is_described_in_one_sentence() -> None:
    """Each description is one sentence."""
    for name, mutant in MUTANTS.items():
        assert mutant.description[0].isupper(), name
        assert mutant.description.endswith("."), name
        assert ". " not in mutant.description, name


@cache
def compiles(text: str, name: str) -> None:
    """Compile a text once: most files of a mutant are those of the reference."""
    compile(text, name, "exec")


@pytest.mark.parametrize("name", MADE_AT_ONCE)
def test_can_be_made(name: str, tmp_path: Path) -> None:
    """The changes of each file fit the reference, and the changed Python files compile."""
    KINDS[FILES[name].kind].make(MUTANTS[name], tmp_path)
    for path in tmp_path.rglob("*.py"):
        compiles(path.read_text("utf-8"), path.name)


def test_there_are_enough() -> None:
    """There are enough of each kind; every MUST has a mutant that breaks it, and two if it has a generated rule."""
    kinds = Counter(file.kind for file in FILES.values())
    assert kinds["backend"] >= 60
    assert kinds["console"] >= 30
    assert kinds[REACT] >= 90
    assert sum(mutant.breaks.startswith(("STK", "TRL")) for mutant in MUTANTS.values()) >= 8
    broken = Counter(mutant.breaks for mutant in MUTANTS.values())
    musts = {requirement.id for requirement in CONTRACT.requirements.values() if requirement.level is Level.MUST}
    assert musts - broken.keys() == set()
    assert {name for name in musts & REGISTRY.rules.keys() if broken[name] < 2} == set()


@pytest.mark.parametrize("before", ["there is no such line", "self._trail"], ids=["never", "often"])
def test_refuses_a_change_that_does_not_fit(before: str, tmp_path: Path) -> None:
    """A change whose text occurs nowhere, or more than once, is refused."""
    mutant = msgspec.structs.replace(REFERENCE, change=(Change(file="app.py", before=before, after=""),))
    with pytest.raises(MutantError, match=r"app\.py: expected once, found \d+ times: "):
        KINDS["backend"].make(mutant, tmp_path)


def test_refuses_an_unknown_field(tmp_path: Path) -> None:
    """A misspelt field of a mutant's file is refused."""
    path = tmp_path / "one.toml"
    path.write_text('breaks = "AUT-01"\nsubtelty = 1\n', "utf-8")
    with pytest.raises(MutantError, match=r"one\.toml: "):
        load(path)


def test_refuses_a_mutant_without_a_defect(tmp_path: Path) -> None:
    """A file that plants no defect is refused: the mutant would be the reference."""
    path = tmp_path / "one.toml"
    path.write_text('breaks = "AUT-01"\nsubtlety = 1\ndescription = "Nothing."\n', "utf-8")
    with pytest.raises(MutantError, match=r"one\.toml: no defect is planted"):
        load(path)


def test_refuses_a_folder_without_mutants(tmp_path: Path) -> None:
    """A folder without mutants is refused, and so is a subfolder that is not named after a kind."""
    with pytest.raises(MutantError, match="contains no mutants"):
        files_in(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "one.toml").write_text("", "utf-8")
    with pytest.raises(MutantError, match="must have the name of its kind"):
        files_in(tmp_path)
