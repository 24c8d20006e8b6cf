"""Entries of the audit trail, in the same form whatever the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from technogate.model.contract_words import spoken
from technogate.model.events import TrailEntry

#: The fields of an entry; whatever else a source has is kept as `extra`.
FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
#: The most entries of one reading.
MOST = 1000
#: The length of a UUID that a database keeps as bytes.
UUID_BYTES = 16


class TrailError(Exception):
    """The audit trail cannot be read; the text is one line with the place and the reason."""


class TrailUnusable(TrailError):  # noqa: N818 - a trail error, named by what is wrong
    """The audit trail cannot be read as the target file describes it, and no request will change that."""


def entry_of(values: Mapping[str, Any]) -> TrailEntry:
    """An entry from the values of a source that has the contract's own names."""
    values = spoken().meaning("entry", values)
    return TrailEntry(
        **{name: as_text(values.get(name)) for name in FIELDS},
        extra={str(key): as_text(value) for key, value in values.items() if key not in FIELDS},
    )


def as_text(value: object) -> str:
    """A value as text: None is "", a time with a zone is RFC 3339 in UTC, numbers and collections are JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime():
            # Which zone a time without one is of, only those who wrote it know.
            if value.tzinfo is None:
                return value.isoformat(sep=" ", timespec="microseconds")
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case bytes() if len(value) == UUID_BYTES and not _is_text(value):
            return str(UUID(bytes=value))
        case bytes():
            return value.decode() if _is_text(value) else value.hex()
        case bool() | int() | float() | list() | tuple() | dict():
            return json.dumps(value, default=str, ensure_ascii=False)
        case _:
            # A UUID, say, or any other type of a database's own.
            return str(value)


def _is_text(value: bytes) -> bool:
    """Whether bytes are text that can be shown."""
    try:
        return value.decode().isprintable()
    except UnicodeDecodeError:
        return False
