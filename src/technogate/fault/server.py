"""The double's listening side: two origins, their connections, and the refusal to connect.

Everything here runs in the double's own event loop; `technogate.fault.double` calls it from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from typing import Literal

from technogate.fault.book import Book
from technogate.fault.cors import cors_headers, preflight_answer
from technogate.fault.record import Delivery, Received
from technogate.fault.wire import Asked, Peer

Origin = Literal["own", "other"]
Refusal = Literal["closed", "reset"]


class Server:
    """Listens on both origins and answers each request with the reply that the book has for it."""

    def __init__(self, book: Book, host: str, preflight_max_age: int) -> None:
        self.host = host
        self.ports: dict[Origin, int] = {}
        self.resets = 0
        self._book = book
        self._max_age = preflight_max_age
        self._connections = 0
        self._mode: Literal["open", "closed", "reset"] = "open"
        self._holds: dict[str, asyncio.Event] = {}
        self._peers: dict[asyncio.Task[None], Peer] = {}
        self._servers: dict[Origin, asyncio.Server] = {}
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
        bound.setblocking(False)
        server = await asyncio.start_server(lambda r, w: self._arrive(origin, r, w), sock=bound, backlog=128)
        self._servers[origin] = server
        self.ports[origin] = bound.getsockname()[1]

    def _arrive(self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A new connection gets a task of ours: asyncio's own would log its cancellation."""
        self._connections += 1
        peer = Peer(reader, writer, self._connections)
        task = asyncio.get_running_loop().create_task(self._attend(origin, peer))
        self._peers[task] = peer
        task.add_done_callback(self._peers.pop)

    async def _attend(self, origin: Origin, peer: Peer) -> None:
        """Serve one connection until either side closes it."""
        if origin == "own" and self._mode == "reset":
            self.resets += 1
            peer.reset()
            return
        listening = asyncio.get_running_loop().create_task(peer.listen())
        try:
            first = True
            while (asked := await peer.request()) is not None:
                if not await self._answer(origin, peer, asked, first):
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

    async def _answer(self, origin: Origin, peer: Peer, asked: Asked, first: bool) -> bool:
        """Answer one request; True when the connection stays open for another."""
        if asked.method == "OPTIONS" or asked.defect:
            return await self._aside(origin, peer, asked, first)
        generation, number, reply = self._book.begin(
            asked, connection=peer.number, first=first, origin=origin, base_url=self.base_url(origin)
        )
        delivery = Delivery(delivered=False, why="the double was reset before the reply was complete")
        try:
            delivery = await peer.deliver(reply, cors_headers(asked.headers), self._hold)
        finally:
            self._book.end(generation, number, bytes(peer.sent), delivery)
        return reply.keep_alive and not peer.gone.is_set()

    async def _aside(self, origin: Origin, peer: Peer, asked: Asked, first: bool) -> bool:
        """Answer a preflight; write down what is no request."""
        sent, preflight = b"", asked.method == "OPTIONS"
        if preflight:
            sent = preflight_answer(asked.headers, self._max_age)
            await peer.write(sent)
        self._book.note(
            Received(
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
        peers = dict(self._peers)
        for task in peers:
            task.cancel()
        await asyncio.gather(*peers, return_exceptions=True)
        for peer in peers.values():
            # A task that was cancelled before it began has closed nothing.
            peer.abort()
        self._holds.clear()

    async def refuse(self, how: Refusal) -> None:
        """Refuse to connect to the own origin; connections under way are broken off."""
        await self.accept()
        self.resets = 0
        self._mode = how
        if how == "closed":
            self._servers.pop("own").close()
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
        for server in self._servers.values():
            server.close()
        if self._parked is not None:
            self._parked.close()
        await self.break_off()
