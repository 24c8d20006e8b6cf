"""The causes on a terminal: the first few with their smallest example in full, the others in short."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from technogate.model.verdict import VerdictDocument
from technogate.report.cause_text import ShownCause, example_rows, facts_line, heading, printed, shown_causes
from technogate.report.terminal_parts import LIMIT, command, grid
from technogate.report.terminal_parts import heading as titled
from technogate.report.wrapped_text import wrapped
from technogate.util.phrases import many
from technogate.util.text import rich_text

#: Causes shown, and of these with their whole example; lines of what the program printed; requirements named.
MOST = 16
_IN_FULL = 5
_PRINTED = 12
_NAMED = 9
#: Characters of a title, and of a piece of evidence of a cause shown in short.
_TITLE = 200
_SHORT = 120


def causes(document: VerdictDocument, where: str) -> Iterator[RenderableType]:
    """The causes of a run, the first with their whole example; `where` names the report of the findings."""
    if not document.causes:
        return
    yield titled(heading(document))
    shown = shown_causes(document)
    for place, one in enumerate(shown[:MOST]):
        yield Text("")
        yield from _cause(one, whole=place < _IN_FULL)
    left = len(shown) - MOST
    more = f"… and {many(left, 'more cause')}. " if left > 0 else ""
    hint = f"{more}Each finding, with its commands, is under its cause in {where}."
    yield Padding(rich_text(hint, "dim"), (1, 0, 0, 3))


def _cause(shown: ShownCause, *, whole: bool) -> Iterator[RenderableType]:
    """A cause: what it is, whom it concerns, its smallest example, and how to reproduce that."""
    yield _head(shown)
    facts = grid()
    rows = example_rows(shown.example)
    if not whole:
        rows = [(name, text) for name, text in rows if name in ("expected", "observed")]
    for name, text in rows:
        style = "bold" if name == "observed" else ""
        facts.add_row(name, wrapped(text, style, limit=LIMIT if whole else _SHORT))
    for place, line in enumerate(printed(shown.cause, _PRINTED) if whole else ()):
        facts.add_row("" if place else "printed", wrapped(line, limit=_TITLE))
    yield facts
    for line in shown.commands if whole else (shown.example.replay,):
        yield command(line)


def _head(shown: ShownCause) -> Table:
    """The number and title of a cause, and below it its level, team, findings and requirements."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=4, justify="right", style="bold")
    table.add_column(overflow="fold")
    table.add_row(str(shown.cause.number), rich_text(shown.cause.title, "bold red", limit=_TITLE))
    table.add_row("", rich_text(facts_line(shown, _NAMED), limit=LIMIT))
    return table
