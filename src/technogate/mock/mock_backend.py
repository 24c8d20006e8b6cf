"""The mock backend: takes the place of a backend and responds to a console exactly as a test scripts.

It listens on two origins: its own, which the console is configured with, and another one, to which
no console has a reason to send anything. It keeps every request byte for byte. A scripted reply that could
not be delivered is recorded as such, so that a check is inconclusive and does not pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from technogate.journal.redaction import Redactor
from technogate.mock.background import LONGER_S, WATCH_S, Background, Key, in_bursts
from technogate.mock.connection import WireRequest
from technogate.mock.listener import Origin, Refusal, Server
from technogate.mock.recorded_request import RecordedRequest, exchange_of
from technogate.mock.reply_queue import FaultError, ReplyFactory, ReplyQueue, ScriptedReply, kind_of
from technogate.mock.scripted_reply import Fault, Reply, as_reply
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange

T = TypeVar("T")

#: How long a call in the thread of the mock backend may take, in seconds.
_CALL_S = 30.0

#: How long a request of a page's own doing may be under way before a call, in seconds.
_BACKGROUND_S = 2.0

#: How long a request, or the end of a reply, is awaited by default, in seconds: a machine may be slow.
TIMEOUT_S = 10.0


class MockBackend:
    """A hostile provider on the loopback interface, in a thread of its own.

    `operations` maps an operation id to its method and path; `defaults` maps it to what makes the
    reply when none is scripted. `port` 0 takes a free one. `preflight_max_age` is how long browsers keep
    a preflight, in seconds; 0 makes them send one before every request. Use as a context manager, or `close`.
    """

    def __init__(
        self,
        *,
        operations: Mapping[str, tuple[str, str]],
        defaults: Mapping[str, ReplyFactory],
        host: str = "127.0.0.1",
        port: int = 0,
        preflight_max_age: int = 600,
    ) -> None:
        self._reply_queue = ReplyQueue(operations, defaults)
        self._server = Server(self._reply_queue, host, preflight_max_age)
        self.background = Background()
        # Not the platform's default loop: that of Windows cannot watch a listening socket.
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="technogate-mock-backend", daemon=True)
        self._thread.start()
        try:
            self._call(self._server.serve("own", port))
            self._call(self._server.serve("other", 0))
        except OSError as error:
            self.close()
            raise FaultError(f"the mock backend cannot listen on {host}:{port}: {error.strerror}") from error

    # ---- addresses ----

    @property
    def port(self) -> int:
        """The port of its own origin."""
        return self._server.ports["own"]

    @property
    def base_url(self) -> str:
        """Its own origin: what the console is configured with."""
        return self._server.base_url("own")

    @property
    def other_origin(self) -> str:
        """Another origin, with the same paths: no request is expected there."""
        return self._server.base_url("other")

    def url(self, operation: str, *, other: bool = False) -> str:
        """The whole address of an operation. Raises KeyError for an unknown one."""
        return (self.other_origin if other else self.base_url) + self._reply_queue.operations[operation][1]

    # ---- scripted replies and faults ----

    def reset(self) -> None:
        """Accept again, abort the connections under way, and clear scripted replies and requests.

        Waits first for what a page is about to request by itself: in the middle of a call it would be in its way.
        """
        self.accept()
        self.wait_for_quiet()
        if not self._server.idle:
            self._call(self._server.abort_connections())
        self._reply_queue.reset()

    def wait_for_quiet(self, scene: str = "") -> None:
        """Wait until nothing that a page requests by itself is due soon, or under way."""
        began = time.time()
        wait_s = self.background.wait_s(began, scene)
        if not wait_s:
            return
        time.sleep(wait_s)
        with contextlib.suppress(FaultError):
            # One that does not end belongs to a page that was given up.
            self.wait_until_complete(_BACKGROUND_S)
        self.background.confirm(self.arrivals(began))

    def learn_background(self, since: float, watch_s: float = WATCH_S, *, operations: Collection[str] = ()) -> None:
        """Learn what a page that was loaded at `since`, and to which nothing is done, requests by itself.

        It is watched for `watch_s` seconds since then, and longer where something came again. `operations` are those
        that a page never requests by itself.
        """
        time.sleep(max(0.0, since + watch_s - time.time()))
        if any(len(in_bursts(times)) > 1 for times in self.arrivals(since).values()):
            time.sleep(max(0.0, since + LONGER_S - time.time()))
        came = self.arrivals(since)
        self.background.learn({key: times for key, times in came.items() if key[0] not in operations})

    def arrivals(self, since: float) -> dict[Key, list[float]]:
        """When each kind of request came since a time, whether there was a reset since or not."""
        return self._reply_queue.arrivals(since)

    def own_doing(self, received: Sequence[RecordedRequest], since: float, scene: str = "") -> list[bool]:
        """Which of these requests belong to a call that began at `since`, and not to what the page does by itself."""
        if not self.background.recurring:
            return [True] * len(received)
        by_kind: dict[str, list[int]] = {}
        for index, request in enumerate(received):
            by_kind.setdefault(kind_of(request.operation, request.method, request.target), []).append(index)
        own = [True] * len(received)
        for kind, indices in by_kind.items():
            times = [received[index].started for index in indices]
            earlier = [at for at in self.arrivals(since - LONGER_S).get((kind, scene), []) if at < min(times)]
            kept = self.background.own((kind, scene), times, since, earlier)
            self.background.confirm({(kind, scene): [at for at, keep in zip(times, kept, strict=True) if not keep]})
            for index, keep in zip(indices, kept, strict=True):
                own[index] = keep
        return own

    def tell_apart(self, scene_of: Callable[[WireRequest], str]) -> None:
        """From now on `scene_of` says which scene a request belongs to, "" for none: each has replies of its own."""
        self._reply_queue.tell_apart(scene_of)

    def script(
        self, operation: str, *replies: Reply | Fault, default: Reply | Fault | None = None, scene: str = ""
    ) -> tuple[ScriptedReply, ...]:
        """Script `replies`, one for each request of `operation`; `default` is the reply to the requests after them.

        A request of a `scene` gets the replies of that scene, if there are any. Raises ValueError for an unknown
        operation.
        """
        fallback = None if default is None else as_reply(default)
        return self._reply_queue.script(operation, tuple(as_reply(reply) for reply in replies), fallback, scene)

    def unscript(self) -> None:
        """Clear every scripted reply that no request took; what was requested so far stays."""
        self._reply_queue.unscript()

    def set_default(self, operation: str, reply: ReplyFactory) -> None:
        """From now on `reply` makes the reply to `operation` when none is scripted, whatever is reset."""
        self._reply_queue.set_default(operation, reply)

    def release(self, name: str) -> None:
        """Release what is held back as `name`, now and until the next reset."""
        self._call(self._server.release(name))

    def refuse(self, how: Refusal = "closed") -> None:
        """Refuse connections until `accept`: by not listening, or with a reset right after the accept.

        Raises FaultError when a connection of our own is not refused: then the fault was not injected.
        """
        self._call(self._server.refuse(how))
        if how == "closed" and not self._server.refused():
            raise FaultError(f"port {self.port} still accepts connections")

    def accept(self) -> None:
        """Listen again; does nothing when it listens already."""
        if not self._server.accepts:
            self._call(self._server.accept())

    @property
    def resets(self) -> int:
        """Connections that were reset on arrival since the last `refuse("reset")`."""
        return self._server.resets

    # ---- received requests ----

    def received(
        self, operation: str | None = None, *, origin: Origin | None = "own", preflights: bool = False
    ) -> list[RecordedRequest]:
        """The requests since the last reset in the order of arrival; `origin` None means both origins."""
        return self._reply_queue.entries(operation, origin, preflights)

    def undelivered(self) -> list[str]:
        """One line for each scripted reply that was not delivered, those that no request took included."""
        return self._reply_queue.undelivered()

    def wait_for(self, operation: str, count: int = 1, timeout: float = TIMEOUT_S) -> list[RecordedRequest]:
        """Wait until `operation` was requested `count` times; raises FaultError when `timeout` seconds are over."""

        def enough(entries: list[RecordedRequest]) -> bool:
            return sum(entry.operation == operation and entry.origin == "own" for entry in entries) >= count

        if not self._reply_queue.wait(enough, timeout):
            received = len(self.received(operation))
            raise FaultError(f"{operation} was requested {received} times, not {count}, within {timeout:g} s")
        return self.received(operation)

    def wait_until_complete(self, timeout: float = TIMEOUT_S) -> None:
        """Wait until no reply is under way; raises FaultError when `timeout` seconds are over."""
        if not self._reply_queue.wait(lambda entries: all(entry.delivery is not None for entry in entries), timeout):
            waiting = [
                entry.operation or entry.target for entry in self.received(origin=None) if entry.delivery is None
            ]
            raise FaultError(f"after {timeout:g} s replies are still under way: {', '.join(waiting)}")

    def exchanges(
        self,
        *,
        item: str,
        redact: Redactor,
        new_id: Callable[[], str],
        case: str = "",
        key_header: str = "",
        preflights: bool = False,
    ) -> list[Exchange]:
        """The evidence of the requests since the last reset, at both origins, without the secret."""
        return [
            exchange_of(
                received,
                item=item,
                case=case,
                new_id=new_id,
                redact=redact,
                key_header=key_header or spoken().key_header,
            )
            for received in self.received(origin=None, preflights=preflights)
        ]

    # ---- start and end ----

    def close(self) -> None:
        """Stop listening, abort the connections under way, end the thread; a second call does nothing."""
        if not self._loop.is_closed():
            self._call(self._server.shut())
            self._stop()

    def __enter__(self) -> MockBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the thread of the mock backend."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_S)
