"""CON-13: a command that breaks the pattern never leaves the console."""

import pytest

from fixtures.console_harnesses import Harness
from fixtures.property_check import every, hostile_cases
from technogate.checks.console_display import never_shows
from technogate.checks.console_requests import sent_command, sent_only_valid, sent_times, was_sent
from technogate.contract.loader import Contract
from technogate.generation.responses.invalid_values import broken_field
from technogate.generation.responses.valid_values import schema_of
from technogate.model.driver_name import MODULE_DRIVERS
from technogate.model.events import Finding
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

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


def never_sent(harness: Harness, command: str, case: str) -> list[Finding]:
    """What is wrong with how the console takes a command that breaks the pattern.

    A text field drops line breaks by itself, and a page may correct what a person types: there,
    what was sent must keep the pattern. The function of a module must send nothing at all.
    """
    interaction = harness.execute(harness.conforming(), command, case)
    if harness.driver.name in MODULE_DRIVERS:
        return sent_times(interaction, harness.names.execute, 0) or never_shows(interaction, harness.approved)
    return sent_only_valid(harness.contract, interaction, harness.names.execute)


@requirement("CON-13")
@pytest.mark.parametrize("name", BAD, ids=lambda name: name.replace(" ", "-"))
def test_bad_command_is_never_sent(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A command of the wrong length or with a wrong character is never sent."""
    must_hold(never_sent(harness, BAD[name], f"the command {BAD[name]!r}"))


@requirement("CON-13")
def test_any_bad_command_is_never_sent(run_context: RunContext, wide_harness: Harness) -> None:
    """No generated command that breaks the contract's pattern is sent."""
    contract: Contract = run_context.contract
    field = contract.words.name("request", "command")
    requests = broken_field(schema_of(contract, contract.behavior.schemas.execute_request), field).map(
        lambda broken: command_in(broken.value, field)
    )

    def property_check(command: str | None) -> list[Finding] | None:
        if command is None or not contract.request_problems(contract.behavior.operations.execute, {field: command}):
            return None
        return never_sent(wide_harness, command, f"the command {command!r}")

    every(run_context, requests, hostile_cases(run_context, wide_harness.driver.name, 0.15), property_check)


def command_in(value: object, field: str) -> str | None:
    """The command of a generated request, None when it is no text."""
    command = value.get(field) if isinstance(value, dict) else None
    return command if isinstance(command, str) else None


@requirement("CON-13")
@pytest.mark.parametrize("command", ["ABC", "___", "A" * 32, "RUN_REPORT"], ids=["3", "underscores", "32", "word"])
def test_good_command_is_sent(harness: Harness, command: str, must_hold: MustHold) -> None:
    """A command that keeps the pattern is sent as it is: refusing everything is no way to keep it."""
    harness.execute(harness.conforming())
    interaction = harness.execute(harness.conforming(), command, must_send=True)
    must_hold(
        was_sent(interaction, harness.names.execute),
        sent_times(interaction, harness.names.execute, 1),
        sent_command(interaction, harness.names.execute, command),
    )
