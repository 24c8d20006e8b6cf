"""The bytes: reads requests from one connection, and delivers replies step by step."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from technogate.mock.recorded_request import Delivery
from technogate.mock.scripted_reply import Close, Head, Hold, Reply, Reset, Send, Step, Wait
from technogate.model.events import Headers, header_values

#: A request that is longer than this is cut off: no console sends one.
REQUEST_LIMIT = 8 << 20

#: How long a closed connection waits for the client to close too, in seconds.
CLOSE_S = 1.0

_REQUEST_LINE = re.compile(rb"([^\s]+) ([^\s]+) HTTP/1\.[01]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One request off the wire. `defect` is what is wrong with it, "" if nothing."""

    method: str
    target: str
    headers: Headers
    body: bytes
    raw: bytes
    started: float
    defect: str = ""


class Peer:
    """One accepted connection: the bytes that come in, and whether the client has closed it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.number = number
        self.left_at: float | None = None
        self.gone = asyncio.Event()
        self.sent = bytearray()
        self._buffer = bytearray()
        self._began = 0.0
        self._news = asyncio.Event()
        self._reader = reader
        self._writer = writer
        # A drain then means that every byte has reached the kernel.
        writer.transport.set_write_buffer_limits(high=0)

    @classmethod
    async def on(cls, accepted: socket.socket, number: int) -> Peer:
        """The peer on an accepted socket."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop), number)

    async def listen(self) -> None:
        """Read until the client closes; the only reader of the connection."""
        with contextlib.suppress(OSError):
            while len(self._buffer) < REQUEST_LIMIT and (data := await self._reader.read(1 << 16)):
                if not self._buffer:
                    self._began = time.time()
                self._buffer += data
                self._news.set()
        self.left_at = time.time()
        self.gone.set()
        self._news.set()

    async def request(self) -> WireRequest | None:
        """The next request, or None when the client closed without sending any more."""
        while True:
            request, used = parse_request(bytes(self._buffer), self._began)
            if request is not None:
                del self._buffer[:used]
                self._began = time.time()
                return request
            if self.gone.is_set():
                if not self._buffer:
                    return None
                raw = bytes(self._buffer)
                self._buffer.clear()
                return WireRequest(
                    method="", target="", headers=(), body=b"", raw=raw, started=self._began, defect="cut short"
                )
            self._news.clear()
            await self._news.wait()

    async def deliver(self, reply: Reply, cors: Headers, released: Callable[[str], asyncio.Event]) -> Delivery:
        """Take the steps of `reply`; the delivery records how far the client let them take effect."""
        self.sent.clear()
        pending, done = bytearray(), -1
        for index, step in enumerate(reply.steps):
            if isinstance(step, (Head, Send)):
                pending += step.render(cors if reply.cors else ()) if isinstance(step, Head) else step.data
                # One write for adjacent bytes: a client cannot leave between them.
                if index + 1 < len(reply.steps) and isinstance(reply.steps[index + 1], (Head, Send)):
                    continue
                if not await self.write(bytes(pending)):
                    return self._delivery(reply, done)
                pending.clear()
            elif self.gone.is_set():
                return self._delivery(reply, done)
            elif not await self._pause(step, released):
                # A wait counts from its beginning: a client that leaves during it has observed it.
                return self._delivery(reply, index)
            done = index
        if not reply.keep_alive:
            await self.close()
        return self._delivery(reply, done)

    def _delivery(self, reply: Reply, reached: int) -> Delivery:
        """Delivered when the step that was reached is the one by which the fault takes effect, or a later one."""
        observed = reached >= reply.effect
        why = "" if observed else "the client closed the connection before the fault took effect"
        return Delivery(delivered=observed, why=why, client_left=self.left_at)

    async def _pause(self, step: Step, released: Callable[[str], asyncio.Event]) -> bool:
        """Wait, hold, close or reset; False when the client left meanwhile."""
        if isinstance(step, Reset):
            self.reset()
        elif isinstance(step, Close):
            await self.close()
        elif isinstance(step, Wait):
            return not await _wait_for(self.gone, None, step.seconds)
        elif isinstance(step, Hold):
            return not await _wait_for(self.gone, released(step.name), None)
        return True

    async def write(self, data: bytes) -> bool:
        """Hand bytes to the kernel; False when the client has closed."""
        if self.gone.is_set():
            return False
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError:
            return False
        self.sent += data
        return True

    async def close(self) -> None:
        """Close the sending side."""
        with contextlib.suppress(OSError, RuntimeError):
            if not self._writer.is_closing():
                self._writer.write_eof()

    async def close_and_wait(self) -> None:
        """Close and wait until the client closes: aborting earlier could destroy bytes that were sent."""
        await self.close()
        if not self._writer.is_closing():
            await _wait_for(self.gone, None, CLOSE_S)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """Reset the connection: the client gets ECONNRESET."""
        raw: socket.socket | None = self._writer.get_extra_info("socket")
        if raw is not None and not self._writer.is_closing():
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


async def _wait_for(gone: asyncio.Event, wake: asyncio.Event | None, seconds: float | None) -> bool:
    """Wait for `gone`, `wake` or the end of the time; True when it was `gone`."""
    waits = [asyncio.ensure_future(event.wait()) for event in (gone, wake) if event is not None]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return gone.is_set() and not (wake is not None and wake.is_set())


def parse_request(raw: bytes, started: float) -> tuple[WireRequest | None, int]:
    """The first whole request in `raw` and the bytes it takes, or None as long as some are missing."""
    head, end, rest = raw.partition(b"\r\n\r\n")
    if not end:
        return None, 0
    line, _, fields = head.partition(b"\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        request = WireRequest(
            method="", target="", headers=(), body=b"", raw=raw, started=started, defect="not an HTTP request"
        )
        return request, len(raw)
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1").strip())
        for name, _, value in (field.partition(b":") for field in fields.split(b"\r\n") if field)
    )
    body = _body(headers, rest)
    if body is None:
        return None, 0
    content, length = body
    used = len(head) + 4 + length
    request = WireRequest(
        method=match.group(1).decode("latin-1"),
        target=match.group(2).decode("latin-1"),
        headers=headers,
        body=content,
        raw=raw[:used],
        started=started,
    )
    return request, used


def _body(headers: Headers, rest: bytes) -> tuple[bytes, int] | None:
    """The body at the start of `rest` and its length on the wire, or None as long as some is missing."""
    if any(value.lower() == "chunked" for value in header_values(headers, "transfer-encoding")):
        return _chunks(rest)
    lengths = header_values(headers, "content-length")
    length = int(lengths[0]) if lengths and lengths[0].isdecimal() else 0
    return (rest[:length], length) if len(rest) >= length else None


def _chunks(rest: bytes) -> tuple[bytes, int] | None:
    """A chunked body, or None as long as some of it is missing; a broken one ends where it breaks."""
    data, at = b"", 0
    while True:
        end = rest.find(b"\r\n", at)
        if end < 0:
            return None
        size_text = rest[at:end].split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size_text):
            return data, len(rest)
        size = int(size_text, 16)
        if len(rest) < end + 2 + size + 2:
            return None
        if size == 0:
            return data, end + 4
        data += rest[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
