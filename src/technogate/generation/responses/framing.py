"""An answer as it goes over the wire: its bytes, its framing, and what becomes of the connection.

A `Sent` is one case. It can be delivered (`fault`), and it can be read the way a client gets it
(`given`), which is what the contract is asked about.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from technogate.generation.responses.response_oracle import Given
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.compressed import Compressed
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.content_length import WrongLength
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Draft, Fault, Send, Where

_TRACE = re.compile(rb'"trace_id":\s*"([a-z0-9-]{1,64})"')

#: A body of fewer bytes is not compressed or broken within.
SHORTEST = 16


class Wire(StrEnum):
    """How the bytes travel. The first four are in good order."""

    PLAIN = "with its length"
    CHUNKED = "in chunks"
    GZIP = "as gzip"
    DEFLATE = "as deflate"
    TRUNCATED = "closed before its end"
    TOO_LONG = "with a length above its own"
    TOO_SHORT = "with a length below its own"
    CHUNKS_CUT = "in chunks, the last one missing"
    CHUNK_CUT = "in chunks, cut within one"
    CHUNK_BROKEN = "in chunks, one with a size that is no number"
    GZIP_CUT = "as gzip, cut in the middle"
    GZIP_BROKEN = "as gzip, with bytes damaged"
    GZIP_ABSENT = "announced as gzip, and plain"
    DEFLATE_CUT = "as deflate, cut in the middle"
    RESET_BEFORE = "reset before the headers"
    RESET_IN_HEADERS = "reset within the headers"
    RESET_AFTER_HEADERS = "reset after the headers"
    RESET_IN_BODY = "reset within the body"
    CLOSED_BEFORE = "closed before the headers"
    CLOSED_IN_HEADERS = "closed within the headers"


WHOLE = (Wire.PLAIN, Wire.CHUNKED, Wire.GZIP, Wire.DEFLATE)
FAULTY = tuple(wire for wire in Wire if wire not in WHOLE)
_CHUNKS = {
    Wire.CHUNKED: "whole", Wire.CHUNKS_CUT: "cut", Wire.CHUNK_CUT: "cut-in-chunk", Wire.CHUNK_BROKEN: "broken-size",
}  # fmt: skip
_CODED = {
    Wire.GZIP: ("whole", "gzip"), Wire.DEFLATE: ("whole", "deflate"), Wire.GZIP_CUT: ("cut", "gzip"),
    Wire.GZIP_BROKEN: ("broken", "gzip"), Wire.GZIP_ABSENT: ("absent", "gzip"), Wire.DEFLATE_CUT: ("cut", "deflate"),
}  # fmt: skip
_BREAKS = {
    Wire.RESET_BEFORE: (Where.BEFORE_HEADERS, True), Wire.RESET_IN_HEADERS: (Where.IN_HEADERS, True),
    Wire.RESET_AFTER_HEADERS: (Where.AFTER_HEADERS, True), Wire.RESET_IN_BODY: (Where.IN_BODY, True),
    Wire.CLOSED_BEFORE: (Where.BEFORE_HEADERS, False), Wire.CLOSED_IN_HEADERS: (Where.IN_HEADERS, False),
}  # fmt: skip


def wires_for(body: bytes) -> tuple[Wire, ...]:
    """The ways in which a body of this length can go wrong."""
    if len(body) >= SHORTEST:
        return FAULTY
    return (Wire.TOO_LONG, Wire.RESET_BEFORE, Wire.RESET_IN_HEADERS, Wire.CLOSED_BEFORE, Wire.CLOSED_IN_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One answer to send: `what` says in words how it was made; `at` is where a cut or a length falls."""

    what: str
    body: bytes
    status: int = 200
    content_type: str | None = "application/json"
    wire: Wire = Wire.PLAIN
    at: int = 0
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def case(self) -> str:
        """The case in a few words."""
        sent = [f"HTTP {self.status}"] if self.status != 200 else []
        if self.content_type != "application/json":
            sent.append(f"Content-Type {self.content_type}" if self.content_type else "no Content-Type")
        if self.wire is not Wire.PLAIN:
            sent.append(f"sent {self.wire}")
        return "; ".join([self.what, *sent])

    @property
    def draft(self) -> Draft:
        """The answer in good order. Its trace header equals the body's trace id, as every answer's must."""
        named = _TRACE.search(self.body)
        trace = named[1].decode("ascii") if named else "sent-by-the-gate"
        kind = () if self.content_type is None else (("Content-Type", self.content_type),)
        headers = (*kind, ("X-Trace-Id", trace), *self.headers)
        return Draft(status=self.status, headers=headers, body=self.body)

    def fault(self) -> Fault:
        """What the double is ordered to do."""
        if form := _CHUNKS.get(self.wire):
            return Chunked(draft=self.draft, form=form)  # type: ignore[arg-type]
        if coded := _CODED.get(self.wire):
            return Compressed(draft=self.draft, form=coded[0], coding=coded[1])  # type: ignore[arg-type]
        if where := _BREAKS.get(self.wire):
            return Broken(draft=self.draft, where=where[0], reset=where[1])
        if self.wire is Wire.TRUNCATED:
            return Truncated(draft=self.draft, at=self._cut)
        if self.wire is Wire.TOO_LONG:
            return WrongLength(draft=self.draft, announced=len(self.body) + 1 + self.at)
        if self.wire is Wire.TOO_SHORT:
            return WrongLength(draft=self.draft, announced=self._cut)
        return Conforming(draft=self.draft)

    @property
    def _cut(self) -> int:
        """Where within the body the cut falls."""
        return self.at % len(self.body)

    def given(self) -> Given:
        """What a client can get of it."""
        given = Given(status=self.status, content_type=self.content_type, body=self.body)
        if self.wire in WHOLE:
            return given
        body, unseen = self.body, False
        trouble = f"the answer never comes whole: it is sent {self.wire}"
        if self.wire is Wire.TOO_SHORT:
            body, trouble = self.body[: self._cut], ""
        elif self.wire in (Wire.GZIP_CUT, Wire.GZIP_BROKEN, Wire.DEFLATE_CUT):
            readable = _unchecked(self.fault(), _CODED[self.wire][1])
            if readable is not None:
                body, trouble, unseen = readable, "", True
        return Given(status=self.status, content_type=self.content_type, body=body, trouble=trouble, unseen=unseen)


def _unchecked(fault: Fault, coding: str) -> bytes | None:
    """What a reader gets that checks neither the end nor the checksum, as browsers do not; None for nothing."""
    packed = b"".join(step.data for step in fault.reply().steps if isinstance(step, Send))
    # Past the header: gzip has ten bytes of it, deflate (zlib) two.
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return reader.decompress(packed[10 if coding == "gzip" else 2 :])
    except zlib.error:
        return None
