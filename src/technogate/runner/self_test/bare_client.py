"""The self-test's own client: bare sockets that keep every byte, so that what it observes was on the wire."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from technogate.model.contract_words import spoken

End = Literal["closed", "reset", "refused", "silence"]

#: Seconds without a byte that count as silence.
QUIET_S = 0.15

#: Seconds after which the client times out on a response that should have ended.
LIMIT_S = 30.0

#: Seconds between two polls for the arrival of a request.
_POLL_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a client observed: the bytes that came before a stall, all bytes, how it ended, after how many seconds."""

    before: bytes
    data: bytes
    end: End
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Expect the response to stall after `size` bytes.

    The silence counts once the request has `arrived`; then `then` is called, or without it the client leaves.
    """

    size: int
    arrived: Callable[[], bool]
    then: Callable[[], None] | None = None


def request(path: str, key: str, body: bytes) -> bytes:
    """The bytes of one request with an API key."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: self-test",
        *(f"{name}: {value}" for name, value in spoken().credential(key)),
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode("latin-1") + body


async def observe(address: tuple[str, int], wire: bytes, silence: Silence | None = None) -> Observed:
    """Send `wire` on a connection of its own, and read until it ends. Lower bounds of time hold under any load."""
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    data, before = bytearray(), b""

    def observed(end: End) -> Observed:
        return Observed(before=before, data=bytes(data), end=end, seconds=time.monotonic() - began)

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            await loop.sock_connect(client, address)
            await loop.sock_sendall(client, wire)
            if silence is not None:
                ended = await _quiet(client, data, silence)
                before = bytes(data)
                if ended or silence.then is None:
                    return observed("closed" if ended else "silence")
                silence.then()
            async with asyncio.timeout(LIMIT_S):
                while more := await loop.sock_recv(client, 1 << 16):
                    data += more
        except ConnectionRefusedError:
            return observed("refused")
        except (ConnectionResetError, BrokenPipeError):
            return observed("reset")
        except TimeoutError:
            return observed("silence")
        return observed("closed")


async def _quiet(client: socket.socket, data: bytearray, silence: Silence) -> bool:
    """Read into `data` until it has `size` bytes and no more comes for a while; True when the connection ended."""
    loop = asyncio.get_running_loop()
    until = time.monotonic() + LIMIT_S
    while not silence.arrived() and time.monotonic() < until:
        await asyncio.sleep(_POLL_S)
    while True:
        timeout = QUIET_S if len(data) >= silence.size else until - time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                more = await loop.sock_recv(client, 1 << 16)
        except TimeoutError:
            return False
        if not more:
            return True
        data += more
