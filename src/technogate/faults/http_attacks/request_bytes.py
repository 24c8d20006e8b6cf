"""The bytes of a conforming request, before a fault changes them, and of a whole response."""

from __future__ import annotations

import re
from dataclasses import dataclass

from technogate.model.events import Headers

#: The status line of a response that another one follows; after 101 another protocol does.
_INFORMATIONAL = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r]")
#: The last chunk of a body, with trailers or without, and the empty line that ends it.
_LAST_CHUNK = re.compile(rb"\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """One request as a conforming client would send it; `headers` hold the key."""

    method: str
    path: str
    headers: Headers
    body: bytes = b""

    def __post_init__(self) -> None:
        if any(mark in text for pair in self.headers for text in pair for mark in "\r\n"):
            raise ValueError("a header is one line")

    def head(self, *extra: tuple[str, str], length: int | None = None) -> bytes:
        """The request line and the headers, with `extra` ones; `length` is the announced length of the body."""
        announced = len(self.body) if length is None else length
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        lines += [f"{name}: {value}" for name, value in extra]
        if announced:
            lines.append(f"Content-Length: {announced}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def render(self) -> bytes:
        """The whole request."""
        return self.head() + self.body


def positive(name: str, number: float, most: float) -> None:
    """Check a parameter before any traffic; raises ValueError unless it lies above 0 and at most at `most`."""
    if not 0 < number <= most:
        raise ValueError(f"{name} is above 0 and at most {most:g}, not {number:g}")


def first_response(data: bytes, *, closed: bool = False) -> bytes | None:
    """Return the first complete response in `data`, without what follows it; None while it is incomplete.

    Informational responses before it are left out. With `closed` the connection has ended after `data`, which
    completes a response that names no length.
    """
    while (head_end := data.find(b"\r\n\r\n")) >= 0 and _INFORMATIONAL.match(data):
        data = data[head_end + 4 :]
    head, end, body = data.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    if not end:
        return None
    if status.split(b" ")[1:2] == [b"204"]:
        return head + end
    values = {name.strip().lower(): value.strip() for name, _, value in (field.partition(b":") for field in fields)}
    if b"chunked" in values.get(b"transfer-encoding", b"").lower():
        last = _LAST_CHUNK.search(b"\r\n" + body)
        # The search began two bytes before the body.
        return head + end + body[: last.end() - 2] if last is not None else None
    length = values.get(b"content-length", b"")
    if not length:
        return data if closed else None
    if not length.isdigit() or len(body) < int(length):
        return None
    return head + end + body[: int(length)]
