"""Text that a terminal wraps between words, and a word that is too long for a line after a comma or a slash."""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

from technogate.util.text import terminal

_WORD = re.compile(r"\s*\S+\s*|\s+")
#: Where JSON, a list, a path or a query may be continued on the next line.
_PIECE = re.compile(r"[^,;/&]*[,;/&]+|[^,;/&]+")


class WrappedText(Text):
    """Text that a table wraps where a reader expects it; rich turns what is printed by itself into plain text."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """The lines of at most `width` columns."""
        if options.get("no_wrap"):
            return super().wrap(console, width, **options)
        lines = self.divide(breaks(self.plain, max(1, width)))
        for line in lines:
            line.rstrip_end(width)
        return lines


def wrapped(text: str, style: str = "", limit: int | None = None) -> WrappedText:
    """`text` as `terminal` gives it, for printing with rich: no part of it is read as markup."""
    return WrappedText(terminal(text, limit), style=style)


def breaks(text: str, width: int) -> list[int]:
    """The places in `text` where a line of at most `width` columns ends."""
    places, place, column = [], 0, 0
    for part in _parts(text, width):
        size = cell_len(part.rstrip())
        if column and column + size > width:
            places.append(place)
            column = 0
        column += cell_len(part)
        place += len(part)
    return places


def _parts(text: str, width: int) -> list[str]:
    """The parts of `text` that stay whole: words, pieces of a long word, and of a long piece as much as fits."""
    parts: list[str] = []
    for word in _WORD.findall(text):
        if cell_len(word.rstrip()) <= width:
            parts.append(word)
            continue
        for piece in _PIECE.findall(word):
            parts += [piece] if cell_len(piece.rstrip()) <= width else chop_cells(piece, width)
    return parts
