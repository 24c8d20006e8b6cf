"""A loopback port of the gate's own that leads to the Unix socket of a backend, so that every client can reach it."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from pathlib import Path

from technogate.model.errors import UserError
from technogate.target.process.ports import HOST

#: The most bytes in the address of a Unix socket, on every system.
LONGEST_PATH = 103
#: Bytes that are passed on at once. What is kept in between is as little: a client sees when the backend stops reading.
_CHUNK = 16 * 1024


class SocketForwarder:
    """Passes on bytes, from its making until `close`; a connection that the backend ends or refuses ends here too.

    `port` is its own. The socket need not exist before the first connection.
    """

    def __init__(self, path: Path) -> None:
        """Listen, in a thread; raises UserError where the system has no such sockets, or the path is too long."""
        if not hasattr(socket, "AF_UNIX"):
            raise UserError("this system has no Unix sockets: let the backend listen on a port, and leave out `socket`")
        if len(bytes(path)) > LONGEST_PATH:
            raise UserError(f"backend.socket is longer than {LONGEST_PATH} bytes: {path}; name a shorter path")
        self.path = path
        self._listener = socket.create_server((HOST, 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="socket forwarder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection. A second call does nothing."""
        if self._thread.is_alive():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, sock=self._listener, limit=_CHUNK),
        )
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._loop.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection until both ends have closed, or one is reset."""
        try:
            to_backend = await asyncio.open_unix_connection(str(self.path), limit=_CHUNK)
        except OSError:
            # As much of a refusal as is possible here: the connection was taken already.
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_pass_on(reader, to_backend[1]), _pass_on(to_backend[0], writer))
        except OSError:
            writer.transport.abort()
        finally:
            for end in (writer, to_backend[1]):
                end.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes until its end, and then the end."""
    sink.transport.set_write_buffer_limits(_CHUNK)
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def remove_dead_socket(path: Path) -> None:
    """Remove the socket that a program left behind which was killed: most programs refuse to start while it is there.

    One that a program listens on stays.
    """
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
