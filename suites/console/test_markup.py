"""CON-15: whatever markup a response holds, the page shows it as text."""

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_page_leaks import markup, markup_stays_text
from technogate.drivers.console_driver import Exposure
from technogate.runner.suite import MustHold, not_exercised, parts, requirement

pytestmark = parts("console")

ENDED_HINT = "find out why the page ends: a finding of CON-16 names the response"
EXECUTE = ("status", "trace_id", "reason_codes", "message", "ts_utc", "execution_id")
ENTRY = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
SNAPSHOT = ("command", "output", "status", "timestamp", "execution_id")
ERROR = ("status", "trace_id", "reason_codes", "message")


def with_markup(field: str) -> object:
    """The markup as the value of a field: in a list where the field is one."""
    return [markup(field)] if field == "reason_codes" else markup(field)


def judge(harness: Harness, play: Callable[[], Interaction], fields: dict[str, Any], must_hold: MustHold) -> None:
    """Run one interaction and search the page for what became of the markup."""
    interaction = play()
    if interaction.ended:
        not_exercised(f"the page {interaction.ended}: what it would have shown is not known", ENDED_HINT)
    exposure: Exposure = harness.driver.inspect()
    must_hold(markup_stays_text(exposure, {f"field {name}": str(value) for name, value in fields.items()}, interaction))


@requirement("CON-15")
@pytest.mark.parametrize("field", EXECUTE)
def test_markup_in_a_response(page_harness: Harness, field: str, must_hold: MustHold) -> None:
    """Markup in a field of a response to a command never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_harness, lambda: page_harness.execute(page_harness.conforming(**fields)), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("outcome", ["blocked", "expired", "warning", "neutral"])
def test_markup_in_a_message(page_harness: Harness, outcome: str, must_hold: MustHold) -> None:
    """Markup in the message of a conforming response of any status never becomes an element."""
    status, reason = page_harness.status(outcome), page_harness.reason
    fields: dict[str, Any] = {"message": markup("message"), "status": status, "reason_codes": [reason]}
    judge(page_harness, lambda: page_harness.execute(page_harness.conforming(**fields)), fields, must_hold)


@requirement("CON-15")
@pytest.mark.parametrize("field", ERROR)
@pytest.mark.parametrize("code", [400, 401, 500])
def test_markup_in_an_error(page_harness: Harness, code: int, field: str, must_hold: MustHold) -> None:
    """Markup in a field of an error response never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_harness, lambda: page_harness.execute(page_harness.error(code, **fields)), fields, must_hold)


@requirement("CON-15")
@parts("audit")
@pytest.mark.parametrize("field", ENTRY)
def test_markup_in_the_list(page_harness: Harness, field: str, must_hold: MustHold) -> None:
    """Markup in a field of an audit entry, from the list or its fallback, never becomes an element."""
    harness = page_harness
    fields: dict[str, Any] = {field: with_markup(field)}
    listing = harness.listing(harness.entry(**fields), harness.entry())
    judge(harness, lambda: harness.audit(listing, listing), fields, must_hold)


@requirement("CON-15")
@parts("memory")
@pytest.mark.parametrize("field", SNAPSHOT)
def test_markup_in_the_memory(page_harness: Harness, field: str, must_hold: MustHold) -> None:
    """Markup in a field of the memory snapshot never becomes an element."""
    fields: dict[str, Any] = {field: with_markup(field)}
    judge(page_harness, lambda: page_harness.memory(page_harness.snapshot(**fields)), fields, must_hold)
