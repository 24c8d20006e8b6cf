"""Values that break a schema in one place: a conforming value with one thing wrong.

Each names what it changed. Whether the contract really refuses the result is for the oracle to decide: a value that
happens to conform is no case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from hypothesis import strategies as st

from technogate.generation.responses.valid_values import Field, Schema

Object = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidValue:
    """A value and what was done to it."""

    what: str
    value: object


Breaks = st.SearchStrategy[InvalidValue]

_CYRILLIC = str.maketrans("ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху")  # noqa: RUF001 - look-alikes on purpose
_GREEK = str.maketrans("ABEHIKMNOPTXZo", "ΑΒΕΗΙΚΜΝΟΡΤΧΖο")  # noqa: RUF001 - look-alikes on purpose

#: Ways to write a word almost right. The first are what a shrunk case ends with.
NEAR_MISSES: dict[str, Callable[[str], str]] = {
    "in lower case": str.lower,
    "in upper case": str.upper,
    "capitalised": str.capitalize,
    "with a space after it": lambda text: text + " ",
    "with a space before it": lambda text: " " + text,
    "with a newline after it": lambda text: text + "\n",
    "with a tab before it": lambda text: "\t" + text,
    "with a no-break space after it": lambda text: text + "\u00a0",
    "with a zero-width space after it": lambda text: text + "\u200b",
    "with a byte order mark before it": lambda text: "\ufeff" + text,
    "with a NUL after it": lambda text: text + "\0",
    "without its last letter": lambda text: text[:-1],
    "without its first letter": lambda text: text[1:],
    "with its last letter twice": lambda text: text + text[-1:],
    "with an underscore after it": lambda text: text + "_",
    "twice, with a comma": lambda text: f"{text},{text}",
    "in quotes": lambda text: f'"{text}"',
    "backwards": lambda text: text[::-1],
    "with a Cyrillic letter": lambda text: text.translate(_CYRILLIC),
    "with a Greek letter": lambda text: text.translate(_GREEK),
    "in full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "with an accent": lambda text: text + "\u0301",
    "as markup": lambda text: f"<b>{text}</b>",
    "a hundred times": lambda text: text * 100,
    "empty": lambda _: "",
}

_OTHERS: tuple[object, ...] = (None, True, False, 0, 1, 200, -1.5, "", "null", [], {})
_NO_MEMBERS: tuple[object, ...] = (*_OTHERS, "NO SUCH CODE", "7TH", "a-b", " A")
_ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_ODD = st.integers(0, 255)


def broken(schema: Schema, *, leave: frozenset[str] = frozenset()) -> Breaks:
    """A value of `schema` with one thing wrong; the fields in `leave` stay as they are."""
    if schema.entry is not None:
        return st.one_of(_one_entry(schema, _one_field(schema.entry, frozenset())), _whole(schema))
    return st.one_of(_one_field(schema, leave), _whole(schema))


def broken_field(schema: Schema, name: str) -> Breaks:
    """A value of `schema` in which the field `name` alone is wrong, or missing."""
    return _one_field(schema, frozenset(schema.fields) - {name})


@st.composite
def _one_entry(draw: st.DrawFn, schema: Schema, wrong_entry: Breaks) -> InvalidValue:
    """A list with one entry that is wrong, or that is no entry at all."""
    entries = cast(list[object], draw(schema.values))
    at = draw(_ODD) % (len(entries) + 1)
    wrong = _no_entry(draw) if draw(_ODD) % 8 == 7 else draw(wrong_entry)
    return InvalidValue(what=f"entry {at + 1}: {wrong.what}", value=[*entries[:at], wrong.value, *entries[at:]])


def _no_entry(draw: st.DrawFn) -> InvalidValue:
    return InvalidValue(what="not an object", value=_OTHERS[draw(_ODD) % len(_OTHERS)])


@st.composite
def _one_field(draw: st.DrawFn, schema: Schema, leave: frozenset[str]) -> InvalidValue:
    """An object with one field missing, of another type, almost right, or at odds with another field."""
    value = dict(cast(Object, draw(schema.values)))
    names = [field_name for field_name in schema.fields if field_name not in leave]
    name = names[draw(_ODD) % len(names)]
    field = schema.fields[name]
    if name not in value:
        value[name] = draw(field.values)
    ways = _ways(schema, field, value[name])
    what, put = ways[draw(_ODD) % len(ways)](draw, field, value[name], name)
    if put is _NOTHING:
        del value[name]
    else:
        value[name] = put
    return InvalidValue(what=f"{name}: {what}", value=value)


#: Put in the place of a field that is taken out.
_NOTHING = object()
Way = Callable[[st.DrawFn, Field, object, str], tuple[str, object]]


def _ways(schema: Schema, field: Field, held: object) -> list[Way]:
    """What can be done to a field that holds `held`; what breaks most often comes first."""
    ways: list[Way] = [_another_type]
    if isinstance(held, str) and {"pattern", "enum", "const"} & set(field.node):
        ways = [_near_miss, _near_miss, _another_text, _another_type]
    if isinstance(held, list):
        ways = [_bad_member, _another_type]
    if field.required:
        ways.append(_missing)
    if schema.conditional and (isinstance(held, list) or "enum" in field.node):
        ways.append(_at_odds)
    return ways


def _near_miss(draw: st.DrawFn, _: Field, held: object, __: str) -> tuple[str, object]:
    """Write the field's word almost right."""
    ways = [(what, way(str(held))) for what, way in NEAR_MISSES.items()]
    different = [(what, text) for what, text in ways if text != held]
    return different[draw(_ODD) % len(different)]


def _another_type(draw: st.DrawFn, _: Field, held: object, name: str) -> tuple[str, object]:
    """Put the field's value into another type: a lax parser converts it back."""
    others = [*(value for value in _OTHERS if type(value) is not type(held)), [held], {"value": held}, {name: held}]
    return "another type", others[draw(_ODD) % len(others)]


def _another_text(draw: st.DrawFn, _: Field, __: object, ___: str) -> tuple[str, object]:
    return "another text", draw(_ANY_TEXT)


def _missing(_: st.DrawFn, __: Field, ___: object, ____: str) -> tuple[str, object]:
    return "missing", _NOTHING


def _bad_member(draw: st.DrawFn, _: Field, held: object, __: str) -> tuple[str, object]:
    """Put a member into a list that does not belong there."""
    members = cast(list[object], held)
    at = draw(_ODD) % (len(members) + 1)
    bad = _NO_MEMBERS[draw(_ODD) % len(_NO_MEMBERS)]
    return "a member that does not belong there", [*members[:at], bad, *members[at:]]


def _at_odds(draw: st.DrawFn, field: Field, held: object, _: str) -> tuple[str, object]:
    """Set the field without regard to the others: what a condition between fields may refuse."""
    return "at odds with another field", [] if isinstance(held, list) else draw(field.values)


@st.composite
def _whole(draw: st.DrawFn, schema: Schema) -> InvalidValue:
    """Something else altogether, often with a conforming value inside."""
    value = draw(schema.values)
    wraps: list[tuple[str, object]] = [
        ("null", None),
        ("an empty object", {}),
        ("a number", 200),
        ("a text", "true"),
        ("true", True),
        ("an empty list", []),
        ("in a list", [value]),
        ("in an envelope", {"data": value}),
        ("in an envelope of entries", {"entries": value, "total": 1}),
    ]
    what, wrapped = wraps[draw(_ODD) % len(wraps)]
    return InvalidValue(what=f"the whole response: {what}", value=wrapped)
