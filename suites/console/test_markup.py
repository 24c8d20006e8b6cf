"""CON-15: whatever markup an answer holds, the page shows it as text."""

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.console import Stage
from technogate.checks import console_page_leaks
from technogate.checks.console import Scene
from technogate.checks.console_page_leaks import markup
from technogate.drivers.console_driver import Exposure
from technogate.runner.suite import MustHold, requirement

EXECUTE = ("status", "trace_id", "reason_codes", "message", "ts_utc", "execution_id")
ENTRY = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
SNAPSHOT = ("command", "output", "status", "timestamp", "execution_id")
ERROR = ("status", "trace_id", "reason_codes", "message")


def with_markup(field: str) -> object:
    """The markup as the value of a field: in a list where the field is one."""
    return [markup(field)] if field == "reason_codes" else markup(field)


def judge(stage: Stage, play: Callable[[], Scene], fields: dict[str, Any], must_hold: MustHold) -> None:
    """Play one scene and look for what became of the markup."""
    scene = play()
    exposure: Exposure = stage.driver.inspect()
    must_hold(
        console_page_leaks.stays_text(exposure, {f"field {name}": str(value) for name, value in fields.items()}, scene)
    )


@requirement("CON-15")
@pytest.mark.parametrize("field", EXECUTE)
def test_markup_in_an_answer(page_stage: Stage, field: str, must_hold: MustHold) -> None:
    """Markup in a field of an answer to a command never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_stage, lambda: page_stage.execute(page_stage.conforming(**fields)), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("status", ["BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"])
def test_markup_in_a_message(page_stage: Stage, status: str, must_hold: MustHold) -> None:
    """Markup in the message of a conforming answer of any status never becomes an element."""
    fields: dict[str, Any] = {"message": markup("message"), "status": status, "reason_codes": ["API_BLOCKED"]}
    judge(page_stage, lambda: page_stage.execute(page_stage.conforming(**fields)), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("field", ERROR)
@pytest.mark.parametrize("code", [400, 401, 500])
def test_markup_in_an_error(page_stage: Stage, code: int, field: str, must_hold: MustHold) -> None:
    """Markup in a field of an error answer never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_stage, lambda: page_stage.execute(page_stage.error(code, **fields)), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("field", ENTRY)
def test_markup_in_the_list(page_stage: Stage, field: str, must_hold: MustHold) -> None:
    """Markup in a field of an audit entry, from the list or its fallback, never becomes an element."""
    stage = page_stage
    fields: dict[str, Any] = {field: with_markup(field)}
    listing = stage.listing(stage.entry(**fields), stage.entry())
    judge(stage, lambda: stage.audit(listing, listing), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("field", SNAPSHOT)
def test_markup_in_the_memory(page_stage: Stage, field: str, must_hold: MustHold) -> None:
    """Markup in a field of the memory snapshot never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_stage, lambda: page_stage.memory(page_stage.snapshot(**fields)), fields, must_hold)
