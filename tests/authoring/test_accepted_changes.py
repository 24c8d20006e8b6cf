"""`changes.toml`: what it accepts, what it must not, and each mistake as one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from technogate.authoring.diff.accepted import apply_changes, parse_changes
from technogate.authoring.diff.change import Change
from technogate.model.errors import UserError
from tests.authoring.small_contract import changes

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHERE = "openapi.yaml#/components/schemas/Book/properties/title"


def entry(expires: str = "2026-07-01", **other: str) -> bytes:
    """A file with one entry."""
    keys = {
        "rule": "response-required-field-removed",
        "where": WHERE,
        "reason": "no console reads it",
        "owner": "the owner",
    }
    lines = [f'{key} = "{value}"' for key, value in (keys | other).items() if value != "-"]
    return "\n".join(["[[accept]]", *lines, f"expires = {expires}"]).encode()


def without_title(parts: dict[str, Any]) -> None:
    """A required field of a response is gone."""
    book = parts["document"]["components"]["schemas"]["Book"]
    del book["properties"]["title"]
    book["required"] = []


def applied(raw: bytes, now: datetime = NOW) -> tuple[Change, tuple[str, ...]]:
    """The one change after the entries of a file, and the warnings."""
    found, warnings = apply_changes(
        changes(without_title), parse_changes(raw, "changes.toml", now.timestamp()), now.timestamp()
    )
    (change,) = found
    return change, warnings


def test_an_entry_accepts_its_change() -> None:
    """The change keeps who breaks, and names the entry."""
    change, warnings = applied(entry())
    assert not change.is_open
    assert change.accepted is not None
    assert (change.breaks, change.accepted.owner, warnings) == ("console", "the owner", ())


@pytest.mark.parametrize(
    "other", [{"where": "openapi.yaml#/components/schemas/Book"}, {"rule": "response-field-optional"}]
)
def test_an_entry_for_another_change_accepts_nothing(other: dict[str, str]) -> None:
    """The rule and the place must both match, and the entry is reported."""
    change, warnings = applied(entry(**other))
    assert change.is_open
    assert [warning.partition(":")[0] for warning in warnings] == ["changes.toml, line 1"]
    assert "matches no breaking change" in warnings[0]


def test_an_entry_counts_to_the_end_of_its_last_day() -> None:
    """On that day it accepts, on the next it is expired and reported."""
    raw = entry(expires="2026-06-01")
    assert not applied(raw)[0].is_open
    change, warnings = applied(raw, NOW + timedelta(days=1))
    assert change.is_open
    assert "expired at the end of 2026-06-01" in warnings[0]


def test_a_change_that_breaks_nobody_needs_no_entry() -> None:
    """An entry for it is reported."""

    def edit(parts: dict[str, Any]) -> None:
        parts["document"]["info"]["version"] = "2"

    raw = entry(rule="version-changed", where="openapi.yaml#/info/version")
    found, warnings = apply_changes(changes(edit), parse_changes(raw, "changes.toml", NOW.timestamp()), NOW.timestamp())
    assert found[0].accepted is None
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (entry(reason="later"), "the key reason is not more than a word"),
        (entry(reason="-"), "the key reason is missing"),
        (entry(owner=" "), "the key owner is empty"),
        (entry(owner="-"), "the key owner is missing"),
        (entry(rule="everything"), "'everything' is no rule"),
        (entry(further="x"), "the key further is not known"),
        (entry(expires='"2026-07-01"'), "the key expires must be a day without quotes"),
        (entry(expires="2026-07-01T00:00:00Z"), "the key expires must be a day without quotes"),
        (entry(expires="2026-12-01"), "more than 90 days from now"),
        (entry() + b"\n" + entry(), "is accepted twice at one place"),
        (b"[accept]\n", "an accepted change is a table [[accept]]"),
        (b"[[accept]\n", "changes.toml, line 1"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_mistake_is_one_line(raw: bytes, problem: str) -> None:
    """Each names the place and the hint."""
    with pytest.raises(UserError, match=r"changes\.toml") as raised:
        parse_changes(raw, "changes.toml", NOW.timestamp())
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)
