"""What differs between the fields of two objects, as shifts. Pure.

In a request a field that is new is a thing to say that the other side does not know, and so it widens; in a response
a further field is ignored, as long as the object is open.
"""

from __future__ import annotations

from collections.abc import Iterator

from technogate.authoring.diff.schema_level import Level
from technogate.authoring.diff.shift import Context, Effect, Shift


def field_shifts(before: Level, after: Level, context: Context) -> Iterator[Shift]:
    """Fields that are new or gone, required or not, and whether others are allowed."""
    for name in (*before.fields, *(name for name in after.fields if name not in before.fields)):
        old, new = name in before.fields, name in after.fields
        if old != new:
            yield _moved(name, before, after, context)
        elif (name in before.required) != (name in after.required):
            yield _required(name, before, after)
    for name in sorted((before.required.keys() ^ after.required.keys()) - before.fields.keys() - after.fields.keys()):
        yield _required(name, before, after)
    if before.is_closed != after.is_closed:
        level = after if after.is_closed else before
        yield Shift(
            kind=f"further-fields-{'refused' if after.is_closed else 'allowed'}",
            where=level.at["further"],
            effect=Effect.NARROWS if after.is_closed else Effect.WIDENS,
            what=f"fields without a name are {'refused' if after.is_closed else 'allowed'} now",
        )


def _moved(name: str, before: Level, after: Level, context: Context) -> Shift:
    """A field that is on one side alone."""
    is_new = name in after.fields
    level, other = (after, before) if is_new else (before, after)
    demanded = name in level.required
    # What is required of one side alone is a narrowing, and where it was required before, a widening.
    effects = {Effect.NARROWS if is_new else Effect.WIDENS} if demanded else set()
    if other.is_closed or (context.is_sent_by_console and not demanded):
        effects.add(Effect.WIDENS if is_new else Effect.NARROWS)
    kind = f"{'required' if demanded else 'optional'}-field-{'added' if is_new else 'removed'}"
    return Shift(
        kind=kind,
        where=level.fields[name][0][0],
        effect=Effect.BOTH if len(effects) > 1 else effects.pop() if effects else Effect.NEITHER,
        what=f"the {'required' if demanded else 'optional'} field {name} is {'new' if is_new else 'gone'}",
        before="" if is_new else name,
        after=name if is_new else "",
    )


def _required(name: str, before: Level, after: Level) -> Shift:
    now = name in after.required
    pointer = (after if now else before).required[name]
    return Shift(
        kind="field-required" if now else "field-optional",
        where=f"{pointer}/required",
        effect=Effect.NARROWS if now else Effect.WIDENS,
        what=f"the field {name} is {'required' if now else 'optional'} now",
        before="optional" if now else "required",
        after="required" if now else "optional",
    )
