"""Text on a terminal is wrapped between words; a word that is too long, after a comma or a slash."""

from __future__ import annotations

import io
import itertools

import pytest
from rich.console import Console
from rich.table import Table

from technogate.report.wrapped_text import breaks, wrapped


def lines_of(text: str, width: int) -> list[str]:
    """The lines that a terminal of `width` columns shows."""
    file = io.StringIO()
    table = Table.grid()
    table.add_row(wrapped(text))
    Console(file=file, width=width, color_system=None).print(table)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three four", ["one two", "three four"]),
        ('["one","two"]', ['["one",', '"two"]']),
        ("/reports/allure/x", ["/reports/", "allure/x"]),
        ("a" * 25, ["a" * 10, "a" * 10, "a" * 5]),
        ("字" * 7, ["字" * 5, "字" * 2]),
        ("", [""]),
    ],
)
def test_breaks_where_a_reader_expects_it(text: str, lines: list[str]) -> None:
    """No line is wider than ten columns, and only a piece that is wider itself is broken within."""
    assert lines_of(text, 10) == lines


@pytest.mark.parametrize("width", [1, 2, 7, 80])
def test_loses_nothing(width: int) -> None:
    """Joined again, the lines are the text."""
    text = "  one, /two/three?four&five  " + "six" * 40 + " \u5b57\u5b57 [bold]x[/]"
    places = [0, *breaks(text, width), len(text)]
    parts = [text[start:end] for start, end in itertools.pairwise(places)]
    assert "".join(parts) == text
    assert all(parts)
