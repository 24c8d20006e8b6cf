"""The double's listening side: two origins, their connections, and the refusal to connect.

Everything here runs in the double's own event loop; `technogate.mock.mock_backend` calls it from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from typing import Literal

from technogate.mock.connection import Asked, Peer
from technogate.mock.cors import cors_headers, preflight_response
from technogate.mock.recorded_request import Delivery, RecordedRequest
from technogate.mock.reply_queue import ReplyQueue

Origin = Literal["own", "other"]
Refusal = Literal["closed", "reset"]


class Server:
    """Listens on both origins and answers each request with the reply that the book has for it."""

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
        self._parked: socket.socket | None = None

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
        asyncio.get_running_loop().add_reader(bound, self._arrive, origin, bound)

    def _arrive(self, origin: Origin, bound: socket.socket) -> None:
        """Accept one connection. asyncio's own server leaks one that comes in while it closes."""
        try:
            accepted, _ = bound.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        accepted.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._attend(origin, accepted))
        self._accepted[task] = accepted
        task.add_done_callback(self._accepted.pop)

    def _deafen(self, origin: Origin) -> None:
        """Stop listening for `origin`: what waits to be accepted is reset."""
        bound = self._listeners.pop(origin)
        asyncio.get_running_loop().remove_reader(bound)
        bound.close()

    async def _attend(self, origin: Origin, accepted: socket.socket) -> None:
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
            while (asked := await peer.request()) is not None:
                if not await self._response(origin, peer, asked, first):
                    break
                first = False
            await peer.goodbye()
        except asyncio.CancelledError:
            # The reset of the double, or its end: the task is over either way.
            pass
        finally:
            peer.abort()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _response(self, origin: Origin, peer: Peer, asked: Asked, first: bool) -> bool:
        """Answer one request; True when the connection stays open for another."""
        if asked.method == "OPTIONS" or asked.defect:
            return await self._aside(origin, peer, asked, first)
        generation, number, reply = self._reply_queue.begin(
            asked, connection=peer.number, first=first, origin=origin, base_url=self.base_url(origin)
        )
        delivery = Delivery(delivered=False, why="the double was reset before the reply was complete")
        try:
            delivery = await peer.deliver(reply, cors_headers(asked.headers), self._hold)
        finally:
            self._reply_queue.end(generation, number, bytes(peer.sent), delivery)
        return reply.keep_alive and not peer.gone.is_set()

    async def _aside(self, origin: Origin, peer: Peer, asked: Asked, first: bool) -> bool:
        """Answer a preflight; write down what is no request."""
        sent, preflight = b"", asked.method == "OPTIONS"
        if preflight:
            sent = preflight_response(asked.headers, self._max_age)
            await peer.write(sent)
        self._reply_queue.note(
            RecordedRequest(
                number=0, connection=peer.number, first_on_connection=first, origin=origin,
                base_url=self.base_url(origin), operation="", method=asked.method, target=asked.target,
                headers=asked.headers, body=asked.body, raw=asked.raw, started=asked.started, ended=time.time(),
                sent=sent, fault="",
                delivery=Delivery(delivered=preflight, why=asked.defect, client_left=peer.left_at),
                preflight=preflight, defect=asked.defect,
            )
        )  # fmt: skip
        return False

    def _hold(self, name: str) -> asyncio.Event:
        return self._holds.setdefault(name, asyncio.Event())

    async def release(self, name: str) -> None:
        """Let go of what is held back as `name`."""
        self._hold(name).set()

    async def break_off(self) -> None:
        """Cancel every connection under way, and wait until each is gone."""
        accepted = dict(self._accepted)
        for task in accepted:
            task.cancel()
        await asyncio.gather(*accepted, return_exceptions=True)
        for connection in accepted.values():
            # A task that was cancelled before it began has closed nothing.
            connection.close()
        self._holds.clear()

    async def refuse(self, how: Refusal) -> None:
        """Refuse to connect to the own origin; connections under way are broken off."""
        await self.accept()
        self.resets = 0
        self._mode = how
        if how == "closed":
            self._deafen("own")
            await self.break_off()
            # Bound and not listening: connections are refused, and no other program takes the port.
            self._parked = self._socket(self.ports["own"])

    async def accept(self) -> None:
        """Listen again on the same port."""
        if self._parked is not None:
            self._parked.close()
            self._parked = None
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
        """Stop listening and break off what is under way."""
        for origin in list(self._listeners):
            self._deafen(origin)
        if self._parked is not None:
            self._parked.close()
        await self.break_off()
