"""The double's books: what was ordered, what was asked, and what became of each; safe between threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from technogate.mock.connection import Asked
from technogate.mock.recorded_request import Delivery, RecordedRequest
from technogate.mock.scripted_reply import Reply, json_template

ReplyFactory = Callable[[], Reply]

#: How long the end of a reply may lag behind its last byte, in seconds: on a busy machine longer than one thinks.
_END_S = 2.0


class FaultError(Exception):
    """A fault could not be injected or did not come to pass; the text is one line for a person."""


@dataclass(slots=True, kw_only=True)
class ScriptedReply:
    """One reply that a test ordered, and the request that took it, if any did."""

    operation: str
    reply: Reply
    _request: int | None = None
    _reply_queue: ReplyQueue | None = None

    @property
    def received(self) -> RecordedRequest | None:
        """The request that took this reply, None as long as nobody asked."""
        if self._request is None or self._reply_queue is None:
            return None
        return self._reply_queue.entry(self._request)

    @property
    def under_way(self) -> bool:
        """Whether its request has come and its end has not."""
        received = self.received
        return received is not None and received.delivery is None

    @property
    def delivery(self) -> Delivery:
        """What became of it. An order that nobody asked for, or that is under way, is not delivered.

        A client may go on as soon as it has the last byte: a reply under way gets a moment to end.
        """
        if self._reply_queue is not None:
            self._reply_queue.wait(lambda _: not self.under_way, _END_S)
        received = self.received
        if received is None:
            return Delivery(delivered=False, why="nobody asked for it")
        return received.delivery or Delivery(delivered=False, why="the reply is still under way")


class ReplyQueue:
    """Orders and requests since the last reset."""

    def __init__(self, operations: Mapping[str, tuple[str, str]], defaults: Mapping[str, ReplyFactory]) -> None:
        """`operations` maps an id to method and path; `defaults` answers what no test ordered."""
        self._paths = {(method.upper(), path): name for name, (method, path) in operations.items()}
        self._defaults = dict(defaults)
        unknown = sorted(set(defaults) - set(operations))
        if unknown:
            raise ValueError(f"no such operation: {', '.join(unknown)}")
        self.operations = dict(operations)
        self._changed = threading.Condition()
        self._queues: dict[str, deque[ScriptedReply]] = {}
        self._orders: list[ScriptedReply] = []
        self._override: dict[str, Reply] = {}
        self._entries: list[RecordedRequest] = []
        self._generation = 0

    def reset(self) -> None:
        """Forget every order and request."""
        with self._changed:
            for order in self._orders:
                order._reply_queue = None
            self._queues, self._orders, self._override = {}, [], {}
            self._entries = []
            self._generation += 1
            self._changed.notify_all()

    def script(self, operation: str, replies: tuple[Reply, ...], default: Reply | None) -> tuple[ScriptedReply, ...]:
        """Queue `replies` for `operation`; `default` answers it once the queue is empty."""
        if operation not in self.operations:
            raise ValueError(f"no such operation: {operation}")
        with self._changed:
            orders = tuple(ScriptedReply(operation=operation, reply=reply, _reply_queue=self) for reply in replies)
            self._queues.setdefault(operation, deque()).extend(orders)
            self._orders += orders
            if default is not None:
                self._override[operation] = default
            return orders

    def operation_of(self, method: str, target: str) -> str:
        """The operation of a request, "" when the contract has none."""
        return self._paths.get((method.upper(), target.partition("?")[0]), "")

    def begin(
        self, asked: Asked, *, connection: int, first: bool, origin: Literal["own", "other"], base_url: str
    ) -> tuple[int, int, Reply]:
        """Write down a request; returns generation, number and the reply that it gets."""
        operation = self.operation_of(asked.method, asked.target)
        with self._changed:
            number = len(self._entries)
            reply = self._reply(operation, number, origin)
            self._entries.append(
                RecordedRequest(
                    number=number, connection=connection, first_on_connection=first, origin=origin,
                    base_url=base_url, operation=operation, method=asked.method, target=asked.target,
                    headers=asked.headers, body=asked.body, raw=asked.raw, started=asked.started, ended=time.time(),
                    sent=b"", fault=reply.kind, delivery=None, defect=asked.defect,
                )
            )  # fmt: skip
            self._changed.notify_all()
            return self._generation, number, reply

    def note(self, received: RecordedRequest) -> None:
        """Write down a request that no order answers: a preflight, or bytes that are no request."""
        with self._changed:
            self._entries.append(replace(received, number=len(self._entries)))
            self._changed.notify_all()

    def end(self, generation: int, number: int, sent: bytes, delivery: Delivery) -> None:
        """Write down what became of a reply; one from before the last reset is no longer of interest."""
        with self._changed:
            if generation == self._generation:
                self._entries[number] = replace(self._entries[number], sent=sent, delivery=delivery, ended=time.time())
                self._changed.notify_all()

    def _reply(self, operation: str, number: int, origin: str) -> Reply:
        """The ordered reply if one is left, else the default of the operation, else 404."""
        queue = self._queues.get(operation)
        if origin == "own" and queue:
            order = queue.popleft()
            order._request = number
            return order.reply
        if origin == "own" and operation in self._override:
            return self._override[operation]
        if operation in self._defaults:
            return self._defaults[operation]()
        template = json_template({"message": "the double knows no such operation"}, status=404)
        return Reply(kind="unknown operation", steps=template.steps())

    def entry(self, number: int) -> RecordedRequest | None:
        """The request with this number, None once the book was reset."""
        with self._changed:
            return self._entries[number] if number < len(self._entries) else None

    def entries(self, operation: str | None, origin: str | None, preflights: bool) -> list[RecordedRequest]:
        """The requests so far, in the order of their arrival."""
        with self._changed:
            return [
                entry
                for entry in self._entries
                if (operation is None or entry.operation == operation)
                and (origin is None or entry.origin == origin)
                and (preflights or not entry.preflight)
            ]

    def wait(self, done: Callable[[list[RecordedRequest]], bool], timeout: float) -> bool:
        """Wait until `done` holds of the requests so far; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: done(self._entries), timeout)

    def undelivered(self) -> list[str]:
        """One line for each order that was not delivered, saying why."""
        with self._changed:
            orders = list(self._orders)
        return [
            f"{order.operation}, {order.reply.kind or 'conforming'}: {order.delivery.why}"
            for order in orders
            if not order.delivery.delivered
        ]
