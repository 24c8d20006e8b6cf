"""The line of a program's output that names why it ended. Pure.

A stack trace names it in another place in each language: Node and Java before the frames, Python after them.
"""

from __future__ import annotations

import re

#: The longest line that is shown, in characters.
LONGEST = 300

#: A line that names an error: `TypeError: …`, `java.lang.NullPointerException: …`, `panic: …`, `fatal: …`.
_NAMES_ERROR = re.compile(
    r"error|exception|panic|fatal|fault|abort|assert|killed|out of memory|cannot|refused|denied", re.IGNORECASE
)

#: `TypeError: text`, `java.lang.IllegalStateException: text`, `panic: text`: surely the line that is looked for.
_RAISED = re.compile(r"^(Uncaught |Exception in thread \S+ )?[\w.$:]*(Error|Exception|Exit|Interrupt|panic|PANIC)\b.*:")


def cause_line(output: str) -> str:
    """The line of `output` that names the error, the last such one; else its last line, "" when it has none.

    Indented lines are frames of a stack trace or source text, and count only when there is nothing else.
    """
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    plain = [line for line in lines if not line[0].isspace()]
    for accepted in (_RAISED.match, _NAMES_ERROR.search):
        found = next((line for line in reversed(plain) if accepted(line)), "")
        if found:
            return _short(found)
    return _short((plain or lines or [""])[-1].strip())


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
