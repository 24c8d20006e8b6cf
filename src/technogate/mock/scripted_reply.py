"""What the mock backend sends: a well-formed response template, and the steps that deliver it or deform it.

A `ResponseTemplate` is the response as a conforming provider would send it. A fault kind turns it into a
`Reply`: steps that send bytes, wait, hold, close or reset. Parameters are checked when the record is
made, thus before any traffic.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol, runtime_checkable

from technogate.model.contract_words import spoken

Headers = tuple[tuple[str, str], ...]


class Where(StrEnum):
    """The place in a response where a fault takes effect."""

    BEFORE_HEADERS = "before-headers"
    IN_HEADERS = "in-headers"
    AFTER_HEADERS = "after-headers"
    IN_BODY = "in-body"
    AFTER_BODY = "after-body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The status line and the headers; of their bytes, those from `since` up to `until` (None: the end)."""

    status: int
    reason: str
    headers: Headers
    since: int = 0
    until: int | None = None

    def render(self, extra: Headers) -> bytes:
        """The bytes on the wire, with `extra` headers after its own."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{k}: {v}" for k, v in (*self.headers, *extra)), "", ""]
        return "\r\n".join(lines).encode("latin-1")[self.since : self.until]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send these bytes as they are."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Send nothing for so many seconds; None waits until the client leaves or the mock backend is reset."""

    seconds: float | None

    def __post_init__(self) -> None:
        if self.seconds is not None and not 0 <= self.seconds <= 3600:
            raise ValueError(f"a wait is 0 to 3600 seconds, not {self.seconds}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Send nothing until the test releases this name."""

    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("what is held back needs a name to release it by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the connection properly (FIN)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Reset the connection (RST)."""


Step = Head | Send | Wait | Hold | Close | Reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply to a request.

    `effect_at` is the index of the step by which the fault has taken effect: a wait or hold that was
    begun, any other step that was done; None means the last one. A client that leaves
    earlier makes the reply count as not delivered. `cors` adds what a browser needs to let a page of
    another origin read the response. `keep_alive` leaves the connection open for the next request.
    """

    kind: str
    steps: tuple[Step, ...]
    effect_at: int | None = None
    cors: bool = True
    keep_alive: bool = False

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"the reply {self.kind!r} has no steps")
        if self.effect_at is not None and not 0 <= self.effect_at < len(self.steps):
            raise ValueError(f"the reply {self.kind!r} has no step {self.effect_at}")

    @property
    def effect(self) -> int:
        """The index of the step by which the fault has taken effect."""
        return len(self.steps) - 1 if self.effect_at is None else self.effect_at


@runtime_checkable
class Fault(Protocol):
    """A fault kind with its parameters: one method makes the reply."""

    def reply(self) -> Reply:
        """The steps that deliver it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTemplate:
    """A response as a conforming provider would send it: a fault deforms it.

    `Content-Length` and `Connection` are not among `headers`: the fault kind adds its own.
    Raises ValueError for a status outside 100 to 599, or a header that would break the head.
    """

    status: int = 200
    reason: str | None = None
    headers: Headers = (("Content-Type", "application/json"),)
    body: bytes = b""
    keep_alive: bool = False

    def __post_init__(self) -> None:
        if not 100 <= self.status <= 599:
            raise ValueError(f"a status is 100 to 599, not {self.status}")
        for name, value in self.headers:
            if any(char in name + value for char in "\r\n\0"):
                raise ValueError(f"the header {name!r} holds a line break; send such a response with Raw")

    def head(self, *framing: tuple[str, str]) -> Head:
        """The head of this template with `framing` headers (length, encoding) after its own."""
        reason = _reason(self.status) if self.reason is None else self.reason
        connection = ("Connection", "keep-alive" if self.keep_alive else "close")
        return Head(status=self.status, reason=reason, headers=(*self.headers, *framing, connection))

    def length(self) -> Headers:
        """The true length of the body as a header, none for a status that has no body."""
        if self.status in {204, 304} and not self.body:
            return ()
        return (("Content-Length", str(len(self.body))),)

    def steps(self) -> tuple[Step, ...]:
        """Head and body, sent whole."""
        head = self.head(*self.length())
        return (head, Send(data=self.body)) if self.body else (head,)

    def until(self, where: Where) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps before `where` and those after it. Raises ValueError when the body is too short to cut."""
        head, half = self.head(*self.length()), len(self.body) // 2
        if where is Where.IN_BODY and half == 0:
            raise ValueError("a body of less than two bytes has no inside")
        cut = len(head.render(())) // 2
        body = Send(data=self.body)
        return {
            Where.BEFORE_HEADERS: ((), (head, body)),
            Where.IN_HEADERS: ((replace(head, until=cut),), (replace(head, since=cut), body)),
            Where.AFTER_HEADERS: ((head,), (body,)),
            Where.IN_BODY: ((head, Send(data=self.body[:half])), (Send(data=self.body[half:]),)),
            Where.AFTER_BODY: ((head, body), ()),
        }[where]


def json_template(
    value: object,
    *,
    status: int = 200,
    trace_id: str | None = None,
    headers: Headers = (),
    content_type: str | None = "application/json",
    keep_alive: bool = False,
) -> ResponseTemplate:
    """A template whose body is `value` as JSON; `trace_id` fills the trace header, None leaves that header out."""
    own: Headers = () if content_type is None else (("Content-Type", content_type),)
    trace: Headers = () if trace_id is None else ((spoken().trace_header, trace_id),)
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return ResponseTemplate(status=status, headers=(*own, *trace, *headers), body=body, keep_alive=keep_alive)


def _reason(status: int) -> str:
    """The usual words for a status, "Unknown" for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def as_reply(scripted: Reply | Fault) -> Reply:
    """The reply itself, or the one that a fault kind makes."""
    return scripted if isinstance(scripted, Reply) else scripted.reply()
