"""How a status as a person sees it differs from what the page's text says."""

from __future__ import annotations

#: The field of a rendered output that says so, where it does.
HIDDEN = "as seen"
