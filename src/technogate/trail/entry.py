"""Entries of the audit trail, as any source hands them over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from technogate.model.events import TrailEntry

#: The fields of an entry; whatever else a source has is kept as `extra`.
FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
#: The most entries that the contract lets anybody ask for.
MOST = 1000


class TrailError(Exception):
    """The audit trail cannot be read; the text is one line that says where and why."""


def entry_of(found: Mapping[str, Any], fields: Mapping[str, str] | None = None) -> TrailEntry:
    """An entry from what a source found; `fields` maps a field to the key that it has there."""
    keys = {name: (fields or {}).get(name, name) for name in FIELDS}
    known = set(keys.values())
    return TrailEntry(
        **{name: as_text(found.get(key)) for name, key in keys.items()},
        extra={str(key): as_text(value) for key, value in found.items() if key not in known},
    )


def as_text(value: object) -> str:
    """A value as text: nothing is "", a time is RFC 3339 in UTC, numbers and what has parts are JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime():
            # Databases that know no zones keep UTC, as the contract has it.
            aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case bool() | int() | float() | list() | tuple() | dict():
            return json.dumps(value, default=str, ensure_ascii=False)
        case _:
            # A UUID, say, or any other type of a database's own.
            return str(value)
