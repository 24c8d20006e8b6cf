"""Scripted replies, received requests, and what became of each; may be used by several threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from technogate.mock.background import Key
from technogate.mock.connection import WireRequest
from technogate.mock.recorded_request import Delivery, RecordedRequest
from technogate.mock.scripted_reply import Reply, json_template

ReplyFactory = Callable[[], Reply]

#: So many of the last requests are kept, by their kind and time alone.
_ARRIVALS_KEPT = 5000

#: How long the end of a reply may lag behind its last byte, in seconds: on a busy machine that takes a while.
_END_S = 2.0


class FaultError(Exception):
    """A fault could not be injected or did not take effect; the text is one line."""


@dataclass(slots=True, kw_only=True)
class ScriptedReply:
    """One reply that a test scripted, and the request that took it, if any did."""

    operation: str
    reply: Reply
    _request: int | None = None
    _reply_queue: ReplyQueue | None = None

    @property
    def received(self) -> RecordedRequest | None:
        """The request that took this reply, None as long as there was none."""
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
        """What became of it. A reply that no request took, or that is under way, is not delivered.

        A client may go on as soon as it has the last byte: a reply under way gets a short time to end.
        """
        if self._reply_queue is not None:
            self._reply_queue.wait(lambda _: not self.under_way, _END_S)
        received = self.received
        if received is None:
            return Delivery(delivered=False, why="no request took it")
        return received.delivery or Delivery(delivered=False, why="the reply is still under way")


def kind_of(operation: str, method: str, target: str) -> str:
    """What is requested: the operation, or method and path of what the contract does not define."""
    return operation or f"{method} {target.partition('?')[0]}"


def _one_scene(_: WireRequest) -> str:
    """The scene of every request, where there is but one."""
    return ""


class ReplyQueue:
    """Scripted replies and requests since the last reset."""

    def __init__(self, operations: Mapping[str, tuple[str, str]], defaults: Mapping[str, ReplyFactory]) -> None:
        """`operations` maps an id to method and path; `defaults` makes the reply when none is scripted."""
        self._paths = {(method.upper(), path): name for name, (method, path) in operations.items()}
        self._defaults = dict(defaults)
        unknown = sorted(set(defaults) - set(operations))
        if unknown:
            raise ValueError(f"no such operation: {', '.join(unknown)}")
        self.operations = dict(operations)
        self._changed = threading.Condition()
        self._queues: dict[Key, deque[ScriptedReply]] = {}
        self._scripted: list[ScriptedReply] = []
        self._override: dict[Key, Reply] = {}
        self._entries: list[RecordedRequest] = []
        self._generation = 0
        self._scene_of: Callable[[WireRequest], str] = _one_scene
        self._arrivals: deque[tuple[Key, float, float]] = deque(maxlen=_ARRIVALS_KEPT)

    def reset(self) -> None:
        """Clear every scripted reply and request."""
        with self._changed:
            for scripted in self._scripted:
                scripted._reply_queue = None
            self._queues, self._scripted, self._override = {}, [], {}
            self._entries = []
            self._generation += 1
            self._changed.notify_all()

    def unscript(self) -> None:
        """Clear every scripted reply that no request took; what was requested so far stays."""
        with self._changed:
            self._queues, self._override = {}, {}

    def set_default(self, operation: str, reply: ReplyFactory) -> None:
        """From now on `reply` makes the reply to `operation` when none is scripted, whatever is reset."""
        with self._changed:
            self._defaults[operation] = reply

    def tell_apart(self, scene_of: Callable[[WireRequest], str]) -> None:
        """From now on `scene_of` says which scene a request belongs to, "" for none."""
        with self._changed:
            self._scene_of = scene_of

    def arrivals(self, since: float) -> dict[Key, list[float]]:
        """When each kind of request came since a time, reset or not, by operation (else method and path) and scene."""
        came: dict[Key, list[float]] = {}
        with self._changed:
            for key, at, noted in reversed(self._arrivals):
                # What was noted before that time began before it.
                if noted < since:
                    break
                if at >= since:
                    came.setdefault(key, []).append(at)
        return {key: times[::-1] for key, times in came.items()}

    def script(
        self, operation: str, replies: tuple[Reply, ...], default: Reply | None, scene: str = ""
    ) -> tuple[ScriptedReply, ...]:
        """Queue `replies` for `operation` in a scene; `default` is the reply once the queue is empty."""
        if operation not in self.operations:
            raise ValueError(f"no such operation: {operation}")
        with self._changed:
            scripted = tuple(ScriptedReply(operation=operation, reply=reply, _reply_queue=self) for reply in replies)
            self._queues.setdefault((operation, scene), deque()).extend(scripted)
            self._scripted += scripted
            if default is not None:
                self._override[operation, scene] = default
            return scripted

    def operation_of(self, method: str, target: str) -> str:
        """The operation of a request, "" when the contract has none."""
        return self._paths.get((method.upper(), target.partition("?")[0]), "")

    def begin(
        self, request: WireRequest, *, connection: int, first: bool, origin: Literal["own", "other"], base_url: str
    ) -> tuple[int, int, Reply]:
        """Record a request; returns generation, number and the reply that it gets."""
        operation = self.operation_of(request.method, request.target)
        with self._changed:
            number = len(self._entries)
            scene = self._scene_of(request)
            reply = self._reply(operation, number, origin, scene)
            kind = kind_of(operation, request.method, request.target)
            self._arrivals.append(((kind, scene), request.started, time.time()))
            self._entries.append(
                RecordedRequest(
                    number=number, connection=connection, first_on_connection=first, origin=origin,
                    base_url=base_url, operation=operation, method=request.method, target=request.target,
                    headers=request.headers, body=request.body, raw=request.raw, started=request.started,
                    ended=time.time(), sent=b"", fault=reply.kind, delivery=None, defect=request.defect,
                )
            )  # fmt: skip
            self._changed.notify_all()
            return self._generation, number, reply

    def record(self, received: RecordedRequest) -> None:
        """Record a request without a scripted reply: a preflight, or bytes that are no request."""
        with self._changed:
            self._entries.append(replace(received, number=len(self._entries)))
            self._changed.notify_all()

    def end(self, generation: int, number: int, sent: bytes, delivery: Delivery) -> None:
        """Record what became of a reply; one from before the last reset is ignored."""
        with self._changed:
            if generation == self._generation:
                self._entries[number] = replace(self._entries[number], sent=sent, delivery=delivery, ended=time.time())
                self._changed.notify_all()

    def _reply(self, operation: str, number: int, origin: str, scene: str) -> Reply:
        """The scripted reply if one is left, in its scene first; else the default of the operation, else 404."""
        for key in dict.fromkeys([(operation, scene), (operation, "")]) if origin == "own" else ():
            if queue := self._queues.get(key):
                scripted = queue.popleft()
                scripted._request = number
                return scripted.reply
            if key in self._override:
                return self._override[key]
        if operation in self._defaults:
            return self._defaults[operation]()
        template = json_template({"message": "the mock backend has no such operation"}, status=404)
        return Reply(kind="unknown operation", steps=template.steps())

    def entry(self, number: int) -> RecordedRequest | None:
        """The request with this number, None once the queue was reset."""
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
        """One line for each scripted reply that was not delivered, with the reason."""
        with self._changed:
            scripted = list(self._scripted)
        return [
            f"{reply.operation}, {reply.reply.kind or 'conforming'}: {reply.delivery.why}"
            for reply in scripted
            if not reply.delivery.delivered
        ]
