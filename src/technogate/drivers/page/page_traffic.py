"""What a page does besides being shown: its requests and its console output, as the browser reports them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from technogate.drivers.console_driver import PageRequest
from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Response

#: What Chromium says of a request that was about to connect while an address of this machine came or went, as they do
#: when a container is started or ended: nobody else has any part in it.
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"

#: The kinds of request by which a page's script asks a backend.
_ASKING = frozenset({"fetch", "xhr"})


@dataclass(slots=True, kw_only=True)
class _Seen:
    request: Request
    at: float
    response: Response | None = None
    ended: float = 0.0
    failure: str = ""

    def told(self) -> PageRequest:
        """What the browser says of it; its own clock is exact, ours runs when we look."""
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


class Traffic:
    """The requests and console lines of one page; belongs to the thread that drives the page.

    `count` is the number of requests by which the page's script asked anybody, from the start; `under_way` says whether
    one of them is still without its end. `network_changes` is the number of requests that this machine's own network
    has spoilt.
    """

    def __init__(self) -> None:
        self.count = self.network_changes = 0
        self.lines: list[str] = []
        self._seen: dict[Request, _Seen] = {}
        self._open: set[Request] = set()

    def listen(self, page: Page) -> None:
        """Take in what `page` does from now on."""
        page.on("request", self._began)
        page.on("response", self._answered)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._failed)
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("dialog", self._asked)

    @property
    def under_way(self) -> bool:
        """Whether a request of the page's script has not ended yet."""
        return bool(self._open)

    def requests(self) -> list[PageRequest]:
        """The requests in the order in which they began."""
        return [seen.told() for seen in self._seen.values()]

    def urls(self) -> tuple[str, ...]:
        """Where the requests went, in the order in which they began."""
        return tuple(request.url for request in self._seen)

    def forget(self) -> None:
        """Forget what has been; what is under way stays so."""
        self.lines.clear()
        self._seen = {request: seen for request, seen in self._seen.items() if request in self._open}

    def _began(self, request: Request) -> None:
        self._seen[request] = _Seen(request=request, at=time.time())
        if request.resource_type in _ASKING:
            self.count += 1
            self._open.add(request)

    def _answered(self, response: Response) -> None:
        if seen := self._seen.get(response.request):
            seen.response = response

    def _ended(self, request: Request) -> None:
        self._open.discard(request)
        if seen := self._seen.get(request):
            seen.ended = time.time()

    def _failed(self, request: Request) -> None:
        self._open.discard(request)
        self.network_changes += NETWORK_CHANGED in (request.failure or "")
        if seen := self._seen.get(request):
            seen.ended = time.time()
            seen.failure = request.failure or "failed"

    def _said(self, message: ConsoleMessage) -> None:
        self.lines.append(message.text)

    def _threw(self, error: PlaywrightError) -> None:
        self.lines.append(f"uncaught {error.message}")

    def _asked(self, dialog: Dialog) -> None:
        self.lines.append(f"dialog: {dialog.message}")
        dialog.dismiss()
