"""`waivers.toml`: read, checked and turned into waivers. What became of them is judged in `technogate.judging.waivers`.

The shape is that of `contracts/schemas/waivers.schema.json`, which also says what each key means.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import msgspec

from technogate.contract.behavior import worded
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from technogate.util.toml_file import TomlFileError, decode_text, parse_toml

#: The file that is read without being named, when it lies in the folder where the gate is started.
DEFAULT = Path("waivers.toml")

_HEADING = re.compile(r"^[ \t]*\[\[[ \t]*waiver[ \t]*\]\]", re.MULTILINE)
_REQUIREMENT = re.compile(r"[A-Z]{3}-[0-9]{2}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[waiver]]` as written."""

    requirement: str
    reason: str
    owner: str
    expires: date
    image: str = ""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file as written."""

    waiver: tuple[dict[str, object], ...] = ()


def waivers_of(given: str) -> tuple[Waiver, ...]:
    """The waivers of the file `given`; without a name those of `waivers.toml`, if there is one here.

    Raises UserError, one line that names the file, the place and the hint.
    """
    if given:
        return read_waivers(Path(given))
    # A link that leads nowhere is a file that cannot be read, not the absence of waivers.
    return read_waivers(DEFAULT) if DEFAULT.exists() or DEFAULT.is_symlink() else ()


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers in the file `path`; raises UserError for a file that is none."""
    try:
        text = decode_text(path.read_bytes(), str(path))
        rows = msgspec.convert(parse_toml(text, str(path)), _File).waiver
    except OSError as error:
        raise UserError(f"{path}: the waivers cannot be read: {error.strerror}; correct --waivers") from error
    except TomlFileError as error:
        raise UserError(str(error)) from error
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {worded(error)}; a waiver is a table [[waiver]]") from error
    lines = [text.count("\n", 0, found.start()) + 1 for found in _HEADING.finditer(text)]
    waivers: list[Waiver] = []
    for number, row in enumerate(rows):
        # Headings that are not the waivers' own (in a text of several lines) make the lines unusable.
        place = f"{path}, line {lines[number]}" if len(lines) == len(rows) else f"{path}, waiver {number + 1}"
        waivers.append(_waiver(row, place))
        if any((one.requirement, one.image) == (waivers[-1].requirement, waivers[-1].image) for one in waivers[:-1]):
            raise UserError(f"{place}: {waivers[-1].requirement} is waived twice; keep one of the two")
    return tuple(waivers)


def _waiver(row: dict[str, object], place: str) -> Waiver:
    """One row as a waiver; raises UserError naming the key that is wrong."""
    # A date is part of TOML; text that looks like one is not taken for it.
    if "expires" in row and (not isinstance(row["expires"], date) or isinstance(row["expires"], datetime)):
        raise UserError(f"{place}: the key expires must be a day without quotes, such as expires = 2026-01-31")
    try:
        one = msgspec.convert(row, _Row)
    except msgspec.ValidationError as error:
        raise UserError(f"{place}: {worded(error)}") from error
    if not _REQUIREMENT.fullmatch(one.requirement):
        raise UserError(f'{place}: the key requirement must be one id such as "AUT-01"')
    for key, value in (("reason", one.reason), ("owner", one.owner)):
        if not value.strip():
            raise UserError(f"{place}: the key {key} is empty; a waiver without one counts for nothing")
    if "image" in row and not _IMAGE.fullmatch(one.image):
        raise UserError(f'{place}: the key image must be an image id: "sha256:" and 64 digits of a to f and 0 to 9')
    return Waiver(
        requirement=one.requirement,
        reason=one.reason,
        owner=one.owner,
        expires=one.expires.isoformat(),
        image=one.image,
        place=place,
    )
