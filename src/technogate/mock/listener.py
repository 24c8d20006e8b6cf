"""The listening side of the mock backend: two origins, their connections, and the refusal to connect.

Everything here runs in the event loop of the mock backend; `technogate.mock.mock_backend` calls it from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from typing import Literal

from technogate.mock.connection import Peer, WireRequest
from technogate.mock.cors import cors_headers, preflight_response
from technogate.mock.recorded_request import Delivery, RecordedRequest
from technogate.mock.reply_queue import ReplyQueue

Origin = Literal["own", "other"]
Refusal = Literal["closed", "reset"]


class Server:
    """Listens on both origins and responds to each request with the reply that the reply queue has for it."""

    def __init__(self, reply_queue: ReplyQueue, host: str, preflight_max_age: int) -> None:
        self.host = host
        self.ports: dict[Origin, int] = {}
        self.resets = 0
        self._reply_queue = reply_queue
        self._max_age = preflight_max_age
        self._connections = 0
        self._mode: Literal["open", "closed", "reset"] = "open"
        self._holds: dict[str, asyncio.Event] = {}
        self._accepted: dict[asyncio.Task[None], socket.socket] = {}
        self._listeners: dict[Origin, socket.socket] = {}
        self._reserved: socket.socket | None = None

    def base_url(self, origin: Origin) -> str:
        """The address of an origin."""
        return f"http://{self.host}:{self.ports[origin]}"

    def _socket(self, port: int) -> socket.socket:
        """A bound socket. On Windows SO_REUSEADDR would let another program take the port."""
        bound = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((self.host, port))
        except OSError:
            bound.close()
            raise
        return bound

    async def serve(self, origin: Origin, port: int) -> None:
        """Listen for `origin` on `port`, 0 for a free one; raises OSError when that is impossible."""
        bound = self._socket(port)
        bound.listen(128)
        bound.setblocking(False)
        self.ports[origin] = bound.getsockname()[1]
        self._listeners[origin] = bound
        asyncio.get_running_loop().add_reader(bound, self._accept_one, origin, bound)

    def _accept_one(self, origin: Origin, bound: socket.socket) -> None:
        """Accept one connection. asyncio's own server leaks one that comes in while it closes."""
        try:
            accepted, _ = bound.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        accepted.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._serve_connection(origin, accepted))
        self._accepted[task] = accepted
        task.add_done_callback(self._accepted.pop)

    def _stop_listening(self, origin: Origin) -> None:
        """Stop listening for `origin`: what waits to be accepted is reset."""
        bound = self._listeners.pop(origin)
        asyncio.get_running_loop().remove_reader(bound)
        bound.close()

    async def _serve_connection(self, origin: Origin, accepted: socket.socket) -> None:
        """Serve one connection until either side closes it."""
        self._connections += 1
        peer = await Peer.on(accepted, self._connections)
        if origin == "own" and self._mode == "reset":
            self.resets += 1
            peer.reset()
            return
        listening = asyncio.get_running_loop().create_task(peer.listen())
        try:
            first = True
            while (request := await peer.request()) is not None:
                if not await self._response(origin, peer, request, first):
                    break
                first = False
            await peer.close_and_wait()
        except asyncio.CancelledError:
            # The mock backend was reset or closed: the task is over either way.
            pass
        finally:
            peer.abort()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _response(self, origin: Origin, peer: Peer, request: WireRequest, first: bool) -> bool:
        """Respond to one request; True when the connection stays open for another."""
        if request.method == "OPTIONS" or request.defect:
            return await self._respond_unscripted(origin, peer, request, first)
        generation, number, reply = self._reply_queue.begin(
            request, connection=peer.number, first=first, origin=origin, base_url=self.base_url(origin)
        )
        delivery = Delivery(delivered=False, why="the mock backend was reset before the reply was complete")
        try:
            delivery = await peer.deliver(reply, cors_headers(request.headers), self._hold)
        finally:
            self._reply_queue.end(generation, number, bytes(peer.sent), delivery)
        return reply.keep_alive and not peer.gone.is_set()

    async def _respond_unscripted(self, origin: Origin, peer: Peer, request: WireRequest, first: bool) -> bool:
        """Respond to a preflight; record bytes that are no request."""
        sent, preflight = b"", request.method == "OPTIONS"
        if preflight:
            sent = preflight_response(request.headers, self._max_age)
            await peer.write(sent)
        self._reply_queue.record(
            RecordedRequest(
                number=0, connection=peer.number, first_on_connection=first, origin=origin,
                base_url=self.base_url(origin), operation="", method=request.method, target=request.target,
                headers=request.headers, body=request.body, raw=request.raw, started=request.started, ended=time.time(),
                sent=sent, fault="",
                delivery=Delivery(delivered=preflight, why=request.defect, client_left=peer.left_at),
                preflight=preflight, defect=request.defect,
            )
        )  # fmt: skip
        return False

    def _hold(self, name: str) -> asyncio.Event:
        return self._holds.setdefault(name, asyncio.Event())

    async def release(self, name: str) -> None:
        """Release what is held back as `name`."""
        self._hold(name).set()

    @property
    def accepts(self) -> bool:
        """Whether it listens and refuses nothing. May be read from outside the event loop."""
        return self._mode == "open" and self._reserved is None

    @property
    def idle(self) -> bool:
        """Whether no connection is under way and nothing is held back. May be read from outside the event loop."""
        return not self._accepted and not self._holds

    async def abort_connections(self) -> None:
        """Cancel every connection under way, and wait until each is closed."""
        accepted = dict(self._accepted)
        for task in accepted:
            task.cancel()
        await asyncio.gather(*accepted, return_exceptions=True)
        for connection in accepted.values():
            # A task that was cancelled before it began has closed nothing.
            connection.close()
        self._holds.clear()

    async def refuse(self, how: Refusal) -> None:
        """Refuse connections to the own origin; connections under way are aborted."""
        await self.accept()
        self.resets = 0
        self._mode = how
        if how == "closed":
            self._stop_listening("own")
            await self.abort_connections()
            # Bound and not listening: connections are refused, and no other program takes the port.
            self._reserved = self._socket(self.ports["own"])

    async def accept(self) -> None:
        """Listen again on the same port."""
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
            await self.serve("own", self.ports["own"])
        self._mode = "open"

    def refused(self) -> bool:
        """Whether a connection of our own is refused."""
        try:
            socket.create_connection((self.host, self.ports["own"]), timeout=2).close()
        except ConnectionRefusedError:
            return True
        return False

    async def shut(self) -> None:
        """Stop listening and abort the connections under way."""
        for origin in list(self._listeners):
            self._stop_listening(origin)
        if self._reserved is not None:
            self._reserved.close()
        await self.abort_connections()
