"""Read and validate `waivers.toml`. `technogate.judging.waivers` applies the waivers.

`contracts/schemas/waivers.schema.json` describes the shape and the meaning of each key.
"""

from __future__ import annotations

import re
import time
from datetime import date, datetime
from pathlib import Path

import msgspec

from technogate.contract.behavior import worded
from technogate.judging.waivers import MOST_DAYS, is_reason, never_waived, too_long
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from technogate.model.requirement import ID
from technogate.util.toml_file import TomlFileError, decode_text, parse_toml, table_places

_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[waiver]]` in the file."""

    requirement: str
    reason: str
    owner: str
    expires: date
    image: str = ""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    waiver: tuple[dict[str, object], ...] = ()


def waivers_of(file: str) -> tuple[Waiver, ...]:
    """The waivers in `file`, none for "": a file counts only when it is named.

    Raises UserError, one line that names the file, the place and the hint.
    """
    return read_waivers(Path(file)) if file else ()


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers in the file `path`; raises UserError for a mistake in the file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: the waivers cannot be read: {error.strerror}; correct --waivers") from error
    return parse_waivers(raw, str(path), time.time())


def parse_waivers(raw: bytes, path: str, now: float) -> tuple[Waiver, ...]:
    """The waivers in the bytes of the file `path`; raises UserError for a mistake, also a day too far from `now`."""
    try:
        text = decode_text(raw, path)
        rows = msgspec.convert(parse_toml(text, path), _File).waiver
    except TomlFileError as error:
        raise UserError(str(error)) from error
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {worded(error)}; a waiver is a table [[waiver]]") from error
    waivers: list[Waiver] = []
    for row, place in zip(rows, table_places(text, "waiver", path, len(rows)), strict=True):
        waiver = _waiver(row, place, now)
        if any((known.requirement, known.image) == (waiver.requirement, waiver.image) for known in waivers):
            raise UserError(f"{place}: {waiver.requirement} is waived twice; keep one of the two")
        waivers.append(waiver)
    return tuple(waivers)


def _waiver(row: dict[str, object], place: str, now: float) -> Waiver:
    """One row as a waiver; raises UserError naming the key that is wrong."""
    # TOML has dates; a text that looks like a date is not accepted.
    if "expires" in row and (not isinstance(row["expires"], date) or isinstance(row["expires"], datetime)):
        raise UserError(f"{place}: the key expires must be a day without quotes, such as expires = 2026-01-31")
    try:
        entry = msgspec.convert(row, _Row)
    except msgspec.ValidationError as error:
        raise UserError(f"{place}: {worded(error)}") from error
    if not ID.fullmatch(entry.requirement):
        raise UserError(f'{place}: the key requirement must be one id such as "AUT-01"')
    for key, value in (("reason", entry.reason), ("owner", entry.owner)):
        if not value.strip():
            raise UserError(f"{place}: the key {key} is empty; a waiver needs one")
    if not is_reason(entry.reason):
        raise UserError(f"{place}: the key reason is one word; write why the failure is accepted")
    if never_waived(entry.requirement):
        raise UserError(f"{place}: {entry.requirement} keeps the key, and that is never waived; remove the waiver")
    if too_long(entry.expires.isoformat(), now):
        raise UserError(f"{place}: the key expires is more than {MOST_DAYS} days from now; choose an earlier day")
    if "image" in row and not _IMAGE.fullmatch(entry.image):
        raise UserError(f'{place}: the key image must be an image id: "sha256:" and 64 digits of a to f and 0 to 9')
    return Waiver(
        requirement=entry.requirement,
        reason=entry.reason,
        owner=entry.owner,
        expires=entry.expires.isoformat(),
        image=entry.image,
        place=place,
    )
