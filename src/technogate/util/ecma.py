"""Patterns of ECMA 262, as JSON Schema has them.

jsonschema-rs matches them. Two things are left to do here: its engine accepts some syntax that ECMA 262 does not have
(`(?i)`, `a++`, `[]a]`), which a contract must not rely on, and its `.` matches three of the four line terminators.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import jsonschema_rs

_NOT_NEWLINE = r"[^\n\r\u2028\u2029]"
#: The next part of a pattern, outside of brackets and within them.
_OUTSIDE = re.compile(r"\\.?|\(\?(?::|=|!|<=|<!|<[A-Za-z_][A-Za-z0-9_]*>)?|\[\^?\]|[*+?}]\+|.", re.DOTALL)
_WITHIN = re.compile(r"\\.?|.", re.DOTALL)
#: Parts that the engine accepts and ECMA 262 does not have, or does not mean; each with the reason to refuse it.
_FOREIGN = {
    "\\": "it ends within an escape",
    "(?": "no such group as {!r}",
    "[]": "empty brackets",
    "[^]": "empty brackets",
    **dict.fromkeys(("*+", "++", "?+", "}+"), "no such quantifier as {!r}"),
}
#: Escapes that ECMA 262 does not have, or that no generator here can draw a text for.
_FOREIGN_ESCAPES = frozenset("AZzGNUPpk")
_SURROGATE = re.compile("[\ud800-\udfff]")


class PatternError(ValueError):
    """A pattern is not valid in ECMA 262, or uses a part of it that the gate does not support."""


def portable(pattern: str) -> str:
    """`pattern` so that jsonschema-rs reads it as ECMA 262 means it; raises PatternError with the reason."""
    parts: list[str] = []
    at, within = 0, False
    while match := (_WITHIN if within else _OUTSIDE).match(pattern, at):
        part, at = match[0], match.end()
        if part in _FOREIGN or (part[0] == "\\" and part[1:] in _FOREIGN_ESCAPES):
            reason = _FOREIGN.get(part, "the gate does not support {!r}").format(pattern[match.start() :][:4])
            raise PatternError(f"the pattern {pattern!r} is not valid: {reason}")
        parts.append(_NOT_NEWLINE if part == "." and not within else part)
        within = part != "]" if within else part == "["
    return "".join(parts)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text contains a match of an ECMA 262 pattern, as a function; raises PatternError with the reason."""
    try:
        validator = jsonschema_rs.Draft202012Validator({"pattern": portable(pattern)})
    except (jsonschema_rs.ValidationError, ValueError) as error:
        if isinstance(error, PatternError):
            raise
        raise PatternError(f"the pattern {pattern!r} is not valid: {' '.join(str(error).split())[:200]}") from error
    return lambda text: validator.is_valid(without_surrogates(text))


def without_surrogates(text: str) -> str:
    """`text` with each half of a surrogate pair as U+FFFD, one character for one: the engine reads UTF-8."""
    return _SURROGATE.sub("\ufffd", text)
