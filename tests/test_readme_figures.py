"""Every figure that README.md states about requirements and mutants is that of the contract and of the mutants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from technogate.checks.registry import REGISTRY
from technogate.contract.loader import Contract, load_contract
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import files_in
from technogate.util.shipped import mutants_folder, shipped
from tests.readme_figures import README, MissingFigureError, refreshed

TEXT = README.read_text("utf-8")


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(shipped("contracts", "console-v0.1"))


def test_figures_are_current(contract: Contract) -> None:
    """No figure is stale: `python -m tests.readme_figures` would change nothing."""
    expected = refreshed(TEXT, contract, mutants_folder())
    stale = [line for line, now in zip(TEXT.splitlines(), expected.splitlines(), strict=True) if line != now]
    assert stale == []


#: Of operations that play no part, which the shipped contract does not have: `tests/test_general_contracts.py` breaks
#: these in a server of such contracts.
GENERAL = {"VAL-01", "VAL-02"}


def test_every_requirement_is_broken_by_a_mutant(contract: Contract) -> None:
    """Each requirement of the contract, and so each that a check declares, is broken by a mutant."""
    broken = {load(file.path).breaks for file in files_in(mutants_folder()).values()}
    assert broken >= contract.requirements.keys() >= REGISTRY.requirements - GENERAL
    assert not GENERAL & contract.requirements.keys()


@pytest.mark.parametrize(
    "line",
    [
        *re.findall(r"^\| (?:all|backend|console|contract|pair|react|stack|\d) .*\d \|$", TEXT, re.MULTILINE),
        *re.findall(r"^ +(?:MUST|all) requirements .*$", TEXT, re.MULTILINE),
        *re.findall(r"^ +Execute: .*$", TEXT, re.MULTILINE),
    ],
)
def test_reports_a_stale_figure(contract: Contract, line: str) -> None:
    """Each line with a figure that is one too high, or one too low, is set right."""
    first = re.search(r"(?<=[| ])\d+(?= )", line[8:])
    assert first is not None
    start = 8 + first.start()
    number = next(str(near) for near in (int(first[0]) + 1, int(first[0]) - 1) if len(str(near)) == len(first[0]))
    wrong = line[:start] + number + line[start + len(number) :]
    assert refreshed(TEXT.replace(line, wrong), contract, mutants_folder()) == TEXT


def test_reports_a_missing_figure(contract: Contract) -> None:
    """A README without its table, or without its sample, is no README with current figures."""
    for pattern in (r"^\| all .*\n", r"^.* MUST requirements:.*\n", r"^ +MUST requirements .*\n", r"^ +Contract .*\n"):
        with pytest.raises(MissingFigureError):
            refreshed(re.sub(pattern, "", TEXT, flags=re.MULTILINE), contract, mutants_folder())


def test_follows_a_new_mutant(contract: Contract, tmp_path: Path) -> None:
    """One mutant more is one more in its three rows."""
    for path in sorted(mutants_folder().glob("*/*.toml")):
        copy = tmp_path / path.parent.name / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    copy.with_stem("another").write_bytes(copy.read_bytes())
    changed = [line for line in refreshed(TEXT, contract, tmp_path).splitlines() if line not in TEXT.splitlines()]
    assert [line.split("|")[1].strip().split()[0] for line in changed] == ["all", "stack", str(load(copy).subtlety)]
