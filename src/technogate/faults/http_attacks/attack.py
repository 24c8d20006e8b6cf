"""An attack: many hostile clients of one kind at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from technogate.drivers.http.address import Address
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.http_attacks.attack_client import Client
from technogate.faults.http_attacks.attack_script import Hostile
from technogate.faults.http_attacks.request_bytes import RawRequest
from technogate.journal.redaction import MARK, Redactor
from technogate.mock.recorded_request import parse_response
from technogate.model.events import Body, Ended, Exchange, Request, Response

#: How often clients that leave at once connect again.
WAVES = 5
#: Seconds between two waves.
PAUSE_S = 0.005


class Attack:
    """A context manager: within it the hostile clients are connected; at its end they have left.

    The first wave is delivered when the context is entered, so that every request within it is under the attack.
    """

    def __init__(self, address: Address, hostile: Hostile, *, timeout_s: float, waves: int = WAVES) -> None:
        """`timeout_s` is how many seconds a client waits for its response."""
        self.hostile = hostile
        self.clients: list[Client] = []
        self._address = address
        self._script = hostile.script()
        self._timeout_s = timeout_s
        self._waves = waves
        self._recovered = threading.Event()
        self._abandoned = threading.Event()
        self._thread: threading.Thread | None = None
        self._broken: NotDelivered | None = None

    @property
    def delivered(self) -> int:
        """How many clients have reached the backend so far."""
        return sum(client.delivered for client in self.clients)

    @property
    def detail(self) -> str:
        """The clients and their outcomes, in one line."""
        answered = sum(client.response is not None for client in self.clients)
        closed = sum(client.closed_by_backend for client in self.clients)
        return (
            f"{self.delivered} of {len(self.clients)} clients delivered, {answered} got a response, "
            f"{closed} closed by the backend"
        )

    def __enter__(self) -> Attack:
        try:
            first = self._first_wave()
        except BaseException:
            self._leave()
            raise
        self._thread = threading.Thread(target=self._continue, args=(first,), name=self.hostile.kind)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._abandoned.set()
        self._recovered.set()
        if self._thread is not None:
            self._thread.join()
        self._leave()
        if kind is None and self._broken is not None:
            raise self._broken

    def _leave(self) -> None:
        for client in self.clients:
            client.leave()

    def _first_wave(self) -> list[Client]:
        """Deliver the first wave, before any other request; raises NotDelivered."""
        wave = self._wave()
        if not any(client.delivered for client in wave):
            why = next((client.error for client in wave if client.error), "no byte was taken")
            raise NotDelivered(f"{self.hostile.kind}: none of {len(wave)} hostile clients got through ({why})")
        return wave

    def _wave(self) -> list[Client]:
        """Connect the clients of one wave, up to the first that is refused. Raises NotDelivered."""
        wave: list[Client] = []
        for _ in range(self.hostile.clients):
            client = Client(self._script)
            wave.append(client)
            self.clients.append(client)
            client.begin(self._address)
            if not client.connected or self._abandoned.is_set():
                break
        return wave

    def _continue(self, wave: list[Client]) -> None:
        """Keep the attack going until it ends."""
        if self._script.held:
            while not self._recovered.wait(self._script.interval_s):
                for client in wave:
                    client.drip()
            return
        self._end_wave(wave)
        for _ in range(self._waves - 1):
            if self._recovered.wait(PAUSE_S):
                return
            try:
                wave = self._wave()
            except NotDelivered as failure:
                self._broken = failure
                return
            self._end_wave(wave)

    def _end_wave(self, wave: list[Client]) -> None:
        """Wait for responses if the kind does, and leave."""
        until = time.monotonic() + self._timeout_s
        for client in wave:
            if self._script.answered:
                client.wait(until, self._abandoned)
            client.leave()


def exchange_of(
    client: Client,
    request: RawRequest,
    *,
    kind: str,
    operation: str,
    item: str,
    base_url: str,
    key_header: str,
    new_id: Callable[[], str],
    redactor: Redactor,
) -> Exchange:
    """Return the exchange of one hostile client that sent `request`, or a part of it, or more.

    A refusal may come from an HTTP parser that has no routes, so only a request without a response or with 2xx
    counts as an exchange of `operation`.
    """
    response: Response | None = None
    leaks: tuple[str, ...] = ()
    end, error = Ended.INDETERMINATE, client.error or "no complete response"
    whole = client.response
    if whole is not None:
        parsed, error = parse_response(whole)
        if not error:
            response, leaks = redactor.response(parsed)
            end = Ended.OK
    elif not client.connected:
        end = Ended.FAILED
    headers, _ = redactor.headers(request.headers)
    # As the driver records it: below the path of the base URL.
    path = request.path.removeprefix(Address.of(base_url).prefix) or "/"
    sent, _ = redactor.clean(client.script.opening[: client.sent].partition(b"\r\n\r\n")[2])
    has_key = any(name.lower() == key_header.lower() for name, _ in request.headers)
    return Exchange(
        id=new_id(),
        item=item,
        responded_by="backend",
        operation=operation if response is None or response.status // 100 == 2 else "",
        case=kind,
        base_url=base_url,
        key=MARK if has_key else "",
        request=Request(method=request.method, path=path, headers=headers, body=Body.of(sent)),
        response=response,
        end=end,
        error=error,
        under_fault=kind,
        started=client.started,
        ended=client.ended,
        leaks=leaks,
    )
