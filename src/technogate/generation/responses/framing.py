"""A response as it goes over the wire: its bytes, its framing, and how the connection ends.

A `FramedResponse` is one case: `fault` is what the mock backend sends, `received` what a client can get of it, which
the oracle judges.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from technogate.generation.responses.response_oracle import ReceivedResponse
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.compressed import Compressed
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.content_length import WrongLength
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, ResponseTemplate, Send, Where
from technogate.model.contract_words import spoken


@cache
def _trace(name: str) -> re.Pattern[bytes]:
    """The trace id in a body, in the field of this name."""
    return re.compile(rb'"%s":\s*"([a-z0-9-]{1,64})"' % re.escape(name.encode()))


#: A body of fewer bytes is not compressed or broken within.
SHORTEST = 16


class Framing(StrEnum):
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


WHOLE = (Framing.PLAIN, Framing.CHUNKED, Framing.GZIP, Framing.DEFLATE)
FAULTY = tuple(wire for wire in Framing if wire not in WHOLE)
_CHUNKS = {
    Framing.CHUNKED: "whole",
    Framing.CHUNKS_CUT: "cut",
    Framing.CHUNK_CUT: "cut-in-chunk",
    Framing.CHUNK_BROKEN: "broken-size",
}
_CODED = {
    Framing.GZIP: ("whole", "gzip"),
    Framing.DEFLATE: ("whole", "deflate"),
    Framing.GZIP_CUT: ("cut", "gzip"),
    Framing.GZIP_BROKEN: ("broken", "gzip"),
    Framing.GZIP_ABSENT: ("absent", "gzip"),
    Framing.DEFLATE_CUT: ("cut", "deflate"),
}
_BREAKS = {
    Framing.RESET_BEFORE: (Where.BEFORE_HEADERS, True), Framing.RESET_IN_HEADERS: (Where.IN_HEADERS, True),
    Framing.RESET_AFTER_HEADERS: (Where.AFTER_HEADERS, True), Framing.RESET_IN_BODY: (Where.IN_BODY, True),
    Framing.CLOSED_BEFORE: (Where.BEFORE_HEADERS, False), Framing.CLOSED_IN_HEADERS: (Where.IN_HEADERS, False),
}  # fmt: skip


def wires_for(body: bytes) -> tuple[Framing, ...]:
    """The ways in which a body of this length can go wrong."""
    if len(body) >= SHORTEST:
        return FAULTY
    return (
        Framing.TOO_LONG,
        Framing.RESET_BEFORE,
        Framing.RESET_IN_HEADERS,
        Framing.CLOSED_BEFORE,
        Framing.CLOSED_IN_HEADERS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedResponse:
    """One response to send: `what` describes how it was made; `at` is where a cut or a length falls."""

    what: str
    body: bytes
    status: int = 200
    content_type: str | None = "application/json"
    wire: Framing = Framing.PLAIN
    at: int = 0
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def case(self) -> str:
        """The case in a few words."""
        sent = [f"HTTP {self.status}"] if self.status != 200 else []
        if self.content_type != "application/json":
            sent.append(f"Content-Type {self.content_type}" if self.content_type else "no Content-Type")
        if self.wire is not Framing.PLAIN:
            sent.append(f"sent {self.wire}")
        return "; ".join([self.what, *sent])

    @property
    def template(self) -> ResponseTemplate:
        """The response in good order. Its trace header equals the body's trace id, as every response's must."""
        named = _trace(spoken().name("envelope", "trace_id")).search(self.body)
        trace = named[1].decode("ascii") if named else "sent-by-the-gate"
        kind = () if self.content_type is None else (("Content-Type", self.content_type),)
        headers = (*kind, (spoken().trace_header, trace), *self.headers)
        return ResponseTemplate(status=self.status, headers=headers, body=self.body)

    def fault(self) -> Fault:
        """The reply that the mock backend sends."""
        if form := _CHUNKS.get(self.wire):
            return Chunked(template=self.template, form=form)  # type: ignore[arg-type]
        if coded := _CODED.get(self.wire):
            return Compressed(template=self.template, form=coded[0], coding=coded[1])  # type: ignore[arg-type]
        if where := _BREAKS.get(self.wire):
            return Broken(template=self.template, where=where[0], reset=where[1])
        if self.wire is Framing.TRUNCATED:
            return Truncated(template=self.template, at=self._cut)
        if self.wire is Framing.TOO_LONG:
            return WrongLength(template=self.template, announced=len(self.body) + 1 + self.at)
        if self.wire is Framing.TOO_SHORT:
            return WrongLength(template=self.template, announced=self._cut)
        return Conforming(template=self.template)

    @property
    def _cut(self) -> int:
        """Where within the body the cut falls."""
        return self.at % len(self.body)

    def received(self) -> ReceivedResponse:
        """What a client can get of it."""
        received = ReceivedResponse(status=self.status, content_type=self.content_type, body=self.body)
        if self.wire in WHOLE:
            return received
        body, unseen = self.body, False
        trouble = f"the response never comes whole: it is sent {self.wire}"
        if self.wire is Framing.TOO_SHORT:
            body, trouble = self.body[: self._cut], ""
        elif self.wire in (Framing.GZIP_CUT, Framing.GZIP_BROKEN, Framing.DEFLATE_CUT):
            readable = _unchecked(self.fault(), _CODED[self.wire][1])
            if readable is not None:
                body, trouble, unseen = readable, "", True
        return ReceivedResponse(
            status=self.status, content_type=self.content_type, body=body, trouble=trouble, unseen=unseen
        )


def _unchecked(fault: Fault, coding: str) -> bytes | None:
    """The bytes for a reader that checks neither end nor checksum, as browsers do not; None for nothing."""
    packed = b"".join(step.data for step in fault.reply().steps if isinstance(step, Send))
    # Past the header: gzip has ten bytes of it, deflate (zlib) two.
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return reader.decompress(packed[10 if coding == "gzip" else 2 :])
    except zlib.error:
        return None
