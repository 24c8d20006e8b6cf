"""Edge values: what lies at, just within and just beyond the limits of a schema, and what readers often get wrong."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Mapping, Sequence

from technogate.model.contract_words import spoken

#: Texts that a lax parser takes for something else: a word of JSON, a path, SQL, markup, a format.
TEXTS: tuple[str, ...] = (
    "",
    " ",
    "null",
    "true",
    "0",
    "-1",
    "undefined",
    "NaN",
    "[]",
    "{}",
    "a,b",
    "a;b",
    "' OR '1'='1",
    '"; DROP TABLE audit_events; --',
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "%s%n%x",
    "%00",
    "{{7*7}}",
    "${7*7}",
    "`id`",
    "a\\b",
    "tab\there",
    "line\nbreak",
    "carriage\r\nreturn",
    "nul\x00inside",
    "\x7f",
    "\x1b[31mred",
    "é",
    "e\u0301",
    "ß",
    "İ",
    "\u202eright to left",
    "\u200b",
    "\ufeff",
    "\uffff",
    "日本語",
    "😀",
    "👩\u200d👩\u200d👧",
)

#: Alphabets to fill a text of some length with.
ALPHABETS: tuple[str, ...] = (
    "a",
    string.ascii_letters + string.digits,
    string.printable,
    "éß日本",
    "😀",
    "\x00",
    '"\\',
)

_COMMAND = string.ascii_uppercase + "_"
_SCALARS: tuple[object, ...] = (None, True, False, 0, 1, -1, 1.5, 10**15, -(10**15), 1e300, "", "x", [], {})


def filled(length: int, rng: random.Random) -> str:
    """A text of `length` characters of one alphabet."""
    return "".join(rng.choices(rng.choice(ALPHABETS), k=length))


def lengths(schema: Mapping[str, object], *, most: int) -> tuple[list[int], list[int]]:
    """Lengths that a schema of a string allows, its limits among them, and lengths that it forbids."""
    low, high = _limit(schema, "minLength", 0), _limit(schema, "maxLength", most)
    within = sorted({length for length in (low, low + 1, (low + high) // 2, high - 1, high) if low <= length <= high})
    beyond = [length for length in (0, low - 1) if 0 <= length < low]
    if "maxLength" in schema:
        beyond += [high + 1, high + 2, 2 * high, 16 * high]
    return within, sorted(set(beyond))


def integers(schema: Mapping[str, object], rng: random.Random) -> tuple[int, int]:
    """One integer that a schema allows, and one that it forbids where it forbids any."""
    low, high = _limit(schema, "minimum", -(10**6)), _limit(schema, "maximum", 10**6)
    small = [rng.randint(low, min(high, low + 20)) for _ in range(8)]
    within = rng.choice([low, low + 1, high, rng.randint(low, high), *small])
    outside = [low - 1, low - 2, -high, high + 1, high + 2, 10 * high, 2**31, 2**63, 10**30]
    return max(low, min(within, high)), rng.choice([number for number in outside if not low <= number <= high])


def allowed_integers(schema: Mapping[str, object]) -> list[int]:
    """The integers at the limits of a schema and next to them, ascending."""
    low, high = _limit(schema, "minimum", -(10**6)), _limit(schema, "maximum", 10**6)
    return sorted({number for number in (low, low + 1, (low + high) // 2, high - 1, high) if low <= number <= high})


def wrong_integers(schema: Mapping[str, object], within: int) -> tuple[str, ...]:
    """Texts that a schema of an integer forbids: beyond its limits, and what a lenient reader takes for `within`."""
    low, high = _limit(schema, "minimum", -(10**6)), _limit(schema, "maximum", 10**6)
    beyond = (low - 1, -high, high + 1, 10 * high, 2**31, 2**63, 10**30)
    return (*map(str, beyond), f"{within}abc", f"{within}.5", f"0x{within:x}", "1e2", "all", "NaN")


def wrong_words(word: str) -> tuple[str, ...]:
    """Texts that only a lenient reader takes for `word`, or for a word of an enumeration at all."""
    return (word.swapcase(), f"{word} ", f" {word}", word[:-1], word * 2, "PENDING", f"{word},{word}", "*")


def command(length: int, rng: random.Random) -> str:
    """A text of `length` characters that the pattern of commands allows."""
    return "".join(rng.choices(_COMMAND, k=length))


def garbled(text: str, rng: random.Random) -> str:
    """A text that has one character too many, or another, than `text`: none that belongs into a command."""
    odd = rng.choice(
        ["a", "z", "0", "9", " ", "\n", "\t", "-", ".", "é", "\uff21", "\u0410", "\x00", "😀", "\u200b", "/", "'"]
    )
    place = rng.choice([0, len(text), rng.randint(0, len(text))])
    cut = text[place + rng.randint(0, 1) :] if len(text) > 1 else text[place:]
    return rng.choice([text[:place] + odd + cut, text.lower(), text.capitalize(), text[:place] + odd + cut])


def anything(rng: random.Random, depth: int = 2) -> object:
    """Any JSON value, small."""
    kind = rng.random()
    if depth == 0 or kind < 0.5:
        return rng.choice(_SCALARS)
    if kind < 0.75:
        return rng.choice(TEXTS)
    if kind < 0.87:
        return [anything(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {rng.choice(TEXTS): anything(rng, depth - 1) for _ in range(rng.randint(0, 3))}


def of_another_type(rng: random.Random, *, than: type) -> object:
    """A JSON value that is neither null nor of the type `than`."""
    while True:
        value = rng.choice([*_SCALARS, ["ZZZ"], {spoken().name("request", "command"): "ZZZ"}, [[]], 2**53 + 1])
        if value is not None and type(value) is not than:
            return value


def written(value: object, rng: random.Random) -> bytes:
    """A JSON text of `value`, in one of the ways in which the same value can be written."""
    separators = rng.choice([None, (",", ":"), (" , ", " : "), (",\r\n\t", ":")])
    text = json.dumps(value, ensure_ascii=rng.random() < 0.3, separators=separators)
    if rng.random() < 0.1:
        text = rng.choice([" ", "\n", "\t\r\n"]) + text + rng.choice(["", "\n", " "])
    return text.encode()


def shuffled(members: Sequence[tuple[str, object]], rng: random.Random) -> dict[str, object]:
    """An object of `members` in any order."""
    return dict(rng.sample(members, k=len(members)))


def _limit(schema: Mapping[str, object], keyword: str, otherwise: int) -> int:
    bound = schema.get(keyword, otherwise)
    return bound if isinstance(bound, int) else otherwise
