"""How the body of an HTTP message is compressed, and what a request offers."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

#: The most bytes that a body may have when it is decompressed.
LONGEST = 1 << 25
#: The codings that this reads, and the windows that zlib reads each with: some servers send deflate without its header.
_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}

#: The names of those codings.
READ = frozenset(_WINDOWS)

HeaderPairs = Sequence[tuple[str, str]]


class NotDecompressed(Exception):  # noqa: N818 - named by what is wrong
    """A body is not compressed as its message says, or in a way that this does not read."""


def codings(headers: HeaderPairs) -> list[str]:
    """The codings of a body, in the order in which they were applied; `identity` is none."""
    return [word for word in _words(headers, "content-encoding") if word != "identity"]


def offered(headers: HeaderPairs) -> set[str]:
    """The codings that a request offers."""
    found = set()
    for word in _words(headers, "accept-encoding"):
        coding, _, quality = word.partition(";")
        if quality.replace(" ", "").rstrip("0") not in ("q=", "q=0."):
            found.add(coding.strip())
    return found


def unasked(request: HeaderPairs, response: HeaderPairs) -> list[str]:
    """The codings of a response's body that its request does not offer; without Accept-Encoding it offers each."""
    used = codings(response)
    if not used or not any(name.lower() == "accept-encoding" for name, _ in request):
        return []
    return [coding for coding in used if coding not in offered(request)]


def decompressed(body: bytes, applied: Sequence[str]) -> bytes:
    """The body without its codings; raises NotDecompressed."""
    for coding in reversed(applied):
        forms = (_read(body, window) for window in _WINDOWS.get(coding, ()))
        read = next((form for form in forms if form is not None), None)
        if read is None:
            raise NotDecompressed(f"the body is not {coding}, or cut, or too long, or {coding} is not read")
        body = read
    return body


def _read(body: bytes, window: int) -> bytes | None:
    """The whole of a compressed body; None when it is not of that form."""
    reader = zlib.decompressobj(window)
    try:
        read = reader.decompress(body, LONGEST)
    except zlib.error:
        return None
    return read if reader.eof else None


def _words(headers: HeaderPairs, name: str) -> list[str]:
    """The comma-separated words of a header, in lower case."""
    values = [value for key, value in headers if key.lower() == name]
    return [word.strip().lower() for value in values for word in value.split(",") if word.strip()]
