"""Audit sources: where the audit trail is read, behind one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from technogate.model.events import TrailEntry
from technogate.target.spec import AuditSpec
from technogate.trail.entry import MOST, TrailError
from technogate.trail.entry_fields import EntryFields
from technogate.trail.entry_times import EntryTimes
from technogate.trail.sources.api_source import ApiSource
from technogate.trail.sources.command_source import CommandSource
from technogate.trail.sources.jsonl_source import JsonlSource

__all__ = ["AuditSource", "TrailError", "open_source"]


class AuditSource(Protocol):
    """A place where the audit trail is read. Reading adds no entry but those of `own_trace_ids`."""

    @property
    def name(self) -> str:
        """The name of this source in reports; holds no secret."""

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """The trace ids of the reads themselves, where reading is a request that the backend may record."""

    @property
    def notes(self) -> Sequence[str]:
        """What was found out about the source that its reader should know, one line each."""

    def take_other(self) -> str:
        """What the source holds besides entries, as text, since the last call: the key must not be in it either."""

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit`; raises TrailError when it cannot be read."""


def open_source(spec: AuditSpec, backend_url: str, api_key: str) -> AuditSource:
    """The source that `spec` describes (placeholders resolved); raises TrailError for an unusable one."""
    fields = EntryFields(spec.fields, EntryTimes(spec.time))
    match spec.source:
        case "jsonl":
            return JsonlSource(Path(spec.path), fields)
        case "sql":
            # Imported only here: SQLAlchemy costs every process of a run a sixth of a second.
            from technogate.trail.sources.sql_source import SqlSource

            return SqlSource(spec.url, spec.query, fields)
        case "command":
            return CommandSource(spec.command, cwd=Path(spec.cwd), env=spec.env, fields=fields)
        case "api":
            return ApiSource(backend_url, api_key)
