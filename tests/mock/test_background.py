"""What a page requests by itself: its period is learnt, and nothing that a call explains is taken for it."""

import pytest

from technogate.mock.background import Background, in_bursts

LIST = ("fetchAuditLog", "")


def polling(*times: float) -> Background:
    """What is known of a page whose list was requested at these times, while nothing was done to it."""
    background = Background()
    background.learn({LIST: times})
    return background


def test_learns_a_period_from_what_comes_again() -> None:
    """The loading of the page need not be one period before the first repetition."""
    known = polling(0.2, 3.0, 6.0, 9.0).recurring[LIST]
    assert (known.period, known.size, known.last) == (3.0, 1, 9.0)


def test_learns_nothing_from_one_loading() -> None:
    """A page that requests its list twice at once, when it is loaded, does not request it by itself."""
    assert not polling(0.10, 0.15).recurring


def test_a_scene_that_was_seen_once_recurs_as_the_others() -> None:
    """Pages of one console behave alike; each has a time of its own."""
    background = Background()
    background.learn({("fetchAuditLog", "a"): (0.0, 3.0), ("fetchAuditLog", "b"): (1.0,)})
    assert background.recurring["fetchAuditLog", "b"].last == 1.0
    assert background.recurring["fetchAuditLog", "b"].period == 3.0


@pytest.mark.parametrize(
    ("times", "own"),
    [
        ([100.5], [True]),
        ([100.5, 102.0], [True, False]),
        ([100.5, 100.51], [True, True]),
        ([100.5, 100.51, 102.0], [True, True, False]),
        ([100.5, 102.0, 102.01], [True, False, True]),
        ([102.0], [False]),
        ([100.5, 102.0, 105.0, 115.5, 108.0], [True, False, False, True, False]),
    ],
    ids=["alone", "one-due", "asks-twice", "asks-twice-and-one-due", "two-when-one-is-due", "never-sent", "long-call"],
)
def test_tells_a_call_from_what_is_due(times: list[float], own: list[bool]) -> None:
    """The list is due at 99, 102, 105 and so on, one at a time; the call began at 100.4."""
    assert polling(93.0, 96.0, 99.0).own(LIST, times, since=100.4) == own


def test_a_due_request_that_came_before_the_call_excuses_none_within() -> None:
    """A page that asks twice right after its own request asks twice."""
    background = polling(93.0, 96.0, 99.0)
    assert background.own(LIST, [99.05, 99.06], since=99.04, earlier=[99.0]) == [True, True]


def test_a_press_just_when_one_is_due_is_the_calls() -> None:
    """The first of two requests at that time is spared, a single one too."""
    background = polling(93.0, 96.0, 99.0)
    assert background.own(LIST, [102.01], since=102.0) == [True]
    assert background.own(LIST, [102.0, 102.1], since=101.99) == [True, False]


def test_nothing_is_excused_on_a_page_that_does_nothing_by_itself() -> None:
    """Without anything learnt every request belongs to the call."""
    assert Background().own(LIST, [1.0, 2.0, 3.0], since=0.5) == [True, True, True]


def test_waits_until_what_is_due_soon_is_past() -> None:
    """A call begins at once while nothing is due, and else after it."""
    background = polling(93.0, 96.0, 99.0)
    assert background.wait_s(100.0) == 0.0
    assert 0.2 < background.wait_s(101.8) < 0.5
    assert background.wait_s(101.8, scene="another") == 0.0


def test_follows_a_period_that_drifts() -> None:
    """What certainly was the page's own doing moves the next due time; what was not due does not."""
    background = polling(93.0, 96.0, 99.0)
    background.confirm({LIST: [102.1, 103.6]})
    assert background.recurring[LIST].last == 102.1


def test_bursts_are_apart() -> None:
    """Requests close together are one burst, in any order."""
    assert in_bursts([3.1, 0.0, 3.0, 0.2]) == [[0.0, 0.2], [3.0, 3.1]]
