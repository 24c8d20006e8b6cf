"""CON-13: a command that breaks the pattern never leaves the console."""

import pytest

from fixtures.console import Stage
from fixtures.trial import every, hostile_cases
from technogate.checks import console
from technogate.contract.loader import Contract
from technogate.generation.responses.invalid_values import broken_field
from technogate.generation.responses.valid_values import schema_of
from technogate.model.events import Finding
from technogate.runner.run_context import Gate
from technogate.runner.suite import MustHold, requirement

BAD = {
    "empty": "",
    "one letter": "A",
    "two letters": "AB",
    "33 letters": "A" * 33,
    "lower case": "ping",
    "mixed case": "Ping",
    "a digit": "PING1",
    "a hyphen": "RUN-REPORT",
    "a space within": "RUN REPORT",
    "a space before": " PING",
    "a space after": "PING ",
    "an accent": "PING\u0301",
    "a look-alike": "\u0420ING",  # a Cyrillic capital Er
    "full width": "\uff30\uff29\uff2e\uff27",
    "a quote": 'PING"',
    "two commands": "PING;PONG",
    "markup": "<B>PING</B>",
    "a newline after": "PING\n",
    "a newline before": "\nPING",
    "a line separator after": "PING\u2028",
    "a tab after": "PING\t",
    "a NUL after": "PING\0",
}


def never_sent(stage: Stage, command: str, case: str) -> list[Finding]:
    """What is wrong with how the console takes a command that breaks the pattern.

    A text field drops line breaks by itself, and a page may correct what a person types: there,
    what was sent must keep the pattern. The function of a module must send nothing at all.
    """
    scene = stage.execute(stage.conforming(), command, case)
    if stage.driver.name == "module":
        return console.asked(scene, stage.names.execute, 0) or console.never(scene, "APPROVED")
    return console.sent_valid(stage.contract, scene, stage.names.execute)


@requirement("CON-13")
@pytest.mark.parametrize("name", BAD, ids=lambda name: name.replace(" ", "-"))
def test_bad_command_is_never_sent(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A command of the wrong length or with a wrong character is never sent."""
    must_hold(never_sent(stage, BAD[name], f"the command {BAD[name]!r}"))


@requirement("CON-13")
def test_any_bad_command_is_never_sent(gate: Gate, wide_stage: Stage) -> None:
    """No generated command that breaks the contract's pattern is sent."""
    contract: Contract = gate.contract
    requests = broken_field(schema_of(contract, "ExecuteRequest"), "command").map(
        lambda broken: command_in(broken.value)
    )

    def trial(command: str | None) -> list[Finding] | None:
        if command is None or not contract.request_problems(contract.behavior.operations.execute, {"command": command}):
            return None
        return never_sent(wide_stage, command, f"the command {command!r}")

    every(gate, requests, hostile_cases(gate, wide_stage.driver.name, 0.15), trial)


def command_in(value: object) -> str | None:
    """The command of a generated request, None when it is no text."""
    found = value.get("command") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


@requirement("CON-13")
@pytest.mark.parametrize("command", ["ABC", "___", "A" * 32, "RUN_REPORT"], ids=["3", "underscores", "32", "word"])
def test_good_command_is_sent(stage: Stage, command: str, must_hold: MustHold) -> None:
    """A command that keeps the pattern is sent as it is: refusing everything is no way to keep it."""
    scene = stage.execute(stage.conforming(), command)
    must_hold(console.asked(scene, stage.names.execute, 1), console.sent_command(scene, stage.names.execute, command))
