"""The base of every record in a journal."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything that goes into a journal: frozen, keyword-only, no unknown fields."""
