"""Entries of the audit trail, in the same form whatever the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from technogate.model.events import TrailEntry

#: The fields of an entry; whatever else a source has is kept as `extra`.
FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
#: The largest `limit` that the contract allows.
MOST = 1000


class TrailError(Exception):
    """The audit trail cannot be read; the text is one line with the place and the reason."""


def entry_of(values: Mapping[str, Any], fields: Mapping[str, str] | None = None) -> TrailEntry:
    """An entry from the values of a source; `fields` maps a field of an entry to its key there."""
    keys = {name: (fields or {}).get(name, name) for name in FIELDS}
    known = set(keys.values())
    return TrailEntry(
        **{name: as_text(values.get(key)) for name, key in keys.items()},
        extra={str(key): as_text(value) for key, value in values.items() if key not in known},
    )


def as_text(value: object) -> str:
    """A value as text: None is "", a time is RFC 3339 in UTC, numbers and collections are JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime():
            # Databases without time zones keep UTC, as the contract requires.
            aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case bool() | int() | float() | list() | tuple() | dict():
            return json.dumps(value, default=str, ensure_ascii=False)
        case _:
            # A UUID, say, or any other type of a database's own.
            return str(value)
