"""What each fault kind must feel like on the wire: orders of the double, and the bytes and the end they come to.

The expected bytes are written out here by hand: nothing of what is proven helps to prove it.
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
from technogate.mock.scripted_reply import Draft, Fault, Where
from technogate.runner.self_test.bare_client import End, Felt

BODY = b'{"status":"APPROVED","said":"by the canary"}'
DRAFT = Draft(headers=(("Content-Type", "application/json"), ("X-Trace-Id", "canary")), body=BODY)
_FIELDS = b"Content-Type: application/json\r\nX-Trace-Id: canary\r\n"
_LENGTH = b"Content-Length: 44\r\n"
_CLOSE = b"Connection: close\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n" + _FIELDS + _LENGTH + _CLOSE
WHOLE = HEAD + BODY

#: Seconds of the stall that ends, and between two bytes of the drip.
STALL_S, DRIP_S = 0.3, 0.005

#: The name by which the held answer is released.
HELD = "canary"

#: Where a reset may destroy bytes that were sent before it, only a part of them can be asked for.
_KEEPS_BYTES = sys.platform == "linux"

#: What is wrong with what was felt, "" for nothing.
Judge = Callable[[Felt], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One fault to order, and what must be felt of it.

    `silent_after` is the number of bytes after which the answer must fall silent, None when it must not.
    """

    kind: str
    name: str
    fault: Fault
    judge: Judge
    silent_after: int | None = None


def exactly(data: bytes, end: End = "closed", *, seconds: float = 0.0) -> Judge:
    """These bytes and this end, after `seconds` at least."""

    def judge(felt: Felt) -> str:
        lost = end == "reset" and not _KEEPS_BYTES and data.startswith(felt.data)
        if felt.data != data and not lost:
            return f"{len(felt.data)} bytes came instead of {len(data)}, or others"
        if felt.end != end:
            return f"the connection ended with {felt.end} instead of {end}"
        return "" if felt.seconds >= seconds else f"it was over after {felt.seconds:.3f} s instead of {seconds:g} s"

    return judge


def _packed(coding: bytes, unpack: Callable[[bytes], bytes]) -> Judge:
    """Announced as compressed, of the length that is announced, and not to be decompressed to the body."""

    def judge(felt: Felt) -> str:
        head, _, body = felt.data.partition(b"\r\n\r\n")
        if b"\r\nContent-Encoding: " + coding not in head or f"Content-Length: {len(body)}".encode() not in head:
            return "it is not announced as compressed, or not with its length"
        try:
            return "it can be decompressed" if unpack(body) == BODY else ""
        except (OSError, EOFError, zlib.error):
            return ""

    return judge


def _wrong_length(announced: str | int | None, line: bytes) -> Order:
    fault = WrongLength(draft=DRAFT, announced=announced)
    whole = b"HTTP/1.1 200 OK\r\n" + _FIELDS + line + _CLOSE + BODY
    return Order(kind="length", name=f"length {announced}", fault=fault, judge=exactly(whole))


def _chunked() -> list[Order]:
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
        Order(
            kind="chunked",
            name=f"chunked {form}",
            fault=Chunked(draft=DRAFT, form=form, size=32),  # type: ignore[arg-type]
            judge=exactly(head + wire),
        )
        for form, wire in wires.items()
    ]


def _compressed() -> list[Order]:
    return [
        Order(
            kind="compressed",
            name=f"{coding} {form}",
            fault=Compressed(draft=DRAFT, form=form, coding=coding),
            judge=_packed(coding.encode(), gzip.decompress if coding == "gzip" else zlib.decompress),
        )
        for coding in ("gzip", "deflate")
        for form in ("cut", "broken", "absent")
    ]


def _places() -> list[Order]:
    """Stalls and breaks, each at every place that it can be at."""
    sent = {
        Where.BEFORE_HEADERS: b"",
        Where.IN_HEADERS: HEAD[: len(HEAD) // 2],
        Where.AFTER_HEADERS: HEAD,
        Where.IN_BODY: HEAD + BODY[:22],
        Where.AFTER_BODY: WHOLE,
    }
    orders: list[Order] = []
    for where, data in sent.items():
        orders.append(
            Order(
                kind="broken",
                name=f"reset {where}",
                fault=Broken(draft=DRAFT, where=where),
                judge=exactly(data, "reset"),
            )
        )
        if where is Where.AFTER_BODY:
            continue
        orders += [
            Order(
                kind="broken",
                name=f"closed {where}",
                fault=Broken(draft=DRAFT, where=where, reset=False),
                judge=exactly(data),
            ),
            Order(
                kind="stall",
                name=f"stall {where}",
                fault=Stall(draft=DRAFT, where=where),
                judge=exactly(data, "silence"),
                silent_after=len(data),
            ),
        ]
    return orders


def _held(felt: Felt) -> str:
    """Nothing came before the release, and all of it after."""
    return f"{len(felt.before)} bytes came before its release" if felt.before else exactly(WHOLE)(felt)


def orders() -> list[Order]:
    """Every fault kind in every form of its own, each with what must be felt of it."""
    other = b"HTTP/1.1 %s\r\n" + _FIELDS + b"%s" + _LENGTH + _CLOSE + BODY
    elsewhere = "http://canary.invalid/elsewhere"
    found = b"Location: " + elsewhere.encode() + b"\r\n"
    kept = b"Cache-Control: public\r\n"
    return [
        Order(kind="conforming", name="conforming", fault=Conforming(draft=DRAFT), judge=exactly(WHOLE)),
        Order(
            kind="status",
            name="status 503",
            fault=Status(draft=DRAFT, code=503),
            judge=exactly(other % (b"503 Service Unavailable", b"")),
        ),
        Order(kind="raw", name="raw bytes", fault=Raw(data=b"\0\xff no HTTP"), judge=exactly(b"\0\xff no HTTP")),
        _wrong_length(3, b"Content-Length: 3\r\n"),
        _wrong_length(4000, b"Content-Length: 4000\r\n"),
        _wrong_length("many", b"Content-Length: many\r\n"),
        _wrong_length(None, b""),
        Order(
            kind="truncated",
            name="truncated at byte 9",
            fault=Truncated(draft=DRAFT, at=9),
            judge=exactly(HEAD + BODY[:9]),
        ),
        *_chunked(),
        *_compressed(),
        *_places(),
        Order(
            kind="stall",
            name="stall with an end",
            fault=Stall(draft=DRAFT, where=Where.IN_BODY, seconds=STALL_S),
            judge=exactly(WHOLE, seconds=STALL_S - 0.01),
        ),
        Order(
            kind="drip",
            name="drip",
            fault=Drip(draft=DRAFT, interval=DRIP_S),
            judge=exactly(WHOLE, seconds=(DRIP_S - 0.001) * len(BODY)),
        ),
        Order(
            kind="redirect",
            name="redirect 307",
            fault=Redirect(draft=DRAFT, location=elsewhere, code=307),
            judge=exactly(other % (b"307 Temporary Redirect", found)),
        ),
        Order(
            kind="cached",
            name="caching headers",
            fault=Cached(draft=DRAFT, headers=(("Cache-Control", "public"),)),
            judge=exactly(other % (b"200 OK", kept)),
        ),
        Order(kind="held", name="held back", fault=Held(draft=DRAFT, name=HELD), judge=_held, silent_after=0),
    ]
