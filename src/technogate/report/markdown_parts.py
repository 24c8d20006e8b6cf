"""Parts that the Markdown report is made of: rows, cells, shortened lists, shell commands."""

from __future__ import annotations

from collections.abc import Iterable

from technogate.util.text import markdown_block, markdown_code, markdown_text, terminal_lines

#: Characters of one piece of evidence, and of one command.
LIMIT = 600
_LONGEST_COMMAND = 4_000


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def short(text: str) -> str:
    """Text of a program or a contract as running text."""
    return markdown_text(text, LIMIT)


def some(lines: Iterable[str], most: int, rest: str) -> list[str]:
    """At most `most` of `lines`, and a line that counts the rest."""
    listed = list(lines)
    left = len(listed) - most
    return listed[:most] + ([rest.format(left)] if left > 0 else [])


def cell(text: str) -> str:
    """Text of a program as code in a table."""
    return markdown_code(text, LIMIT, cell=True)


def command(command: str) -> str:
    """A shell command as a block; a very long one is left to the HTML report."""
    shown = terminal_lines(command)
    if len(shown) > _LONGEST_COMMAND:
        return f"The command has {len(shown)} characters: see `report.html`.\n"
    return markdown_block(shown, language="sh")
