"""The source of a contract without an audit trail: nothing is read, and nothing is held to it."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST


class NoSource:
    """An audit source without entries; see `technogate.trail.sources.open_source.AuditSource`."""

    name = "no audit trail in the contract"
    own_trace_ids: tuple[str, ...] = ()
    notes: Sequence[str] = ()

    @staticmethod
    def take_other() -> str:
        """See AuditSource."""
        return ""

    @staticmethod
    def read(_limit: int = MOST) -> tuple[TrailEntry, ...]:
        """See AuditSource."""
        return ()
