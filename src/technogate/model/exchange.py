"""An exchange: one request and its response, as they were on the wire, without secrets.

Text from a program under test is kept as it was; `technogate.util.text` makes it harmless to show.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from technogate.model.record import Record

#: Bytes of one body that the journal keeps; a longer one is cut, and `cut` is true.
BODY_LIMIT = 1 << 20


class Ended(StrEnum):
    """How one request ended: `ok` with a complete response, `failed` surely not handled, else `indeterminate`."""

    OK = "ok"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


class Body(Record, frozen=True):
    """The bytes of a request's or a response's body; `text` when they are UTF-8, else `base64`."""

    text: str = ""
    base64: str = ""
    size: int = 0
    cut: bool = False

    @classmethod
    def of(cls, raw: bytes) -> Body:
        """Keep `raw`, at most `BODY_LIMIT` bytes of it."""
        kept = raw[:BODY_LIMIT]
        cut = len(kept) < len(raw)
        try:
            return cls(text=kept.decode("utf-8"), size=len(raw), cut=cut)
        except UnicodeDecodeError:
            return cls(base64=base64.b64encode(kept).decode("ascii"), size=len(raw), cut=cut)

    @property
    def raw(self) -> bytes:
        """The bytes as kept: whole unless `cut`."""
        return base64.b64decode(self.base64) if self.base64 else self.text.encode("utf-8")


Headers = tuple[tuple[str, str], ...]


def header_values(headers: Headers, name: str) -> list[str]:
    """Return every value of the header `name`, in any case, in the order received."""
    wanted, size = name.lower(), len(name)
    # A run has millions of headers: comparing the lengths first is faster.
    return [value for key, value in headers if len(key) == size and key.lower() == wanted]


class Request(Record, frozen=True):
    """One HTTP request as it was sent. `path` has the query and no host."""

    method: str
    path: str
    headers: Headers = ()
    body: Body = Body()


class Response(Record, frozen=True):
    """One HTTP response as it was received.

    `compressed` are the codings that were removed from the body, all but those that a case asks for itself: `body` is
    what was compressed, so that it can be read and searched.
    """

    status: int
    headers: Headers = ()
    body: Body = Body()
    http_version: str = "HTTP/1.1"
    compressed: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """The first value of the header `name`, or None."""
        values = header_values(self.headers, name)
        return values[0] if values else None


class Disclosure(Record, frozen=True):
    """What the gate knows of machine or run, and a response held: its kind, its place, and how it was spelled."""

    kind: str
    place: str
    spelling: str


class Exchange(Record, frozen=True, tag_field="event", tag="exchange"):
    """One request and its outcome: the unit of evidence.

    `id` is unique in the run. `responded_by` names the sender of the response: the `backend` under test,
    or the `mock` backend that the console is judged with. `key` is the
    API key that was sent, as a shell expression over `$TECHNOGATE_API_KEY` ("" when none was).
    `started` and `ended` are seconds since the epoch. `leaks` names the places of the response that held
    the key, `disclosed` what it held of the machine and the run, `problems` what is wrong with a 5xx of a guarded
    operation as an error response. `defects` are the kinds of mistake that the request has by the contract (`no key`,
    `wrong key`, `body`, `query`, …), none when it is valid.
    """

    id: str
    item: str
    responded_by: Literal["backend", "console", "mock"]
    request: Request
    started: float
    ended: float
    operation: str = ""
    case: str = ""
    base_url: str = ""
    key: str = ""
    response: Response | None = None
    end: Ended = Ended.OK
    error: str = ""
    under_fault: str = ""
    leaks: tuple[str, ...] = ()
    disclosed: tuple[Disclosure, ...] = ()
    problems: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Time from the first byte sent to the end of the response."""
        return self.ended - self.started


def by_id(exchanges: Iterable[Exchange]) -> dict[str, Exchange]:
    """Index exchanges by their id."""
    return {exchange.id: exchange for exchange in exchanges}
