"""Texts drawn for a pattern: each text matches, and every class, length and kind of time is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import find, given
from hypothesis import settings as quick
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable

from technogate.contract.loader import Contract
from technogate.generation.responses.pattern_texts import texts_matching
from technogate.generation.responses.valid_values import schema_of
from technogate.util.ecma import PatternError, matcher

ROWS = [
    ("^[a-z0-9-]+$", 1, 64),
    ("^[A-Z_]+$", 3, 32),
    ("^[A-Za-z][A-Za-z0-9_]*$", 0, 1000),
    ("^[A-Z]{2,4}-[0-9]{3}$", 0, 1000),
    ("^x?[a-c]{2}$", 3, 3),
    ("^(?:one|two)$", 0, 1000),
    ("[0-9]", 2, 5),
    (r"^(?<word>[ab]|\s)$", 0, 9),
    (r"^[a&b](?<!b)$", 0, 9),
]


@pytest.mark.parametrize(("pattern", "least", "most"), ROWS)
def test_every_drawn_text_matches(pattern: str, least: int, most: int) -> None:
    """Every drawn text matches its pattern by the rules of ECMA 262, and has an allowed length."""
    matches = matcher(pattern)

    @quick(max_examples=60, database=None, deadline=None)
    @given(texts_matching(pattern, least, most, 24))
    def hold(text: str) -> None:
        assert matches(text)
        assert least <= len(text) <= most

    hold()


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("^[a-z0-9-]+$", lambda text: len(text) == 1),
        ("^[a-z0-9-]+$", lambda text: len(text) > 20),
        ("^[a-z0-9-]+$", lambda text: text.startswith("-") and text.endswith("9")),
        ("^[A-Za-z][A-Za-z0-9_]*$", lambda text: len(text) == 1),
        ("^[A-Za-z][A-Za-z0-9_]*$", lambda text: "_" in text and text[0].islower()),
    ],
)
def test_shortest_and_longest_texts_are_drawn(pattern: str, wanted: Callable[[str], bool]) -> None:
    """The shortest and long texts are drawn, and every class at every place."""
    # One text in 1369 has such ends: which draw comes upon one must not differ from run to run.
    quickly = quick(database=None, max_examples=50_000)
    find(texts_matching(pattern, 0, 64, 24), wanted, settings=quickly, random=Random(6))  # noqa: S311 - no secret


def test_a_pattern_that_no_length_allows_yields_nothing() -> None:
    """A pattern that conflicts with the allowed lengths yields no text."""
    with pytest.raises((NoSuchExample, Unsatisfiable)):
        find(texts_matching("^[a-z]{2}$", 5, 9, 24), lambda _: True, settings=quick(database=None))


@pytest.mark.parametrize("pattern", ["^[a-z+$", r"^\cA$", "^[a&&b]c?[d-f]$", "^(?=[a&&b])a$"])
def test_refuses_an_unsupported_pattern(pattern: str) -> None:
    """A broken pattern, and a pattern for which no text can be drawn, is an error."""
    with pytest.raises(PatternError):
        texts_matching(pattern, 0, 9, 24)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        lambda text: "." not in text,
        lambda text: len(text.partition(".")[2]) > 7,
        lambda text: text < "1000",
        lambda text: text > "9000",
        lambda text: "-02-29T" in text,
        lambda text: "T23:59:" in text,
    ],
    ids=["whole", "long fraction", "early year", "late year", "leap day", "late hour"],
)
def test_times_of_every_kind_are_drawn(contract: Contract, wanted: Callable[[str], bool]) -> None:
    """The drawn times have fractions or none, early and late years, and a leap day."""
    times = schema_of(contract, "Timestamp").values
    # A leap day is rare: which draw comes upon one must not differ from run to run.
    text = find(times.map(str), wanted, settings=quick(database=None, max_examples=20000), random=Random(7))  # noqa: S311 - no secret
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", text, re.ASCII)


def test_a_pattern_that_takes_more_than_times_is_not_drawn_as_one() -> None:
    """A pattern that also matches other words is not drawn as a time."""
    texts: st.SearchStrategy[str] = texts_matching("^(?:[0-9T:.Z-]+|[a-z]+)$", 0, 99, 24)
    find(texts, lambda text: text.isalpha() and text.islower(), settings=quick(database=None, max_examples=5000))
