"""The base of the documents that the gate writes for other programs."""

from __future__ import annotations

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a document for other programs: every field is always written, and unknown fields are refused."""
