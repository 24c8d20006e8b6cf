"""What differs between two schemas, as shifts: each with whether it narrows or widens what is allowed. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from technogate.authoring.diff.object_changes import field_shifts
from technogate.authoring.diff.schema_level import BOUNDS, Level, Node, Place, canonical, level_of, tighter
from technogate.authoring.diff.shift import Context, Effect, Shift, value_text

_HYPHENATED = {
    "minLength": "min-length",
    "maxLength": "max-length",
    "minItems": "min-items",
    "maxItems": "max-items",
    "minProperties": "min-fields",
    "maxProperties": "max-fields",
}
#: Notes about a value, and the kind of change that a change of one is.
_NOTES = {
    "title": "text-changed",
    "description": "text-changed",
    "format": "format-changed",
    "default": "default-changed",
    "example": "example-changed",
    "examples": "example-changed",
    "deprecated": "deprecation-changed",
    "readOnly": "access-changed",
    "writeOnly": "access-changed",
}


class SchemaComparison:
    """Two schemas within their documents, compared level by level; `context` says who says what they describe."""

    def __init__(self, old: Node, new: Node, context: Context) -> None:
        self._old, self._new, self._context = old, new, context
        self._seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()

    def shifts(self, old: Place, new: Place) -> Iterator[Shift]:
        """Every shift between the two places; raises RefError for a reference that cannot be followed."""
        pair = (tuple(pointer for pointer, _ in old), tuple(pointer for pointer, _ in new))
        if pair in self._seen:
            return
        self._seen.add(pair)
        before, after = level_of(self._old, old), level_of(self._new, new)
        if before.alternatives or after.alternatives:
            yield from self._alternatives(before, old, after, new)
            if before.only_alternatives != after.only_alternatives:
                return
        yield from _values(before, after)
        yield from _bounds(before, after)
        yield from _conditions(before, after)
        yield from field_shifts(before, after, self._context)
        yield from _notes(before, after, self._context)
        for name in before.fields.keys() & after.fields.keys():
            yield from self.shifts(before.fields[name], after.fields[name])
        yield from self._inner(before, after)

    def _inner(self, before: Level, after: Level) -> Iterator[Shift]:
        """The entries of a list, and the values of fields without a name."""
        if before.items or after.items:
            beside: Place = ((f"{(before if before.items else after).pointer}/items", {}),)
            yield from self.shifts(before.items or beside, after.items or beside)
        if before.further and after.further:
            yield from self.shifts(before.further, after.further)
        elif (before.further or after.further) and not (before.is_closed or after.is_closed):
            effect = Effect.NARROWS if after.further else Effect.WIDENS
            level = after if after.further else before
            yield Shift(
                kind="further-fields-changed",
                where=level.at["further"],
                effect=effect,
                what="the schema of fields without a name is " + ("new" if after.further else "gone"),
            )

    def _alternatives(self, before: Level, old: Place, after: Level, new: Place) -> Iterator[Shift]:
        """Alternatives that are new or gone; one that was changed is compared with what it was."""
        ours, theirs = before.alternatives, after.alternatives
        if not theirs or not ours:
            whole = before if theirs else after
            if whole.pointer and not (before if ours else after).only_alternatives:
                yield _schema_changed(after)
                return
            ours, theirs = ours or (old,), theirs or (new,)
        known = {canonical(self._old, place): place for place in ours}
        found = {canonical(self._new, place): place for place in theirs}
        gone = [place for text, place in known.items() if text not in found]
        more = [place for text, place in found.items() if text not in known]
        for text in known.keys() & found.keys():
            yield from self.shifts(known[text], found[text])
        if not (before.alternatives and after.alternatives) and gone and more:
            yield _schema_changed(after)
            return
        # What has the same name, or is the only one left on both sides, is the same alternative changed.
        for place in list(gone):
            same = [other for other in more if _name(other) == _name(place)]
            same = same or (more if len(gone) == len(more) == 1 else [])
            if same:
                yield from self.shifts(place, same[0])
                gone.remove(place)
                more.remove(same[0])
        for places, kind, effect, word in (
            (gone, "alternative-removed", Effect.NARROWS, "gone"),
            (more, "alternative-added", Effect.WIDENS, "new"),
        ):
            for place in places:
                yield Shift(
                    kind=kind, where=place[0][0], effect=effect, what=f"the alternative {_name(place)} is {word}"
                )


def _name(place: Place) -> str:
    """What an alternative is called: its reference, its title, or its place."""
    pointer, node = place[0]
    if isinstance(node, dict):
        return str(node.get("$ref") or node.get("title") or node.get("type") or pointer)
    return pointer


def _schema_changed(after: Level) -> Shift:
    where = after.at.get("alternatives", after.pointer)
    return Shift(kind="schema-changed", where=where, effect=Effect.BOTH, what="the schema is another one")


def _values(before: Level, after: Level) -> Iterator[Shift]:
    """Types and enumerated values."""
    old, new = before.values, after.values
    if old is None or new is None:
        yield from _types(before, after)
        if (old is None) != (new is None):
            kind, effect = ("enum-added", Effect.NARROWS) if old is None else ("enum-removed", Effect.WIDENS)
            level = after if old is None else before
            yield Shift(
                kind=kind,
                where=f"{level.at.get('enum', level.pointer)}/enum",
                effect=effect,
                what="the value must be one of a list" if old is None else "the value may be any",
                before=value_text(list(old.values())) if old else "any",
                after=value_text(list(new.values())) if new else "any",
            )
        return
    for text in sorted(old.keys() - new.keys()):
        yield _value(after, before, "value-removed", Effect.NARROWS, old[text], "gone")
    for text in sorted(new.keys() - old.keys()):
        yield _value(after, before, "value-added", Effect.WIDENS, new[text], "new")


def _value(after: Level, before: Level, kind: str, effect: Effect, value: object, word: str) -> Shift:
    where = f"{after.at.get('enum', before.at.get('enum', after.pointer))}/enum"
    shown = value_text(value)
    gone = word == "gone"
    return Shift(
        kind=kind, where=where, effect=effect, what=f"the value {shown} is {word}",
        before=shown if gone else "", after="" if gone else shown,
    )  # fmt: skip


def _types(before: Level, after: Level) -> Iterator[Shift]:
    where = f"{after.at.get('type', before.at.get('type', after.pointer))}/type"
    gone, more = before.types - after.types, after.types - before.types
    for types, kind, effect, word in (
        (gone, "removed", Effect.NARROWS, "no longer"),
        (more, "added", Effect.WIDENS, "now"),
    ):
        if types:
            null = "null" if types == {"null"} else "type"
            yield Shift(
                kind=f"{null}-{kind}",
                where=where,
                effect=effect,
                what=f"the value may {word} be of the type {value_text(types)}",
                before=value_text(before.types),
                after=value_text(after.types),
            )


def _bounds(before: Level, after: Level) -> Iterator[Shift]:
    """Lengths, sizes, numbers, and patterns."""
    for keyword, (is_low, nothing) in BOUNDS.items():
        old, new = before.bounds.get(keyword, (nothing, False)), after.bounds.get(keyword, (nothing, False))
        if old != new:
            narrows = tighter(new, old, keyword)
            word = "raised" if narrows == is_low else "lowered"
            pointer = after.at.get(keyword, before.at.get(keyword, after.pointer))
            yield Shift(
                kind=f"{_HYPHENATED.get(keyword, keyword)}-{word}",
                where=f"{pointer}/{keyword}",
                effect=Effect.NARROWS if narrows else Effect.WIDENS,
                what=f"{keyword} is {word}",
                before=_bound_text(old),
                after=_bound_text(new),
            )
    if before.patterns != after.patterns:
        kind = "added" if before.patterns < after.patterns else "removed"
        kind = kind if before.patterns < after.patterns or after.patterns < before.patterns else "changed"
        effect = {"added": Effect.NARROWS, "removed": Effect.WIDENS, "changed": Effect.BOTH}[kind]
        yield Shift(
            kind=f"pattern-{kind}",
            where=f"{after.at.get('pattern', before.at.get('pattern', after.pointer))}/pattern",
            effect=effect,
            what=f"the pattern is {kind}",
            before=value_text(before.patterns) or "none",
            after=value_text(after.patterns) or "none",
        )
    if before.unique != after.unique:
        yield Shift(
            kind=f"unique-items-{'added' if after.unique else 'removed'}",
            where=f"{(after if after.unique else before).at['uniqueItems']}/uniqueItems",
            effect=Effect.NARROWS if after.unique else Effect.WIDENS,
            what=f"entries of the list {'must be different' if after.unique else 'may be equal'}",
        )


def _bound_text(bound: tuple[float, bool]) -> str:
    value, excluded = bound
    if value in (float("inf"), float("-inf")):
        return "none"
    return f"{value:g}{' (excluded)' if excluded else ''}"


def _conditions(before: Level, after: Level) -> Iterator[Shift]:
    for keyword in sorted(before.conditions.keys() | after.conditions.keys()):
        old, new = before.conditions.get(keyword), after.conditions.get(keyword)
        if old != new:
            effect = Effect.NARROWS if old is None else Effect.WIDENS if new is None else Effect.BOTH
            # `then` and `else` mean nothing alone, and what they add depends on the condition.
            effect = Effect.BOTH if keyword in ("if", "then", "else", "prefixItems", "discriminator") else effect
            pointer = after.at.get(keyword, before.at.get(keyword, after.pointer))
            word = "new" if old is None else "gone" if new is None else "another"
            yield Shift(
                kind="condition-changed", where=f"{pointer}/{keyword}", effect=effect, what=f"`{keyword}` is {word}"
            )


def _plain(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _notes(before: Level, after: Level, context: Context) -> Iterator[Shift]:
    """Notes that say nothing about validity; a default decides what an absent value means."""
    for keyword, kind in _NOTES.items():
        old, new = before.notes.get(keyword, [None])[0], after.notes.get(keyword, [None])[0]
        if keyword != "default":
            # An absent note says the same as one that is false or empty.
            old, new = old or None, new or None
        if _plain(old) == _plain(new):
            continue
        means = kind == "default-changed" and context.is_sent_by_console
        yield Shift(
            kind=kind,
            where=f"{after.at.get(keyword, before.at.get(keyword, after.pointer))}/{keyword}",
            effect=Effect.BOTH if means or kind == "access-changed" else Effect.NEITHER,
            what=f"`{keyword}` is changed",
            before="none" if old is None else value_text(old),
            after="none" if new is None else value_text(new),
        )
