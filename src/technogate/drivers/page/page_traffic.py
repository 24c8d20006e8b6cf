"""The requests and the console output of a page, as the browser reports them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from technogate.drivers.console_driver import PageRequest
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.util.bounded_lines import BoundedLines

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response, WebSocket

#: Chromium's error for a request that was about to connect while an address of this machine was added or removed, as
#: when a container starts or ends: neither the page nor its backend causes it.
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"

#: Chromium's reason for a request that the page's own Content-Security-Policy forbids: it is not sent.
BLOCKED_BY_POLICY = "csp"

#: The methods of requests that change nothing.
_READS = frozenset({"GET", "HEAD"})

#: A header that no browser sends by itself: a page's script sends it to its backend.
_OWN_HEADER = re.compile(r"(?i)x-|authorization$")

#: The kinds of request that a page's script sends.
_SCRIPT_REQUESTS = frozenset({"fetch", "xhr"})


@dataclass(slots=True, kw_only=True)
class _ObservedRequest:
    request: Request
    at: float
    response: Response | None = None
    ended: float = 0.0
    failure: str = ""

    def page_request(self) -> PageRequest:
        """The request as the browser reports it; its timing is exact, the gate's is that of the event's arrival."""
        request, response = self.request, self.response
        start = request.timing["startTime"] / 1000
        last = request.timing["responseEnd"] / 1000
        return PageRequest(
            method=request.method,
            url=request.url,
            at=self.at,
            kind=request.resource_type,
            status=response.status if response is not None else 0,
            failure=self.failure,
            ended=start + last if self.ended and start > 0 and last >= 0 else self.ended,
            sent=tuple(request.headers.items()),
            body=request.post_data_buffer or b"",
            headers=tuple(response.headers.items()) if response is not None else (),
        )


@dataclass(slots=True, kw_only=True)
class _ObservedSocket:
    url: str
    at: float
    frames: list[str | bytes] = field(default_factory=list)

    def page_request(self) -> PageRequest:
        """The socket as one request, whose body is all that was sent on it."""
        sent = b"\n".join(frame.encode() if isinstance(frame, str) else frame for frame in self.frames)
        return PageRequest(method="GET", url=self.url, at=self.at, kind="websocket", body=sent)


class Traffic:
    """The requests and console lines of one page; belongs to the thread that drives the page.

    `count` is the number of requests that the page's script has sent, from the start, `writes` of those that are no
    reads, `keyed` of those with a header of the application's own, and `ended` of those that have ended; `under_way` is
    whether one of them has not.
    `network_changes` is the number of requests that a change of this machine's network has spoilt.
    """

    def __init__(self) -> None:
        self.count = self.writes = self.keyed = self.ended = self.network_changes = 0
        self.lines = BoundedLines()
        # How a dialog is answered: it is dismissed without that.
        self.answer: Callable[[Dialog], None] | None = None
        self._observed: dict[Request, _ObservedRequest] = {}
        self._open: set[Request] = set()
        self._elsewhere: dict[Request, _ObservedRequest] = {}
        self._unreported: list[PageRequest] = []
        self._sockets: list[_ObservedSocket] = []

    def listen(self, page: Page) -> None:
        """Record the requests and console output of `page` from now on."""
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfinished", self._on_finished)
        page.on("requestfailed", self._on_failed)
        page.on("console", self._on_console)
        page.on("pageerror", self._on_page_error)
        page.on("dialog", self._on_dialog)
        page.on("websocket", self._on_websocket)

    def listen_elsewhere(self, context: BrowserContext) -> None:
        """Record the requests of everything else in `context`: service workers, and windows that the page opens."""
        context.on("request", self._on_request_elsewhere)

    def keep_bodies(self, bodies: Sequence[Mapping[str, str]]) -> None:
        """Record what the page's script has sent as Blob or form, whose bodies the browser does not report."""
        for sent in bodies:
            body = sent["text"].encode("utf-8", "replace")
            self._unreported.append(
                PageRequest(method=sent["method"], url=sent["url"], at=time.time(), kind="blob or form", body=body)
            )

    def network_watch(self) -> Callable[[], bool]:
        """A function that returns whether the network has spoilt a request since its last call, or since now."""
        known = self.network_changes

        def changed() -> bool:
            nonlocal known
            before, known = known, self.network_changes
            return known > before

        return changed

    @property
    def under_way(self) -> bool:
        """Whether a request of the page's script has not ended yet."""
        return bool(self._open)

    def requests(self) -> list[PageRequest]:
        """The requests in the order in which they began."""
        return [observed.page_request() for observed in self._observed.values()]

    def outgoing(self) -> list[PageRequest]:
        """The same, and whatever else left the browser: of service workers and other windows, on sockets, as Blob."""
        elsewhere = [observed for request, observed in self._elsewhere.items() if request not in self._observed]
        sockets = [socket.page_request() for socket in self._sockets]
        requests = [*self.requests(), *(observed.page_request() for observed in elsewhere), *sockets]
        # A request that the browser did not let the page send is reported as blocked, or not at all.
        sent = {request.url for request in requests if request.failure != BLOCKED_BY_POLICY}
        return [*requests, *(request for request in self._unreported if request.url in sent)]

    def urls(self) -> tuple[str, ...]:
        """The URLs of the requests, in the order in which they began."""
        return tuple(request.url for request in self._observed)

    def forget(self) -> None:
        """Clear the requests that have ended, and the console lines."""
        self.lines.clear()
        self._elsewhere.clear()
        self._observed = {request: observed for request, observed in self._observed.items() if request in self._open}

    def abandon(self) -> None:
        """Take the requests under way as ended: their page is gone."""
        self._open.clear()

    def _on_request_elsewhere(self, request: Request) -> None:
        # A request of the page itself is reported here too, and first.
        self._elsewhere[request] = _ObservedRequest(request=request, at=time.time())

    def _on_websocket(self, socket: WebSocket) -> None:
        observed = _ObservedSocket(url=socket.url, at=time.time())
        self._sockets.append(observed)
        socket.on("framesent", observed.frames.append)

    def _on_request(self, request: Request) -> None:
        self._observed[request] = _ObservedRequest(request=request, at=time.time())
        if request.resource_type in _SCRIPT_REQUESTS:
            self.count += 1
            self.writes += request.method not in _READS
            self.keyed += any(_OWN_HEADER.match(name) for name in request.headers)
            self._open.add(request)

    def _on_response(self, response: Response) -> None:
        if observed := self._observed.get(response.request):
            observed.response = response

    def _close(self, request: Request) -> None:
        if request in self._open:
            self._open.discard(request)
            self.ended += 1

    def _on_finished(self, request: Request) -> None:
        self._close(request)
        if observed := self._observed.get(request):
            observed.ended = time.time()

    def _on_failed(self, request: Request) -> None:
        self._close(request)
        self.network_changes += NETWORK_CHANGED in (request.failure or "")
        if observed := self._observed.get(request):
            observed.ended = time.time()
            observed.failure = request.failure or "failed"

    def _on_console(self, message: ConsoleMessage) -> None:
        self.lines.append(message.text)

    def _on_page_error(self, error: PlaywrightError) -> None:
        self.lines.append(f"uncaught {error.message}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.lines.append(f"dialog: {dialog.message}")
        if self.answer is None:
            dialog.dismiss()
        else:
            self.answer(dialog)
