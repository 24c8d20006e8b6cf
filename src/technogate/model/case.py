"""What a request is made of before it is sent: the concrete input, and the key that comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import msgspec

from technogate.model.events import Headers

Query = tuple[tuple[str, str], ...]
JSON_TYPE = "application/json"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One concrete input. `body` None sends none; `content_type` "" sends no such header.

    `raw_query` is sent as it is, in place of `query`: it may be no query that can be encoded.
    """

    method: str
    path: str
    operation: str = ""
    query: Query = ()
    headers: Headers = ()
    body: bytes | None = None
    content_type: str = JSON_TYPE
    name: str = ""
    raw_query: str = ""

    @property
    def target(self) -> str:
        """The request target: path and query, percent-encoded unless raw."""
        path = quote(self.path, safe="/%:@!$&'()*+,;=~-._")
        query = self.raw_query or urlencode(self.query)
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What goes into the key header: each value that is sent, and the shell expression that makes it."""

    name: str
    values: tuple[str, ...]
    expressions: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The expression of the first value sent, "" when none was."""
        return self.expressions[0] if self.expressions else ""
