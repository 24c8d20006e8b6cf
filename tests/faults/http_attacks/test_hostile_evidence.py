"""Hostile clients as evidence: the bytes sent and received, without the key."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable

import pytest

from technogate.drivers.http.address import Address
from technogate.faults.http_attacks.attack import exchange_of
from technogate.faults.http_attacks.attack_client import Client
from technogate.faults.http_attacks.attack_script import Script
from technogate.faults.http_attacks.request_bytes import RawRequest, first_response
from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Ended, Exchange
from technogate.target.process.ports import HeldPort
from tests.conftest import STUCK_S
from tests.faults.http_attacks.conftest import KEY, RESPONSE, Listener

Listen = Callable[..., Listener]


def evidence(client: Client, request: RawRequest, base_url: str = "http://backend") -> Exchange:
    """The exchange of one client, once it has left."""
    numbers = itertools.count(1)
    client.leave()
    return exchange_of(
        client,
        request,
        kind="a kind",
        operation="executeCommand",
        item="suites/x",
        base_url=base_url,
        key_header="X-API-Key",
        new_id=lambda: f"gw0d-{next(numbers)}",
        redactor=Redactor(KEY),
    )


def test_records_a_response(listen: Listen, execute: RawRequest, eventually: Callable[..., bool]) -> None:
    """A complete response is kept, without the key."""
    client = Client(Script(opening=execute.render()))
    client.begin(listen(RESPONSE.replace(b"{}", KEY.encode()).replace(b"Length: 2", b"Length: 20")).address)
    assert eventually(lambda: client._receive(0.01))
    exchange = evidence(client, execute)
    assert exchange.end is Ended.OK
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body.text) == (200, MARK)
    assert exchange.leaks == ("body (plain)",)
    assert exchange.key == MARK
    assert KEY not in repr(exchange)
    assert exchange.request.body.raw == execute.body
    assert (exchange.under_fault, exchange.operation) == ("a kind", "executeCommand")


def test_a_request_without_a_response_is_indeterminate(listen: Listen, execute: RawRequest) -> None:
    """Half a request has an unknown outcome, and its evidence holds the bytes that were sent."""
    client = Client(Script(opening=execute.render()[:-9]))
    client.begin(listen().address)
    exchange = evidence(client, execute)
    assert (exchange.end, exchange.response) == (Ended.INDETERMINATE, None)
    assert exchange.request.body.raw == execute.body[:-9]


def test_a_refused_connection_is_a_failed_request(execute: RawRequest) -> None:
    """A request without a connection failed."""
    with HeldPort() as held:
        client = Client(Script(opening=execute.render()))
        client.begin(Address.of(f"http://127.0.0.1:{held.number}"))
    assert evidence(client, execute).end is Ended.FAILED


def test_a_refusal_counts_for_no_operation(
    listen: Listen, execute: RawRequest, eventually: Callable[..., bool]
) -> None:
    """A refusal of the HTTP parser, before any routing, counts for no operation."""
    client = Client(Script(opening=execute.render()))
    client.begin(listen(RESPONSE.replace(b"200 OK", b"400 Bad Request")).address)
    assert eventually(lambda: client._receive(0.01))
    exchange = evidence(client, execute)
    assert exchange.response is not None
    assert (exchange.response.status, exchange.operation) == (400, "")


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
TRAILED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    b"2;x=1\r\n{}\r\n0\r\nX-Sum: a\r\nX-More: b\r\n\r\n"
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "first"),
    [
        (RESPONSE, RESPONSE),
        (RESPONSE + b"HTTP/1.1 400 Bad", RESPONSE),
        (RESPONSE[:-1], None),
        (b"HTTP/1.1 200 OK\r\nContent-", None),
        (b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", None),
        (CHUNKED + b"more", CHUNKED),
        (CHUNKED[:-2], None),
        (HINTS * 2 + b"HTTP/1.1 100 Continue\r\n\r\n" + RESPONSE + b"more", RESPONSE),
        (HINTS, None),
        (HINTS + RESPONSE[:-1], None),
        (TRAILED + b"more", TRAILED),
        (TRAILED[:-2], None),
        (CHUNKED.replace(b"2\r\n{}\r\n", b""), CHUNKED.replace(b"2\r\n{}\r\n", b"")),
        (b"", None),
    ],
)
def test_separates_the_first_response(data: bytes, first: bytes | None) -> None:
    """Neither informational responses before it nor bytes after it belong to a response."""
    assert first_response(data) == first


@pytest.mark.parametrize(
    ("data", "first"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        (HINTS + b"HTTP/1.0 200 OK\r\n\r\n{}", b"HTTP/1.0 200 OK\r\n\r\n{}"),
        (RESPONSE[:-1], None),
        (CHUNKED[:-2], None),
        (b"HTTP/1.1 200 OK\r\nContent-", None),
    ],
)
def test_the_end_of_a_connection_completes_a_response_without_a_length(data: bytes, first: bytes | None) -> None:
    """One that names its length, or comes in chunks, is cut all the same."""
    assert first_response(data, closed=True) == first


@pytest.mark.parametrize("response", [HINTS + RESPONSE, TRAILED, b"HTTP/1.0 200 OK\r\n\r\n{}"])
def test_records_a_response_in_whatever_form(listen: Listen, execute: RawRequest, response: bytes) -> None:
    """What came before it, behind it, or ends it does not change what was responded."""
    client = Client(Script(opening=execute.render()))
    client.begin(listen(response, closes=True).address)
    client.wait(time.monotonic() + STUCK_S, threading.Event())
    exchange = evidence(client, execute)
    assert (exchange.end, exchange.error) == (Ended.OK, "")
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body.text) == (200, "{}")


def test_the_path_is_recorded_below_the_base_url(listen: Listen, read: RawRequest) -> None:
    """As the driver records it: the address of the backend has the prefix already."""
    client = Client(Script(opening=b""))
    client.begin(listen().address)
    request = dataclasses.replace(read, path="/below/api/memory")
    assert evidence(client, request, base_url="http://backend/below").request.path == "/api/memory"
