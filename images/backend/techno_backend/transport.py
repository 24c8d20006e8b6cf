"""HTTP/1.1 on the wire: uvicorn's protocol with limits for clients that stall or send garbage (ERR-07)."""

from __future__ import annotations

import asyncio
import uuid

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .answers import Reason, RefusalError, error_answer

#: Seconds after which an idle connection is closed. Longer than clients keep theirs, so that they close first.
KEEP_ALIVE = 30
#: Seconds between two checks of a connection: one that has begun no request in between is dropped.
STALL_SECONDS = 30.0
#: Seconds in which a body that was refused unread may still arrive, before the connection is dropped.
LINGER_SECONDS = 2.0


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which never waits forever for a request's head or for a body that is not read."""

    _seen: object = None
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch the connection."""
        super().connection_made(transport)
        self._look = self.loop.call_later(STALL_SECONDS, self._drop_if_stalled)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching the connection."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _drop_if_stalled(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and self.cycle is self._seen:
            self.transport.abort()
            return
        self._seen = self.cycle
        self._look = self.loop.call_later(STALL_SECONDS, self._drop_if_stalled)

    def on_response_complete(self) -> None:
        """Wait briefly for a body that is still on its way, so that the client can read the response."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self.loop.call_later(LINGER_SECONDS, self._drop_if_unread, self.cycle)

    def _drop_if_unread(self, cycle: object) -> None:
        if self.cycle is cycle and self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Respond with an `ErrorResponse` to what is not HTTP, where a response is still possible."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            trace_id = str(uuid.uuid4())
            answer = error_answer(RefusalError(400, Reason.VALIDATION_FAILED, msg), trace_id)
            headers = [*answer.raw_headers, (b"x-trace-id", trace_id.encode("ascii")), (b"connection", b"close")]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
