"""What is learnt of how long a page takes, and which choice of a control is the one for a value."""

from __future__ import annotations

import pytest

from technogate.drivers.page.page_entry import choice_of, shows
from technogate.drivers.page.page_habits import (
    ENABLED_S,
    FIRST_EFFECT_S,
    KNOWN_LOADING_S,
    LOADING_S,
    MOST_SETTLED_MS,
    SETTLED_MS,
    PageHabits,
)


def state(*, kind: str = "2", late: float = 0.0, effect: float | None = 5.0, touched: bool = True) -> dict[str, object]:
    """The state of a region after a call, as far as it is learnt from."""
    return {"kind": kind, "late": late, "effect": effect, "touched": touched}


def offered(*texts: str, values: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """Choices with these texts, and these values where there are any."""
    given = values or ("",) * len(texts)
    return [{"value": value, "name": text, "disabled": False} for text, value in zip(texts, given, strict=True)]


def test_a_response_of_a_kind_that_was_not_seen_is_waited_for_longest() -> None:
    """What was seen of one kind of response, in one region, says nothing of another."""
    habits = PageHabits()
    assert habits.settle_ms("result") == {}
    habits.saw_reaction("result", state(kind="2", late=1.0))
    assert habits.settle_ms("result") == {"2": SETTLED_MS}
    assert habits.settle_ms("audit") == {}


def test_a_page_that_shows_a_response_late_is_given_more_time() -> None:
    """The latest change counts; one that comes much later is another event."""
    habits = PageHabits()
    habits.saw_reaction("result", state(late=60.0))
    habits.saw_reaction("result", state(late=2.0))
    assert habits.settle_ms("result")["2"] > 60
    habits.saw_late_change("result", MOST_SETTLED_MS)
    assert habits.settle_ms("result") == {"2": MOST_SETTLED_MS}
    habits.saw_late_change("audit", 20.0)
    assert habits.settle_ms("audit") == {}
    later = PageHabits()
    later.saw_reaction("result", state(late=2.0))
    later.saw_late_change("result", MOST_SETTLED_MS + 1)
    assert later.settle_ms("result") == {"2": SETTLED_MS}


def test_a_page_that_lets_commands_be_run_soon_is_soon_believed_to_refuse_one() -> None:
    """Until a command was let run nobody knows how long that takes."""
    habits = PageHabits()
    assert habits.enabling_s == ENABLED_S
    habits.saw_enabled(0.0)
    assert habits.enabling_s < 0.1
    habits.saw_enabled(0.25)
    assert 0.25 < habits.enabling_s < 0.5
    habits.saw_enabled(10.0)
    assert habits.enabling_s == ENABLED_S


def test_a_page_that_reacts_slowly_is_given_more_time_to_react() -> None:
    """The slowest effect counts, and there is a limit."""
    habits = PageHabits()
    assert habits.effect_s(150) == 0.15
    habits.saw_reaction("result", state(effect=400.0))
    assert 1.2 < habits.effect_s(150) < FIRST_EFFECT_S
    habits.saw_reaction("result", state(effect=5000.0))
    assert habits.effect_s(150) == FIRST_EFFECT_S


def test_whether_a_changed_query_is_requested_by_itself_is_learnt_for_the_fields_that_changed() -> None:
    """One field says nothing of another."""
    habits = PageHabits()
    assert habits.loading_s(["audit_filter"]) == LOADING_S
    habits.saw_loading(["audit_filter"], loads=True)
    habits.saw_loading(["audit_limit"], loads=False)
    assert habits.loading_s(["audit_filter"]) == KNOWN_LOADING_S
    assert habits.loading_s(["audit_limit"]) == 0.0
    assert habits.loading_s(["audit_limit", "audit_filter"]) == LOADING_S


@pytest.mark.parametrize(
    ("choices", "wanted", "number"),
    [
        (offered("all", "APPROVED"), "APPROVED", 1),
        (offered("Aprovado", "Bloqueado", values=("approved", "blocked")), "BLOCKED", 1),
        (offered("All states", "Approved only", "Not expired"), "APPROVED", 1),
        (offered("All states", "Approved"), "all", 0),
        (offered("Todos", "Approved", values=("", "approved")), "all", 0),
        (offered("Tudo", "Approved", "Blocked"), "all", 0),
        (offered("Tudo", "Nada", "Blocked"), "all", None),
        (offered("Approved", "Approved too"), "APPROVED", 0),
        (offered("Approved once", "Approved twice"), "APPROVED", None),
        (offered("Disapproved"), "APPROVED", None),
        (offered("all"), "BLOCKED", None),
    ],
)
def test_a_choice_is_found_by_value_else_by_text(
    choices: list[dict[str, object]], wanted: str, number: int | None
) -> None:
    """In any case, else as a word of the text; never one of several that are as good."""
    assert choice_of(choices, wanted) == number


def test_a_choice_that_is_disabled_is_not_offered() -> None:
    """It cannot be pressed."""
    choices = offered("BLOCKED")
    choices[0]["disabled"] = True
    assert choice_of(choices, "BLOCKED") is None


def test_a_field_shows_exactly_what_was_entered() -> None:
    """Another case is another value in a field, and the same choice of a select."""
    assert not shows({"kind": "text", "shown": ["ping"]}, "PING")
    assert shows({"kind": "text", "shown": ["PING"]}, "PING")
    assert shows({"kind": "select", "shown": ["approved", "Approved"]}, "APPROVED")
    assert not shows({"kind": "choices", "shown": []}, "APPROVED")
    assert not shows({"kind": "choices", "shown": ["", "NEUTRAL"]}, "all")
    assert shows({"kind": "choices", "shown": ["", "Everything"]}, "all")


def test_a_part_that_was_there_before_and_is_gone_shows_nothing() -> None:
    """One that was never there is missing; whether a list is empty is no part of this kind."""
    habits = PageHabits()
    assert habits.parts("memory", {"status": None, "empty": "true"}) == {"status": None, "empty": "true"}
    habits.parts("memory", {"status": "APPROVED", "empty": None})
    assert habits.parts("memory", {"status": None, "command": None, "empty": None}) == {
        "status": "", "command": None, "empty": None,
    }  # fmt: skip
    assert habits.parts("result", {"status": None}) == {"status": None}
