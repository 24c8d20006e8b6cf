"""The HTTP driver: sends one case to the backend and records the exchange, secrets left at the door."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec

from technogate.contract import Contract
from technogate.driver.keys import Key
from technogate.evidence import Answer, Body, Ended, Exchange, Headers, Request
from technogate.redact import Redactor

Query = tuple[tuple[str, str], ...]
JSON_TYPE = "application/json"

#: Seconds between two looks at the audit list.
POLL_S = 0.05


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One concrete input. `body` None sends none; `content_type` "" sends no such header."""

    method: str
    path: str
    operation: str = ""
    query: Query = ()
    headers: Headers = ()
    body: bytes | None = None
    content_type: str = JSON_TYPE
    name: str = ""

    @property
    def target(self) -> str:
        """The request target: path and query, percent-encoded."""
        path = quote(self.path, safe="/%:@!$&'()*+,;=~-._")
        return f"{path}?{urlencode(self.query)}" if self.query else path


class HttpDriver:
    """Sends cases to one backend over kept-alive connections; never follows, never retries."""

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
        run: str,
        timeout_s: float,
    ) -> None:
        """`record` takes each exchange; `item` names the test item at work; `timeout_s` bounds an answer."""
        self.base_url = base_url.rstrip("/")
        self.key = key
        self.contract = contract
        self._redactor = redactor
        self._record = record
        self._item = item
        self._new_id = new_id
        self._run = run
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_s, connect=5.0), follow_redirects=False, trust_env=False, http2=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def case(self, operation: str, **changes: Any) -> Case:
        """A case of `operation`, with `changes` to the fields of Case. Raises KeyError for an unknown id."""
        found = self.contract.operations[operation]
        return Case(method=found.method.upper(), path=found.path, operation=operation, **changes)

    def execute(self, command: object, *, key: Key | None = None, **more: object) -> Exchange:
        """Execute `command`, with further fields of the body."""
        body = msgspec.json.encode({"command": command, **more})
        return self.send(self.case(self.contract.behavior.operations.execute, body=body), key=key)

    def read(self, operation: str, query: Mapping[str, object] | None = None, *, key: Key | None = None) -> Exchange:
        """One GET of `operation` with `query`."""
        pairs = tuple((name, str(value)) for name, value in (query or {}).items())
        return self.send(self.case(operation, query=pairs), key=key)

    def read_entry(self, operation: str, query: Mapping[str, object] | None, trace_id: str) -> Exchange:
        """Read the audit list until it has an entry of `trace_id`, or an entry may not take longer (TRL-06)."""
        until = time.monotonic() + self.contract.behavior.time.trail_visible_s
        while True:
            exchange = self.read(operation, query)
            found = exchange.answer is not None and trace_id in exchange.answer.body.text
            if found or time.monotonic() > until:
                return exchange
            time.sleep(POLL_S)

    def send(self, case: Case, *, key: Key | None = None) -> Exchange:
        """Send `case` with `key` (the right one by default), record what came of it and return that.

        Raises nothing for what a backend does: a refused connection ends `failed`, a broken or late
        answer `indeterminate`.
        """
        key = self.key if key is None else key
        exchange_id = self._new_id()
        headers = self._headers(case, key.values, exchange_id)
        request = self._client.build_request(case.method, self.base_url + "/", headers=headers, content=case.body)
        if case.body is None:
            request.headers.pop("content-length", None)
        request.extensions["target"] = case.target.encode("ascii")
        answer, end, error = None, Ended.OK, ""
        started = time.time()
        try:
            response = self._client.send(request)
            answer = Answer(
                status=response.status_code,
                headers=tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
                ),
                body=Body.of(response.content),
                http_version=response.http_version,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            end, error = Ended.FAILED, _words(failure)
        except httpx.HTTPError as failure:
            end, error = Ended.INDETERMINATE, _words(failure)
        ended = time.time()
        leaks: tuple[str, ...] = ()
        if answer is not None:
            answer, leaks = self._redactor.answer(answer)
        sent, _ = self._redactor.headers(tuple(self._headers(case, key.expressions, exchange_id)))
        path, _ = self._redactor.clean_text(case.target)
        body, _ = self._redactor.clean(case.body or b"")
        exchange = Exchange(
            id=exchange_id,
            item=self._item(),
            answered_by="backend",
            operation=case.operation,
            case=f"{case.name or case.operation or case.target}, with {key.name}",
            base_url=self.base_url,
            key=key.expression,
            request=Request(method=case.method, path=path, headers=sent, body=Body.of(body)),
            answer=answer,
            end=end,
            error=error,
            started=started,
            ended=ended,
            leaks=leaks,
        )
        self._record(exchange)
        return exchange

    def _headers(self, case: Case, keys: tuple[str, ...], exchange_id: str) -> list[tuple[str, str]]:
        """The headers of a case, with `keys` in the key header; each request says which case sent it."""
        headers = [
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", f"technogate (run {self._run}; exchange {exchange_id})"),
        ]
        headers += [(self.contract.behavior.headers.key, key) for key in keys]
        if case.body is not None and case.content_type:
            headers.append(("Content-Type", case.content_type))
        return headers + list(case.headers)


def _words(failure: httpx.HTTPError) -> str:
    """What went wrong on the wire, in a few words."""
    return f"{type(failure).__name__}: {failure}".rstrip(": ")
