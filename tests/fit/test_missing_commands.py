"""Commands that a target file leaves out, and what each of them leaves undecided."""

from __future__ import annotations

import ast
from pathlib import Path

from technogate.fit.missing_commands import NEEDED_FOR, missing_commands
from technogate.model.fit_check import Blame
from technogate.model.requirement import Level
from technogate.runner.run_context import contract_or_default
from technogate.target import Commands

CONTRACT = contract_or_default("")
SUITES = Path(__file__).parents[2] / "suites"
WHOLE = Commands(
    approved="PING", warning="WARN", neutral="NEUTRAL_ONE", expired="EXPIRE", blocked="DELETE", slow="SLOW",
    crashing="CRASH", unknown_status="ODD",
)  # fmt: skip


def test_whole_commands_miss_nothing() -> None:
    """A file that names all of them has nothing missing."""
    assert list(missing_commands(WHOLE, CONTRACT)) == []


def test_a_missing_command_is_one_misfit() -> None:
    """It names the key, what stays undecided, and both lines that settle it."""
    [misfit] = missing_commands(Commands(**{**as_dict(WHOLE), "expired": None}), CONTRACT)
    assert misfit.blame is Blame.TARGET
    assert misfit.sentence == (
        "backend.commands.expired: no command is named; undecided: ENV-06, EXE-01, AUD-01, AUD-02; write "
        'expired = "…" below [backend.commands], or expired = "" if this backend has no such command'
    )


def test_a_command_that_a_backend_does_not_have_is_stated() -> None:
    """With "" nothing is wrong with the file; what stays undecided is said all the same."""
    [misfit] = missing_commands(Commands(**{**as_dict(WHOLE), "slow": ""}), CONTRACT)
    assert (misfit.blame, misfit.undecided, misfit.line) == (Blame.OPTIONAL, ("TMO-01",), "")


def test_only_what_is_judged_counts() -> None:
    """A check of other requirements needs no such command."""
    assert list(missing_commands(Commands(approved="PING"), CONTRACT, ("AUT-01", "CTR-01"))) == []


def as_dict(commands: Commands) -> dict[str, str]:
    """The commands by outcome."""
    return {name: getattr(commands, name) for name in Commands.__struct_fields__}


def test_every_must_that_names_an_outcome_is_listed() -> None:
    """Wherever a suite asks for the command of an outcome, its MUST requirement is in the list of that outcome."""
    asked = [(outcome, requirement) for path in SUITES.rglob("test_*.py") for outcome, requirement in uses(path)]
    assert ("slow", "TMO-01") in asked
    for outcome, requirement in asked:
        if CONTRACT.requirements[requirement].level is Level.MUST and requirement.partition("-")[0] != "STK":
            assert requirement in NEEDED_FOR[outcome], (outcome, requirement)


def uses(path: Path) -> list[tuple[str, str]]:
    """The outcomes whose commands the tests of a file ask for, each with the test's requirement."""
    found = []
    for test in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(test, ast.FunctionDef):
            continue
        marks = [one.args[0].value for one in test.decorator_list if is_call(one, "requirement")]  # type: ignore[attr-defined]
        calls = [one for one in ast.walk(test) if is_call(one, "word") or is_call(one, "words")]
        outcomes = [one.args[0].value for one in calls if isinstance(one.args[0], ast.Constant)]  # type: ignore[attr-defined]
        found += [(str(outcome), str(mark)) for mark in marks for outcome in outcomes]
    return found


def is_call(node: ast.AST, name: str) -> bool:
    """Whether a node is a call of a function with this name, with an argument."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and bool(node.args)
