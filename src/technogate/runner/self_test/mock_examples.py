"""What a client must observe of each fault kind: scripted replies of the mock backend, their bytes and their end.

The expected bytes are written out here by hand: no code under test computes them.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from technogate.mock.responses.broken import Broken
from technogate.mock.responses.cached import Cached
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.compressed import Compressed
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.content_length import WrongLength
from technogate.mock.responses.drip import Drip
from technogate.mock.responses.held import Held
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.redirect import Redirect
from technogate.mock.responses.stall import Stall
from technogate.mock.responses.status_code import Status
from technogate.mock.responses.truncated import Truncated
from technogate.mock.responses.unfinished import Unfinished
from technogate.mock.scripted_reply import Fault, ResponseTemplate, Where
from technogate.runner.self_test.bare_client import End, Observed

BODY = b'{"state":"PROVEN-OK","said":"by self-test."}'
TEMPLATE = ResponseTemplate(headers=(("Content-Type", "application/json"), ("X-Self-Test", "self-test")), body=BODY)
_FIELDS = b"Content-Type: application/json\r\nX-Self-Test: self-test\r\n"
_LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()
_CLOSE = b"Connection: close\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n" + _FIELDS + _LENGTH + _CLOSE
WHOLE = HEAD + BODY

#: Seconds of the stall that ends, and between two bytes of the drip.
STALL_S, DRIP_S = 0.3, 0.005

#: The name by which the held response is released.
HELD = "self-test"

#: Where a reset may destroy bytes that were sent before it, only a part of them can be expected.
_KEEPS_BYTES = sys.platform == "linux"

#: What is wrong with what was observed, "" for nothing.
Judge = Callable[[Observed], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MockExample:
    """One fault to script, and what must be observed of it.

    `silent_after` is the number of bytes after which the response must stall, None when it must not.
    """

    kind: str
    name: str
    fault: Fault
    judge: Judge
    silent_after: int | None = None


def exactly(data: bytes, end: End = "closed", *, seconds: float = 0.0) -> Judge:
    """These bytes and this end, after `seconds` at least."""

    def judge(observed: Observed) -> str:
        lost = end == "reset" and not _KEEPS_BYTES and data.startswith(observed.data)
        if observed.data != data and not lost:
            return f"{len(observed.data)} bytes came instead of {len(data)}, or others"
        if observed.end != end:
            return f"the connection ended with {observed.end} instead of {end}"
        return (
            ""
            if observed.seconds >= seconds
            else f"it was over after {observed.seconds:.3f} s instead of {seconds:g} s"
        )

    return judge


def _packed(coding: bytes, unpack: Callable[[bytes], bytes]) -> Judge:
    """Announced as compressed, of the length that is announced, and not to be decompressed to the body."""

    def judge(observed: Observed) -> str:
        head, _, body = observed.data.partition(b"\r\n\r\n")
        if b"\r\nContent-Encoding: " + coding not in head or f"Content-Length: {len(body)}".encode() not in head:
            return "it is not announced as compressed, or not with its length"
        try:
            return "it can be decompressed" if unpack(body) == BODY else ""
        except (OSError, EOFError, zlib.error):
            return ""

    return judge


def _wrong_length(announced: str | int | None, line: bytes) -> MockExample:
    fault = WrongLength(template=TEMPLATE, announced=announced)
    whole = b"HTTP/1.1 200 OK\r\n" + _FIELDS + line + _CLOSE + BODY
    return MockExample(kind="content_length", name=f"length {announced}", fault=fault, judge=exactly(whole))


def _chunked() -> list[MockExample]:
    head = b"HTTP/1.1 200 OK\r\n" + _FIELDS + b"Transfer-Encoding: chunked\r\n" + _CLOSE
    first = b"20\r\n" + BODY[:32] + b"\r\n"
    wires = {
        "whole": first + b"c\r\n" + BODY[32:] + b"\r\n0\r\n\r\n",
        "cut": first + b"c\r\n" + BODY[32:] + b"\r\n",
        "cut-in-chunk": first + b"c\r\n" + BODY[32:38],
        "broken-size": first + b"zz\r\n" + BODY[32:] + b"\r\n0\r\n\r\n",
        "no-last-line": first + b"c\r\n" + BODY[32:] + b"\r\n0\r\n",
    }
    return [
        MockExample(
            kind="chunked",
            name=f"chunked {form}",
            fault=Chunked(template=TEMPLATE, form=form, size=32),  # type: ignore[arg-type]
            judge=exactly(head + wire),
        )
        for form, wire in wires.items()
    ]


def _unfinished() -> list[MockExample]:
    start = b"HTTP/1.1 200 OK\r\n" + _FIELDS
    kept = b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
    wires = {
        "length": start + b"Content-Length: 48\r\n" + _CLOSE + BODY + b"   ",
        "chunks": start + kept + b"2c\r\n" + BODY + b"\r\n3\r\n   \r\n",
    }
    return [
        MockExample(
            kind="unfinished",
            name=f"unfinished {form}",
            fault=Unfinished(template=TEMPLATE, form=form, blanks=3),  # type: ignore[arg-type]
            judge=exactly(wire),
        )
        for form, wire in wires.items()
    ]


def _compressed() -> list[MockExample]:
    return [
        MockExample(
            kind="compressed",
            name=f"{coding} {form}",
            fault=Compressed(template=TEMPLATE, form=form, coding=coding),
            judge=_packed(coding.encode(), gzip.decompress if coding == "gzip" else zlib.decompress),
        )
        for coding in ("gzip", "deflate")
        for form in ("cut", "broken", "absent")
    ]


def _places() -> list[MockExample]:
    """Stalls and breaks, each at every place that it can be at."""
    sent = {
        Where.BEFORE_HEADERS: b"",
        Where.IN_HEADERS: HEAD[: len(HEAD) // 2],
        Where.AFTER_HEADERS: HEAD,
        Where.IN_BODY: HEAD + BODY[:22],
        Where.AFTER_BODY: WHOLE,
    }
    examples: list[MockExample] = []
    for where, data in sent.items():
        examples.append(
            MockExample(
                kind="broken",
                name=f"reset {where}",
                fault=Broken(template=TEMPLATE, where=where),
                judge=exactly(data, "reset"),
            )
        )
        if where is Where.AFTER_BODY:
            continue
        examples += [
            MockExample(
                kind="broken",
                name=f"closed {where}",
                fault=Broken(template=TEMPLATE, where=where, reset=False),
                judge=exactly(data),
            ),
            MockExample(
                kind="stall",
                name=f"stall {where}",
                fault=Stall(template=TEMPLATE, where=where),
                judge=exactly(data, "silence"),
                silent_after=len(data),
            ),
        ]
    return examples


def _held(observed: Observed) -> str:
    """Nothing came before the release, and all of it after."""
    return f"{len(observed.before)} bytes came before its release" if observed.before else exactly(WHOLE)(observed)


def examples() -> list[MockExample]:
    """Every fault kind in each of its forms, with what must be observed of it."""
    other = b"HTTP/1.1 %s\r\n" + _FIELDS + b"%s" + _LENGTH + _CLOSE + BODY
    unknown_routes = "http://self-test.invalid/elsewhere"
    location = b"Location: " + unknown_routes.encode() + b"\r\n"
    kept = b"Cache-Control: public\r\n"
    return [
        MockExample(kind="conforming", name="conforming", fault=Conforming(template=TEMPLATE), judge=exactly(WHOLE)),
        MockExample(
            kind="status_code",
            name="status 503",
            fault=Status(template=TEMPLATE, code=503),
            judge=exactly(other % (b"503 Service Unavailable", b"")),
        ),
        MockExample(
            kind="raw_bytes", name="raw bytes", fault=Raw(data=b"\0\xff no HTTP"), judge=exactly(b"\0\xff no HTTP")
        ),
        _wrong_length(3, b"Content-Length: 3\r\n"),
        _wrong_length(4000, b"Content-Length: 4000\r\n"),
        _wrong_length("many", b"Content-Length: many\r\n"),
        _wrong_length(None, b""),
        MockExample(
            kind="truncated",
            name="truncated at byte 9",
            fault=Truncated(template=TEMPLATE, at=9),
            judge=exactly(HEAD + BODY[:9]),
        ),
        *_unfinished(),
        *_chunked(),
        *_compressed(),
        *_places(),
        MockExample(
            kind="stall",
            name="stall with an end",
            fault=Stall(template=TEMPLATE, where=Where.IN_BODY, seconds=STALL_S),
            judge=exactly(WHOLE, seconds=STALL_S - 0.01),
        ),
        MockExample(
            kind="drip",
            name="drip",
            fault=Drip(template=TEMPLATE, interval=DRIP_S),
            judge=exactly(WHOLE, seconds=(DRIP_S - 0.001) * len(BODY)),
        ),
        MockExample(
            kind="redirect",
            name="redirect 307",
            fault=Redirect(template=TEMPLATE, location=unknown_routes, code=307),
            judge=exactly(other % (b"307 Temporary Redirect", location)),
        ),
        MockExample(
            kind="cached",
            name="caching headers",
            fault=Cached(template=TEMPLATE, headers=(("Cache-Control", "public"),)),
            judge=exactly(other % (b"200 OK", kept)),
        ),
        MockExample(
            kind="held", name="held back", fault=Held(template=TEMPLATE, name=HELD), judge=_held, silent_after=0
        ),
    ]
