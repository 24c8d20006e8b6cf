"""What a program prints, kept to a limit: its first lines and its last ones."""

from __future__ import annotations

from collections.abc import Iterable

#: The most lines that are kept, and characters of them, and characters of one line.
MOST_LINES = 10_000
MOST = 8 << 20
LONGEST = 1 << 20
#: How many of the first lines are kept in any case.
FIRST = 1000


class BoundedLines(list[str]):
    """Lines in their order; where there are too many, those after the first thousand are left out, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        #: How many lines were left out so far, or cut.
        self.left_out = 0

    def append(self, line: str) -> None:
        """Add a line, cut to `LONGEST`."""
        self.left_out += len(line) > LONGEST
        super().append(line[:LONGEST])
        self._size += len(self[-1]) + 1
        while len(self) > MOST_LINES or self._size > MOST:
            self._size -= len(self.pop(min(FIRST, len(self) // 2))) + 1
            self.left_out += 1

    def extend(self, lines: Iterable[str]) -> None:
        """Add each line."""
        for line in lines:
            self.append(line)

    def clear(self) -> None:
        """Begin anew."""
        super().clear()
        self._size = 0
