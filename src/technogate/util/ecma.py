"""Patterns with the meaning JSON Schema gives them (ECMA 262), for Python's `re`.

The two dialects differ where it hurts: Python's `$` also matches before a trailing newline, so that
a command with a newline at its end would pass (EXE-02), and its digits are those of every script.
"""

from __future__ import annotations

import re

_SPACES = r"\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NOT_NEWLINE = r"[^\n\r\u2028\u2029]"
_GROUP = re.compile(r"\(\?(?::|=|!|<=|<!|<[A-Za-z_][A-Za-z0-9_]*>)")
#: Escapes that `re` knows and ECMA does not, or reads otherwise.
_FOREIGN = frozenset("AZaGNUPpk")


class PatternError(ValueError):
    """A pattern is no pattern of ECMA 262, or uses a part of it that the gate does not read."""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile an ECMA 262 pattern, to be used with `search`; raises PatternError with the reason."""
    try:
        return re.compile(_translate(pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"the pattern {pattern!r} is not valid: {error}") from error


def portable(pattern: str) -> str:
    """`pattern` with each `.` spelled out: the one part that engines made for JSON Schema read otherwise."""
    out: list[str] = []
    inside = False
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        out.append(_NOT_NEWLINE if part == "." and not inside else part)
        inside = part != "]" if inside else part == "["
    return "".join(out)


def _translate(pattern: str) -> str:
    """`pattern` in the words of Python's `re`, to be compiled with `re.ASCII`."""
    out: list[str] = []
    inside = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            out.append(_escape(pattern, at, inside=inside))
            at += 2
            continue
        if inside:
            inside = char != "]"
            out.append("\\" + char if char in "[&|~" else char)
        elif char == "(" and pattern.startswith("(?", at):
            out.append(_group(pattern, at))
            at += len(out[-1].replace("?P<", "?<"))
            continue
        else:
            inside = char == "["
            if pattern.startswith(("[]", "[^]"), at):
                raise PatternError(f"the pattern {pattern!r} is not valid: empty brackets")
            out.append({"$": r"\Z", ".": _NOT_NEWLINE}.get(char, char))
        at += 1
    return "".join(out)


def _escape(pattern: str, at: int, *, inside: bool) -> str:
    """The escape that begins at `at`; raises PatternError where the dialects part."""
    letter = pattern[at + 1 : at + 2]
    if not letter or letter in _FOREIGN:
        raise PatternError(f"the pattern {pattern!r} is not valid: the gate does not read \\{letter} in a pattern")
    if letter == "s":
        return _SPACES if inside else f"[{_SPACES}]"
    if letter == "S":
        if inside:
            raise PatternError(f"the pattern {pattern!r} is not valid: the gate does not read \\S within brackets")
        return f"[^{_SPACES}]"
    return f"\\{letter}"


def _group(pattern: str, at: int) -> str:
    """The opening of a special group; Python's own kinds are refused."""
    found = _GROUP.match(pattern, at)
    if found is None:
        raise PatternError(f"the pattern {pattern!r} is not valid: no such group as {pattern[at : at + 4]!r}")
    opening = found[0]
    return opening.replace("?<", "?P<") if opening.endswith(">") else opening
