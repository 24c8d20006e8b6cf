r"""Make hostile text safe to show.

Evidence comes from programs under test, and any of it may be hostile. In a report it is text: never
markup, script, terminal control or workflow command. A character that cannot be shown becomes the escape
that a programmer would type (`\x1b`, `\u202e`). Backslashes of the text stay as they are, so that a second
pass changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.text import Text

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Printable according to Unicode, and invisible: fillers, selectors, blanks.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

#: `##[…]`, `##vso[…]`, `##teamcity[…]`: build servers search for these anywhere in a line.
_HASH_COMMAND = re.compile(r"#(?=#\w*\[)")
#: `::error …::`: a command at the beginning of a line, and a terminal may wrap the line right before it.
_COLON_COMMAND = re.compile(r":(?=:[a-z-]+(?:\s|::|$))", re.IGNORECASE)
_COLONS = re.compile(r":(?=:)")
_COLON_COMMAND_AT_START = re.compile(r"^([ \t]*):(?=:)", re.MULTILINE)

#: Characters with a meaning in Markdown: anywhere, at the beginning of a block, and before a bare address.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~$&]|^[-+=#]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)([.)])")


def _escape(char: str) -> str:
    """The escape for one character that must not be shown as it is."""
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def _piece(char: str) -> str:
    """One character as it is shown: itself, or its escape."""
    return char if char.isprintable() and not _UNSEEN.match(char) else _escape(char)


def visible(text: str, limit: int | None = None, *, multiline: bool = False) -> str:
    r"""`text` with every character that is invisible, or that moves others, as a readable escape.

    These are control characters (C0, C1, DEL), direction controls, zero-width characters, separators
    other than the plain space, lone surrogates, private and unassigned characters. Line feeds and
    tabs stay when `multiline`. With `limit` at most that many characters are returned, followed by
    the number of characters that are left out.
    """
    # A piece is at least one character, so that no more of them are shown.
    head = text if limit is None else text[:limit]
    plain = head.replace("\n", "").replace("\t", "") if multiline else head
    if plain.isprintable() and not _UNSEEN.search(plain):
        return head if len(head) == len(text) else f"{head} … ({len(text) - len(head)} more characters)"
    shown: list[str] = []
    size = 0
    for number, char in enumerate(text):
        piece = char if multiline and char in "\n\t" else _piece(char)
        size += len(piece)
        if limit is not None and size > limit:
            return "".join(shown) + f" … ({len(text) - number} more characters)"
        shown.append(piece)
    return "".join(shown)


def terminal(text: str, limit: int | None = None, *, multiline: bool = False) -> str:
    r"""`text` as `visible` gives it, and no command to the build server that reads a log.

    `::error::` and its like are broken wherever they occur, because a terminal may wrap the line right
    before them; `##[` and its relatives likewise. Markup of `rich` is not touched: use `rich_text`.
    """
    shown = visible(text, limit, multiline=multiline)
    return _HASH_COMMAND.sub(r"\\x23", _COLON_COMMAND.sub(r"\\x3a", shown))


def terminal_lines(text: str) -> str:
    r"""Return lines that the gate made, such as a shell command, for printing without wrapping.

    As `terminal`, but `::` is broken at the beginning of a line alone: inside a command it may be part
    of an address.
    """
    shown = visible(text, multiline=True)
    return _HASH_COMMAND.sub(r"\\x23", _COLON_COMMAND_AT_START.sub(r"\1\\x3a", shown))


def rich_text(text: str, style: str = "", limit: int | None = None) -> Text:
    """`text` as `terminal` gives it, for printing with rich: no part of it is read as markup."""
    return Text(terminal(text, limit), style=style)


def _fence(text: str, least: int) -> str:
    """A run of backticks, at least `least`, that is longer than any in `text`."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)


def markdown_code(text: str, limit: int | None = None, *, cell: bool = False) -> str:
    """`text` as a Markdown code span on one line; with `cell`, as it must be inside a table."""
    shown = _HASH_COMMAND.sub(r"\\x23", visible(text, limit))
    if not shown:
        return "(empty)"
    fence = _fence(shown, 1)
    edges = shown[0] + shown[-1]
    pad = " " if "`" in edges or (edges == "  " and shown.strip(" ")) else ""
    span = f"{fence}{pad}{shown}{pad}{fence}"
    return span.replace("|", "\\|") if cell else span


def markdown_block(text: str, limit: int | None = None, *, language: str = "") -> str:
    """`text` as a fenced Markdown code block; ends with a line feed."""
    shown = terminal_lines(visible(text, limit, multiline=True))
    fence = _fence(shown, 3)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def markdown_text(text: str, limit: int | None = None) -> str:
    r"""`text` as running Markdown text on one line: no link, image, markup, mention or table break.

    `@` becomes `\x40`, because a renderer searches for mentions after it has resolved all escapes.
    """
    shown = _MARKDOWN.sub(r"\\\1", visible(text, limit).lstrip(" "))
    return _NUMBERED.sub(r"\1\\\2", shown).replace("@", "\\\\x40")


def xml_text(text: str, limit: int | None = None) -> str:
    """`text` without the characters that XML 1.0 has no way to write, as `visible` with its lines kept."""
    return visible(text, limit, multiline=True)


def no_commands(markup: str) -> str:
    """XML or HTML with `::` and `##[` written by character reference: the same page, and no command in a log."""
    return _HASH_COMMAND.sub("&#35;", _COLONS.sub("&#58;", markup))
