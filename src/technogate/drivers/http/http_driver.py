"""The HTTP driver: sends one case to the backend and records the exchange, secrets redacted."""

from __future__ import annotations

import contextlib
import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.plain_request import plain_case
from technogate.drivers.http.api_keys import Key
from technogate.drivers.http.long_body import LongBody
from technogate.drivers.http.pace import TOO_MANY, Pace, RateLimit, retry_after
from technogate.drivers.http.raw_http import (
    READ_LIMIT,
    BrokenError,
    EndedAsUsedError,
    NoConnectionError,
    RawConnection,
    RawResponse,
)
from technogate.drivers.http.wrong_keys import WrongKeys
from technogate.journal.redaction import Redactor
from technogate.model.case import JSON_TYPE as JSON_TYPE
from technogate.model.case import Case as Case
from technogate.model.case import Query as Query
from technogate.model.events import Body, Ended, Exchange, Request, Response, RunWarning
from technogate.util.client_profiles import ClientProfile, profile_of
from technogate.util.content_coding import NotDecompressed, codings, decompressed, unasked

#: Seconds between two readings of the audit list.
POLL_S = 0.05

#: Bytes that are kept of a body which is not read to its end.
KEPT_OF_ENDLESS = 512

#: The statuses with which a key is refused.
_FORBIDDEN = 403
_REFUSED = (401, _FORBIDDEN)

#: Headers of ours that a case replaces by naming them; any other that it names is sent beside ours.
_OURS = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"})


class Guard(Protocol):
    """Sends each case of a driver, and looks after the backend meanwhile: what it raises takes the response's place."""

    def send(self, client: HttpDriver, case: Case, key: Key) -> Exchange:
        """Send `case` through `client.attempt`, and return what came of it."""


class HttpDriver:
    """Sends cases to one backend over kept-alive connections; never follows a redirect.

    Nothing is sent twice, but for two cases: after a response of 429 the request is sent again, no faster than the
    backend allows; and once more, on a fresh connection, where a kept-alive one ended as it was used. Every attempt is
    an exchange of its own. May be used by several threads at once.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: Key,
        contract: Contract,
        redactor: Redactor,
        record: Callable[[Exchange], None],
        item: Callable[[], str],
        new_id: Callable[[], str],
        timeout_s: float,
        seed: int = 0,
        note: Callable[[RunWarning], None] | None = None,
        defects: Callable[[Case, Key], tuple[str, ...]] = lambda _case, _key: (),
        guard: Guard | None = None,
        pace: Pace | None = None,
        wrong_keys: WrongKeys | None = None,
    ) -> None:
        """`record` takes each exchange; `item` returns the id of the running test item; `timeout_s` bounds a response.

        `note` takes a warning about the pace, once, when the driver is closed. `defects` names what is wrong with a
        case and its key by the contract. `seed` draws which client a request looks like. `guard` sends each case.
        `pace` and `wrong_keys` are those of all drivers of this backend, where it has several.
        """
        self.base_url = base_url.rstrip("/")
        self.key = key
        self.contract = contract
        self.pace = pace or Pace(note)
        self.wrong_keys = wrong_keys or WrongKeys(key)
        self._reports = pace is None
        self._turned_away: set[str] = set()
        self._redactor = redactor
        self._record = record
        self._recording = threading.Lock()
        self._item = item
        self._new_id = new_id
        self._seed = seed
        self._defects = defects
        self._guard = guard
        self._timeout_s = timeout_s
        self._wire = RawConnection(self.base_url, timeout_s)

    def close(self) -> None:
        """Close the connections, and report the pace where it is this driver's own."""
        self._wire.close()
        if self._reports:
            self.pace.report()

    def case(self, operation: str, **changes: Any) -> Case:
        """A case of `operation`, with `changes` to the fields of Case. Raises KeyError for an unknown id."""
        described = self.contract.operations[operation]
        return Case(method=described.method.upper(), path=described.path, operation=operation, **changes)

    def execute(self, command: object, *, key: Key | None = None, **more: object) -> Exchange:
        """Execute `command`, with further fields of the body."""
        body = self.body(command, **more)
        return self.send(self.case(self.contract.behavior.operations.execute, body=body), key=key)

    def body(self, command: object, **more: object) -> bytes:
        """The body of an execute request of `command`, with further fields."""
        return msgspec.json.encode(self.contract.words.written("request", {"command": command, **more}))

    def plain(self, operation: str, **changes: Any) -> Case:
        """A case of `operation` that the contract allows and that has no effect where the operation plays a part.

        It is made of the examples in the contract; an execution is of a command that no backend knows. Raises KeyError
        for an unknown id.
        """
        names = self.contract.behavior.operations
        if operation == names.execute:
            return self.case(operation, **{"body": self.body("NO_SUCH_COMMAND_EXISTS"), **changes})
        if operation in (names.audit, names.fallback, names.memory):
            return self.case(operation, **changes)
        return plain_case(self.contract, operation, **changes)

    def ask(self, operation: str, *, key: Key | None = None) -> Exchange:
        """One request of `operation` without anything that it does not demand; an execution has no body."""
        if operation in {described.id for described in self.contract.general}:
            return self.send(self.plain(operation), key=key)
        return self.read(operation, key=key)

    def read(self, operation: str, query: Mapping[str, object] | None = None, *, key: Key | None = None) -> Exchange:
        """One GET of `operation` with `query`, whose parameters `filter` and `limit` have the contract's names."""
        audit = self.contract.behavior.audit
        names = {"filter": audit.filter_parameter, "limit": audit.limit_parameter}
        pairs = tuple((names.get(name, name), str(value)) for name, value in (query or {}).items())
        return self.send(self.case(operation, query=pairs), key=key)

    def read_entry(self, operation: str, query: Mapping[str, object] | None, trace_id: str) -> Exchange:
        """Read the audit list until it has an entry of `trace_id`, or the time to become visible is over (TRL-06).

        The last reading begins when that time has passed: an earlier one proves nothing, however long it took.
        """
        until = time.monotonic() + self.contract.behavior.time.trail_visible_s
        while True:
            last = time.monotonic() > until
            exchange = self.read(operation, query)
            is_listed = exchange.response is not None and trace_id in exchange.response.body.text
            if is_listed or last:
                return exchange
            time.sleep(POLL_S)

    @contextmanager
    def apart(self) -> Iterator[HttpDriver]:
        """The same driver with connections of its own, which are closed at the end."""
        other = copy.copy(self)
        other._wire = RawConnection(self.base_url, self._timeout_s)
        try:
            yield other
        finally:
            other._wire.close()

    def send(self, case: Case, *, key: Key | None = None, long_body: LongBody | None = None) -> Exchange:
        """Send `case` with `key` (the right one by default), record what came of it and return that.

        With a `long_body` that is sent in place of the case's body, and without the guard.
        Raises only what the driver's guard raises, for a backend that has ended.
        """
        used_key = self.key if key is None else key
        if self._guard is None or long_body is not None:
            return self.attempt(case, used_key, long_body)
        return self._guard.send(self, case, used_key)

    def attempt(self, case: Case, key: Key, long_body: LongBody | None = None) -> Exchange:
        """Send `case` without the guard, record what came of it and return that.

        Raises nothing for what a backend does: a refused connection ends `failed`, a broken or slow
        response `indeterminate`. While the backend responds with 429, the case is sent again, at the
        pace that the backend allows and as often as `Pace` allows; the exchange of the last attempt is returned.
        """

        def limit_of(exchange: Exchange) -> RateLimit | None:
            limit = self._limit_of(exchange, case, key)
            if limit is not None:
                self._turned_away.add(exchange.id)
            return limit

        return self.pace.send(lambda attempt: self._attempt(case, key, attempt, long_body), limit_of)

    def turned_away(self, exchange: Exchange) -> bool:
        """Whether the response says no more than that the backend takes no requests for a while."""
        return exchange.id in self._turned_away

    def _limit_of(self, exchange: Exchange, case: Case, key: Key) -> RateLimit | None:
        """The limit that a response reports in place of an answer: a 429, and a 403 to the right key in a lockout."""
        response = exchange.response
        if response is None:
            return None
        pause_s = retry_after(response.header("retry-after"), exchange.ended)
        if response.status == TOO_MANY:
            return RateLimit(pause_s=pause_s, lockout=self.wrong_keys.locked(key, pause_s or 0.0))
        right = key.values == self.key.values
        if right and response.status == _FORBIDDEN and pause_s is not None and self.wrong_keys.locked(key, pause_s):
            return RateLimit(pause_s=pause_s, lockout=True)
        self.wrong_keys.answered(case.operation, key, refused=response.status in _REFUSED)
        return None

    def _attempt(self, case: Case, key: Key, attempt: int, long_body: LongBody | None) -> Exchange:
        """Send `case`, once more on a fresh connection where a kept-alive one ended as it was used.

        The first of the two requests may have been executed, and need not: its exchange is recorded without a response,
        and nothing is concluded from it but that an entry in the audit trail may be its.
        """
        if long_body is not None:
            case = msgspec.structs.replace(case, body=long_body.start, headers=(*case.headers, long_body.header))
        remark = f", again after {TOO_MANY}" if attempt else ""
        exchange, ended_as_used = self._exchange(case, key, remark, long_body)
        self._keep(exchange)
        if not ended_as_used:
            return exchange
        self.pace.wait()
        again, _ = self._exchange(case, key, f"{remark}, again on a fresh connection", None, fresh=True)
        if again.end is Ended.FAILED:
            # Nothing was sent. The server has ended, and the request before may be what ended it.
            return exchange
        self._keep(again)
        return again

    def _keep(self, exchange: Exchange) -> None:
        with self._recording:
            self._record(exchange)

    def _exchange(
        self, case: Case, key: Key, remark: str, long_body: LongBody | None, *, fresh: bool = False
    ) -> tuple[Exchange, bool]:
        """Send `case` once: what came of it, and whether a kept-alive connection ended as it was used."""
        exchange_id = self._new_id()
        name, _ = self._redactor.clean_text(f"{case.name or case.operation or case.target}, with {key.name}")
        response, end, error, ended_as_used = None, Ended.OK, "", False
        profile = profile_of(self._seed, case, key.name, remark)
        headers = self._headers(case, key.values, profile)
        started = time.time()
        try:
            # A server that knows no such request may leave the body unread: the next request would begin with it.
            reuse = (case.body is None or bool(case.operation)) and not profile.fresh
            fresh = fresh or profile.fresh
            received = self._wire.exchange(
                case.method, self._target(case), headers, long_body or case.body, reuse=reuse, fresh=fresh
            )
            asked = any(name.lower() == "accept-encoding" for name, _ in case.headers)
            response = _response(received, headers, asked=asked)
            if not received.whole:
                end, error = Ended.INDETERMINATE, f"the response has more than {READ_LIMIT} bytes: not read to its end"
        except NoConnectionError as failure:
            end, error = Ended.FAILED, str(failure)
        except BrokenError as failure:
            end, error, ended_as_used = Ended.INDETERMINATE, str(failure), isinstance(failure, EndedAsUsedError)
        ended = time.time()
        leaks: tuple[str, ...] = ()
        if response is not None:
            response, leaks = self._redactor.response(response)
        sent, _ = self._redactor.headers(tuple(self._headers(case, key.expressions, profile)))
        path, _ = self._redactor.clean_text(case.target)
        raw, _ = self._redactor.clean(case.body or b"")
        body = Body.of(raw)
        if long_body is not None:
            body = msgspec.structs.replace(body, size=long_body.size, cut=True)
        exchange = Exchange(
            id=exchange_id,
            item=self._item(),
            responded_by="backend",
            operation=case.operation,
            case=name + remark,
            base_url=self.base_url,
            key=key.expression,
            request=Request(method=case.method, path=path, headers=sent, body=body),
            response=response,
            end=end,
            error=self._redactor.clean_text(error)[0] if error else "",
            started=started,
            ended=ended,
            leaks=leaks,
            defects=self._defects(case, key),
        )
        return exchange, ended_as_used

    def _target(self, case: Case) -> str:
        """The request target: below the path of the base URL, unless the case has a target in absolute form."""
        return case.target if "://" in case.path else self._wire.prefix + case.target

    def _headers(self, case: Case, keys: tuple[str, ...], profile: ClientProfile) -> list[tuple[str, str]]:
        """The headers of a case as a client of this profile sends them, with `keys` in the key header."""
        own = [pair for key in keys for pair in self.contract.words.credential(key)]
        if case.body is not None:
            if case.content_type:
                own.append(("Content-Type", case.content_type))
            own.append(("Content-Length", str(len(case.body))))
        named = {name.lower() for name, _ in case.headers} & _OURS
        if any(name.lower() == "transfer-encoding" for name, _ in case.headers):
            named.add("content-length")
        headers = profile.headers(self._wire.host, own)
        return [pair for pair in headers if pair[0].lower() not in named] + list(case.headers)


def _response(received: RawResponse, sent: Sequence[tuple[str, str]], *, asked: bool) -> Response:
    """The record of a response to a request with the headers `sent`; `asked` where its case names codings."""
    if not received.whole:
        # Its beginning shows what it is; a run has thousands of such responses where a server sends without end.
        kept = msgspec.structs.replace(Body.of(received.body[:KEPT_OF_ENDLESS]), size=len(received.body), cut=True)
        return Response(status=received.status, headers=received.headers, body=kept, http_version=received.http_version)
    body, used = received.body, codings(received.headers)
    removed: tuple[str, ...] = ()
    # What a case asks for itself stays as it came.
    if used and (not asked or unasked(sent, received.headers)):
        with contextlib.suppress(NotDecompressed):  # it is judged as it came then
            body, removed = decompressed(body, used), tuple(used)
    return Response(
        status=received.status,
        headers=received.headers,
        body=Body.of(body),
        http_version=received.http_version,
        compressed=removed,
    )
