"""A backend that gives the gate too much, or keeps it waiting for ever: `python server.py MODE PORT`.

It is ready at /health, and does what MODE says to every other request.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator

CHUNK = b"x" * 65536
#: Seconds between two pieces of a response that drips.
DRIP_S = 0.2

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Trace-Id: 1\r\nConnection: close\r\n"
TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n"
)


def chunk(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def whole(body: bytes, head: bytes = HEAD) -> bytes:
    """A whole response."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def endless() -> Iterator[bytes]:
    """A chunked body without an end, as fast as it is read."""
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        yield chunk(CHUNK)


def announced() -> Iterator[bytes]:
    """A body of five gigabytes that says so."""
    yield HEAD + b"Content-Length: 5000000000\r\n\r\n"
    while True:
        yield CHUNK


def until_closed() -> Iterator[bytes]:
    """A body without a length, whose end is that of a connection which never ends."""
    yield b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    while True:
        yield CHUNK


def drip() -> Iterator[bytes]:
    """A byte of the body now and then."""
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        time.sleep(DRIP_S)
        yield chunk(b"x")


def drip_head() -> Iterator[bytes]:
    """A byte of a header now and then."""
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        time.sleep(DRIP_S)
        yield b"x"


def headers() -> Iterator[bytes]:
    """Headers without an end."""
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-More: " + CHUNK[:1000] + b"\r\n"


def interim() -> Iterator[bytes]:
    """Informational responses without an end."""
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100


def deep() -> Iterator[bytes]:
    """JSON that is nested 200,000 deep."""
    yield whole(b"[" * 200_000 + b"]" * 200_000)


def deep_objects() -> Iterator[bytes]:
    """The same with objects."""
    yield whole(b'{"a":' * 150_000 + b"1" + b"}" * 150_000)


def text_without_end() -> Iterator[bytes]:
    """JSON whose one text has no end and half a million quotation marks."""
    yield whole(b"[" * 90 + b'"' + b'\\"' * 500_000)


def bomb() -> Iterator[bytes]:
    """A body that is compressed to a thousandth."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    body = b"".join(squeeze.compress(b"0" * (1 << 20)) for _ in range(48)) + squeeze.flush()
    yield whole(body, HEAD + b"Content-Encoding: gzip\r\n")


def limited() -> Iterator[bytes]:
    """429, for ever."""
    yield TOO_MANY + b"\r\n{}"


def limited_in_vain() -> Iterator[bytes]:
    """429 with a Retry-After that is never kept."""
    yield TOO_MANY + b"Retry-After: 1\r\n\r\n{}"


def silent() -> Iterator[bytes]:
    """Nothing, and no close either."""
    while True:
        time.sleep(DRIP_S)
        yield b""


def flood() -> Iterator[bytes]:
    """A whole response, and a megabyte on the standard output for each."""
    sys.stdout.write("Traceback (most recent call last): flood " * 25_000 + "\n")
    sys.stdout.flush()
    yield whole(b"{}")


MODES = {
    made.__name__: made
    for made in (
        endless, announced, until_closed, drip, drip_head, headers, interim, deep, deep_objects, text_without_end, bomb,
        limited, limited_in_vain, silent, flood,
    )
}  # fmt: skip


def serve(connection: socket.socket, mode: str) -> None:
    """Answer the requests of one connection, of which each is the last."""
    with connection:
        request = connection.recv(65536)
        if request.startswith(b"GET /health "):
            connection.sendall(whole(b'{"status":"ok"}', HEAD))
            return
        try:
            for piece in MODES[mode]():
                connection.sendall(piece)
        except OSError:
            return


def main() -> None:
    """Listen until killed."""
    mode, port = sys.argv[1], int(sys.argv[2])
    with socket.create_server(("127.0.0.1", port), backlog=64) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection, mode), daemon=True).start()


if __name__ == "__main__":
    main()
