"""Parts that the summaries on a terminal are made of: headings, facts beside their names, shell commands."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from technogate.util.text import rich_text, terminal_lines

#: The most characters of one piece of evidence, and of one command; the reports have longer ones.
LIMIT = 300
_LONGEST_COMMAND = 1_200


def heading(text: str) -> Text:
    """The heading of a part."""
    return Text(f"\n {text}", style="bold underline")


def grid() -> Table:
    """Labels on the left, wrapped text on the right."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=15, justify="right", style="dim")
    table.add_column(overflow="fold")
    return table


def near(file: Path) -> Path:
    """The path of a file as seen from the current folder, when it lies in it."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def path_text(file: Path) -> Text:
    """The path of a file, left whole: broken in two it names no file."""
    text = rich_text(str(near(file)))
    text.no_wrap, text.overflow = True, "ignore"
    return text


def command(text: str) -> Text:
    """A shell command, never wrapped: a line feed inside would change it."""
    shown = terminal_lines(text)
    if len(shown) > _LONGEST_COMMAND:
        shown = f"(a command of {len(shown)} characters: see the reports)"
    indented = "\n".join(f"     {line}" for line in shown.split("\n"))
    return Text(indented, style="cyan", no_wrap=True, overflow="ignore")
