"""Texts that match a pattern of the contract, drawn in few choices where the pattern is of a common form.

Hypothesis' own `from_regex` reads every pattern, and takes a choice for each letter: most of what it costs to draw
a response. Here a row of classes of letters, such as `^[a-z0-9-]+$`, is drawn as a text, and a time as a day, a second
and a fraction. Any other pattern is left to `from_regex`.
"""

from __future__ import annotations

import re
import warnings
from datetime import date

from hypothesis import strategies as st

from technogate.util.ecma import PatternError, matcher

Texts = st.SearchStrategy[str]

#: One class of ASCII letters, or one letter, and how often it comes.
_PART = re.compile(
    r"(?P<letters>\[[A-Za-z0-9_-]+\]|[A-Za-z0-9_-])(?P<often>\{(?P<least>\d+)(?:,(?P<most>\d+))?\}|[+*?])?"
)
_OFTEN: dict[str | None, tuple[int, int | None]] = {None: (1, 1), "+": (1, None), "*": (0, None), "?": (0, 1)}

#: A pattern that takes these and not those is one of times in UTC.
_TIMES = ("2024-02-29T23:59:59Z", "1999-12-31T00:00:00.123456Z", "2026-07-04T09:08:07.5Z")
_NO_TIMES = ("", "A", "a", "0", "T", "2026-07-04", "2026-07-04T09:08:07", "2026-13-04T09:08:07Z")

_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")

_DAY_S = 24 * 60 * 60


def texts_matching(pattern: str, least: int, most: int, length: int) -> Texts:
    """Texts of `least` to `most` letters that match an ECMA 262 pattern; raises PatternError for one that is none.

    A part that may be repeated without end is repeated up to `length` times.
    """
    matches = matcher(pattern)
    drawn = _row(pattern, least, most, length)
    if drawn is not None:
        return drawn
    timely = all(map(matches, _TIMES)) and not any(map(matches, _NO_TIMES))
    others = _times() if timely else _by_regex(pattern)
    return others.filter(lambda text: least <= len(text) <= most and matches(text))


def _by_regex(pattern: str) -> Texts:
    """Texts that match a pattern as Python reads it: close enough to ECMA 262 for callers that filter them."""
    try:
        with warnings.catch_warnings():
            # Python warns of brackets such as `[a&&b]`, which a future version of it may read otherwise.
            warnings.simplefilter("error", FutureWarning)
            return st.from_regex(re.compile(_NAMED_GROUP.sub("(?P<", pattern), re.ASCII))
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise PatternError(f"the pattern {pattern!r} is not supported: no text can be drawn for it: {error}") from error


def _row(pattern: str, least: int, most: int, length: int) -> Texts | None:
    """Texts for a row of classes, None for a pattern that is none, or that the lengths forbid."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    at, parts, end = 1, [], len(pattern) - 1
    while at < end:
        match = _PART.match(pattern, at, end)
        if match is None:
            return None
        at = match.end()
        low, high = _repeats(match)
        parts.append((_letters(match["letters"]), low, max(low, length) if high is None else high, high is None))
    if len(parts) == 1:
        # A single part is drawn within the lengths, not drawn and then thrown away.
        letters, low, high, endless = parts[0]
        low, high = max(low, least), min(max(high, least) if endless else high, most)
        return st.text(letters, min_size=low, max_size=high) if low <= high else None
    if not parts or any(low > high for _, low, high, _ in parts):
        return None
    texts = [st.text(letters, min_size=low, max_size=high) for letters, low, high, _ in parts]
    row = st.tuples(*texts).map("".join)
    shortest, longest = sum(low for _, low, _, _ in parts), sum(high for _, _, high, _ in parts)
    return row if least <= shortest and longest <= most else row.filter(lambda text: least <= len(text) <= most)


def _letters(words: str) -> str:
    return "".join(letter for letter in map(chr, range(128)) if re.fullmatch(words, letter))


def _repeats(match: re.Match[str]) -> tuple[int, int | None]:
    """How often a part comes: at least, and at most, None for no end."""
    if match["least"] is not None:
        return int(match["least"]), int(match["most"] or match["least"])
    return _OFTEN[match["often"]]


def _times() -> Texts:
    """Times in UTC of every year that has four digits, with and without a fraction of a second."""
    days = st.integers(1, date.max.toordinal())
    return st.builds(_time, days, st.integers(0, _DAY_S - 1), st.integers(0, 10**9 - 1))


def _time(day: int, second: int, fraction: int) -> str:
    hours, rest = divmod(second, 3600)
    clock = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return f"{date.fromordinal(day).isoformat()}T{clock}{f'.{fraction}' if fraction else ''}Z"
