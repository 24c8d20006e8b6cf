"""A limit in the user's own query or command, which would hide entries that the gate looks for."""

from __future__ import annotations

import re

from technogate.trail.entry import MOST

_LIMITS = re.compile(
    r"(?:\blimit\s+|--limit[= ]|\bfetch\s+(?:first|next)\s+|\btop\s*\(?\s*|\brownum\s*<=?\s*)(\d+)", re.IGNORECASE
)


def own_limit(text: str) -> int:
    """The entries that `text` asks for at most, when they are fewer than a reading shows; else 0."""
    limits = [int(match[1]) for match in _LIMITS.finditer(text)]
    return min((limit for limit in limits if 0 < limit < MOST), default=0)
