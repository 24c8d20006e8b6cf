"""`changes.toml`: breaking changes that an owner accepts until a day. Read, and applied to a comparison."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from technogate.authoring.diff.change import Acceptance, Breaks, Change
from technogate.authoring.diff.rules import rule_ids
from technogate.contract.behavior import worded
from technogate.judging.waivers import MOST_DAYS, expired, is_reason, too_long
from technogate.model.errors import UserError
from technogate.util.toml_file import TomlFileError, decode_text, parse_toml, table_places


class Accept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[accept]]`: the rule and the place as `contract diff` prints them; `expires` is the last day (UTC)."""

    rule: str
    where: str
    reason: str
    owner: str
    expires: date


class ChangesFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `changes.toml`."""

    accept: tuple[Accept, ...] = ()


class _Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    accept: tuple[dict[str, object], ...] = ()


def parse_changes(raw: bytes, path: str, now: float) -> tuple[Acceptance, ...]:
    """The entries in the bytes of the file `path`; raises UserError for a mistake, also a day too far from `now`."""
    try:
        text = decode_text(raw, path)
        rows = msgspec.convert(parse_toml(text, path), _Rows).accept
    except TomlFileError as error:
        raise UserError(str(error)) from error
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {worded(error)}; an accepted change is a table [[accept]]") from error
    places = table_places(text, "accept", path, len(rows))
    entries = [_entry(row, place, now) for row, place in zip(rows, places, strict=True)]
    for number, entry in enumerate(entries):
        if any((entry.rule, entry.where) == (known.rule, known.where) for known in entries[:number]):
            raise UserError(f"{entry.place}: {entry.rule} is accepted twice at one place; keep one of the two")
    return tuple(entries)


def _entry(row: dict[str, object], place: str, now: float) -> Acceptance:
    """One row; raises UserError naming the key that is wrong."""
    expires = row.get("expires")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        raise UserError(f"{place}: the key expires must be a day without quotes, such as expires = 2026-01-31")
    try:
        entry = msgspec.convert(row, Accept)
    except msgspec.ValidationError as error:
        raise UserError(f"{place}: {worded(error)}") from error
    if entry.rule not in rule_ids():
        raise UserError(f"{place}: {entry.rule!r} is no rule; write one as `technogate contract diff` prints it")
    if not is_reason(entry.reason):
        raise UserError(f"{place}: the key reason is not more than a word; write why the change is accepted")
    if not entry.owner.strip():
        raise UserError(f"{place}: the key owner is empty; write who answers for the change")
    if too_long(entry.expires.isoformat(), now):
        raise UserError(f"{place}: the key expires is more than {MOST_DAYS} days from now; choose an earlier day")
    return Acceptance(
        rule=entry.rule,
        where=entry.where,
        reason=entry.reason,
        owner=entry.owner,
        expires=entry.expires.isoformat(),
        place=place,
    )


def apply_changes(
    changes: Iterable[Change], entries: Iterable[Acceptance], now: float
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes, each with the entry that accepts it, and a warning for each entry that accepts nothing.

    An entry counts to the end of its last day (UTC), and for breaking changes alone.
    """
    listed = list(entries)
    by_change = {(entry.rule, entry.where): entry for entry in listed if not expired(entry.expires, now)}
    used: set[str] = set()
    result = []
    for change in changes:
        entry = by_change.get((change.rule, change.where))
        if entry is not None and change.breaks is not Breaks.NOBODY:
            used.add(entry.place)
            change = msgspec.structs.replace(change, accepted=entry)
        result.append(change)
    warnings = [
        f"{entry.place}: the entry for {entry.rule} expired at the end of {entry.expires} and accepts nothing; "
        "remove it, or let the owner decide again"
        if expired(entry.expires, now)
        else f"{entry.place}: the entry for {entry.rule} at {entry.where} matches no breaking change; remove it"
        for entry in listed
        if entry.place not in used
    ]
    return tuple(result), tuple(warnings)
