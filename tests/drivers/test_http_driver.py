"""The HTTP driver: it sends and records every byte unchanged, and sends nothing twice but where it must."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from technogate.contract.loader import Contract, load_contract
from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, Key, right_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Ended, Exchange, RunWarning
from technogate.target.process.ports import HeldPort
from technogate.util import client_profiles
from tests.conftest import STUCK_S
from tests.stand_in import Handler, StandIn, StandInRequest, http_response

KEY = "Driver-Key_1234567"
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Odd-Case: a\r\nx-odd-case: b\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(Path(__file__).parents[2] / "contracts" / "console-v0.1")


def always(raw: bytes, *, stay: bool = True) -> Handler:
    """Return the same bytes for every request."""

    def handler(request: StandInRequest) -> bytes | None:
        request.connection.sendall(raw)
        return b"" if stay else None

    return handler


class Bench:
    """A driver for a scripted server, and its records."""

    def __init__(self, contract: Contract, url: str, timeout_s: float = STUCK_S) -> None:
        numbers = itertools.count(1)
        self.exchanges: list[Exchange] = []
        self.warnings: list[RunWarning] = []
        self.driver = HttpDriver(
            base_url=url,
            key=right_key(KEY),
            contract=contract,
            redactor=Redactor(KEY),
            record=self.exchanges.append,
            item=lambda: "an item",
            new_id=lambda: f"main-{next(numbers)}",
            timeout_s=timeout_s,
            note=self.warnings.append,
        )


@pytest.fixture
def start(contract: Contract) -> Iterator[Callable[..., tuple[Bench, StandIn]]]:
    """Start scripted servers, each with a driver, and end both."""
    with _stack() as stack:

        def begin(handler: Handler, timeout_s: float = STUCK_S, path: str = "") -> tuple[Bench, StandIn]:
            # Of a large body no more than its beginning is read.
            server = StandIn(handler, body_limit=100_000)
            bench = Bench(contract, server.url + path, timeout_s)
            stack.append((bench, server))
            return bench, server

        yield begin


@contextmanager
def _stack() -> Iterator[list[tuple[Bench, StandIn]]]:
    made: list[tuple[Bench, StandIn]] = []
    try:
        yield made
    finally:
        for bench, server in made:
            bench.driver.close()
            server.close()


def test_a_request_is_sent_unchanged(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """Target, headers, repeated ones too, and body are sent byte for byte, and nothing else."""
    bench, server = start(always(OK))
    case = Case(
        method="POST",
        path="/api/execute",
        query=(("a", "b c"), ("a", "é")),
        headers=(("X-Twice", "1"), ("X-Twice", "2"), ("accept", "text/plain")),
        body=b"\x00\xff{",
        content_type="text/odd; a=b",
    )
    bench.driver.send(case, key=Key(name="two", values=("one", "two"), expressions=("one", "two")))
    head, _, body = server.requests[0].raw.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert line == "POST /api/execute?a=b+c&a=%C3%A9 HTTP/1.1"
    assert body == b"\x00\xff{"
    own = ["X-API-Key: one", "X-API-Key: two", "Content-Type: text/odd; a=b", "Content-Length: 3"]
    place = headers.index(own[0])
    assert headers[place : place + len(own)] == own
    assert headers[-3:] == ["X-Twice: 1", "X-Twice: 2", "accept: text/plain"]
    assert headers.count(f"Host: {server.url[7:]}") == 1
    assert sum(header.lower().startswith("accept:") for header in headers) == 1
    others = {header.partition(":")[0] for header in [*headers[:place], *headers[place + len(own) : -3]]}
    assert others <= {"Host", "User-Agent", "Accept-Encoding", "Connection"}


def test_nothing_in_all_requests_tells_whose_they_are(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """Requests look like those of several clients: in user agent, headers, their order, and the connection."""
    bench, server = start(always(OK))
    for number in range(120):
        bench.driver.send(Case(method="GET", path=f"/api/memory?{number}"))
    heads = [request.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:] for request in server.requests]
    assert len(heads) == 120
    assert not any("technogate" in line.lower() or "test" in line.lower() for head in heads for line in head)
    in_all = set.intersection(*(set(head) for head in heads))
    assert {line.partition(":")[0] for line in in_all} <= {"Host", "X-API-Key"}
    orders = {tuple(line.partition(":")[0] for line in head) for head in heads}
    assert len(orders) > 5
    agents = [line for head in heads for line in head if line.startswith("User-Agent")]
    assert max(agents.count(agent) for agent in set(agents)) < 40
    assert any("gzip" in line for head in heads for line in head)


def test_the_same_run_looks_the_same(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """The same requests with the same seed have the same headers; with another seed they have others."""
    bench, server = start(always(OK))
    for seed in (1, 1, 2):
        bench.driver._seed = seed
        for number in range(20):
            bench.driver.send(Case(method="GET", path=f"/{number}"))
    raws = [request.raw for request in server.requests]
    assert raws[:20] == raws[20:40]
    assert raws[:20] != raws[40:]


@pytest.mark.parametrize(("key", "sent"), [(NO_KEY, b""), (EMPTY_KEY, b"X-API-Key: \r\n"), (None, KEY.encode())])
def test_the_key_is_sent_and_not_recorded(
    start: Callable[..., tuple[Bench, StandIn]], key: Key | None, sent: bytes
) -> None:
    """The key is sent as requested, an empty one as an empty header, and no record holds it."""
    bench, server = start(always(OK))
    exchange = bench.driver.send(Case(method="GET", path=f"/{KEY}"), key=key)
    assert sent in server.requests[0].raw
    assert (b"X-API-Key" in server.requests[0].raw) is (key is not NO_KEY)
    assert KEY not in repr(exchange)
    assert bench.exchanges == [exchange]


def test_a_path_in_the_address_comes_first(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """A backend that lives below a path gets its requests there; the record's path is the contract's."""
    bench, server = start(always(OK), path="/below/")
    exchange = bench.driver.send(Case(method="GET", path="/api/memory"))
    assert server.requests[0].raw.startswith(b"GET /below/api/memory HTTP/1.1\r\n")
    assert (exchange.base_url, exchange.request.path) == (server.url + "/below", "/api/memory")


def test_a_response_is_recorded_as_it_came(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """Status, headers in their case and order, and body are recorded unchanged; an earlier 100 is skipped."""
    bench, _ = start(always(b"HTTP/1.1 100 Continue\r\n\r\n" + OK))
    response = bench.driver.send(Case(method="GET", path="/")).response
    assert response is not None
    assert (response.status, response.body.text, response.http_version) == (200, "{}", "HTTP/1.1")
    assert response.headers[1:3] == (("X-Odd-Case", "a"), ("x-odd-case", "b"))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize("raw", [OK, CHUNKED], ids=["length", "chunked"])
def test_connections_are_kept(start: Callable[..., tuple[Bench, StandIn]], raw: bytes) -> None:
    """Complete responses keep the connection in use."""
    bench, server = start(always(raw))
    for _ in range(3):
        assert bench.driver.send(Case(method="GET", path="/")).end is Ended.OK
    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize(
    "raw",
    [OK.replace(b"\r\nX-Odd", b"\r\nConnection: close\r\nX-Odd", 1), b"HTTP/1.0 200 OK\r\n\r\n{}", OK + b"garbage"],
)
def test_connections_that_ended_are_not(start: Callable[..., tuple[Bench, StandIn]], raw: bytes) -> None:
    """After a close, a response without an end of its own, or bytes without a request, a new one is made."""
    bench, server = start(always(raw, stay=b"garbage" in raw))
    for _ in range(3):
        exchange = bench.driver.send(Case(method="GET", path="/"))
        assert exchange.response is not None
        assert exchange.response.body.text == "{}"
    assert server.connections == 3


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "without a response|Reset|peer closed|without sending"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "cannot be read"),
        (b"SSH-2.0-x\r\n\r\n", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n", "cannot be read"),
    ],
)
def test_a_broken_response_is_indeterminate(start: Callable[..., tuple[Bench, StandIn]], raw: bytes, why: str) -> None:
    """A cut or unreadable response leaves the end of the request unknown, and the request is not sent again."""
    bench, server = start(always(raw, stay=False))
    exchange = bench.driver.execute("PING")
    assert (exchange.response, exchange.end) == (None, Ended.INDETERMINATE)
    assert re.search(why, exchange.error), exchange.error
    assert len(server.requests) == 1


def test_a_slow_response_is_indeterminate(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """The timeout covers the whole response; bytes that trickle in do not extend it."""
    release = threading.Event()

    def trickle(request: StandInRequest) -> None:
        for byte in OK:
            request.connection.sendall(bytes([byte]))
            if release.wait(0.05):
                return

    bench, _ = start(trickle, timeout_s=0.4)
    exchange = bench.driver.send(Case(method="GET", path="/"))
    release.set()
    assert (exchange.response, exchange.end) == (None, Ended.INDETERMINATE)
    assert "within 0.4 s" in exchange.error


def test_a_refused_connection_is_failed(contract: Contract) -> None:
    """A request that no server took has surely failed."""
    with HeldPort() as nobodys:
        bench = Bench(contract, f"http://127.0.0.1:{nobodys.number}")
        exchange = bench.driver.send(Case(method="GET", path="/"))
    assert (exchange.response, exchange.end) == (None, Ended.FAILED)
    bench.driver.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue of connections is another matter")
def test_a_connection_has_as_long_as_its_response(contract: Contract) -> None:
    """A request that is not accepted within the time of a response has surely failed; there is no shorter limit."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as queue:
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        bench = Bench(contract, f"http://127.0.0.1:{full.getsockname()[1]}", timeout_s=0.3)
        exchange = bench.driver.send(Case(method="GET", path="/"))
    assert (exchange.response, exchange.end) == (None, Ended.FAILED)
    assert exchange.error == "no connection within 0.3 s"
    bench.driver.close()


def test_an_early_response_is_read(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """The driver reads the response of a server that refuses a large body without reading it."""
    early = b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    def refuse(request: StandInRequest) -> None:
        request.connection.sendall(early)
        request.connection.shutdown(socket.SHUT_WR)
        while request.connection.recv(65536):
            pass

    bench, _ = start(refuse)
    response = bench.driver.send(Case(method="POST", path="/", body=b"x" * 8_000_000)).response
    assert response is not None
    assert response.status == 413


def test_drivers_apart_have_connections_of_their_own(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """A driver apart records as its origin does, on another connection, and closes only that."""
    bench, server = start(always(OK))
    bench.driver.execute("PING")
    with bench.driver.apart() as one, bench.driver.apart() as other:
        for driver in (one, other, one, other):
            assert driver.execute("PING").end is Ended.OK
    bench.driver.execute("PING")
    assert server.connections == 3
    assert len(bench.exchanges) == 6


def test_a_head_has_no_body(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """A response to HEAD ends with its headers, whatever length they name."""
    bench, server = start(always(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"))
    for _ in range(2):
        assert bench.driver.send(Case(method="HEAD", path="/head")).end is Ended.OK
    assert server.connections == 1


def test_many_threads_share_a_driver(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """Requests from several threads are each recorded once, with an id of their own."""
    bench, server = start(always(OK))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bench.driver.execute("PING"), range(80)))
    assert len({exchange.id for exchange in bench.exchanges}) == len(bench.exchanges) == len(server.requests) == 80
    assert server.connections <= 8


def test_a_refusal_of_the_rate_is_an_exchange(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """A 429 is recorded, and the request is sent again as another exchange; one warning reports it."""
    responses = iter([b"HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"] * 2 + [OK] * 2)

    bench, server = start(lambda _: next(responses))
    last = bench.driver.execute("PING")
    bench.driver.execute("PING")
    assert [exchange.response and exchange.response.status for exchange in bench.exchanges] == [429, 429, 200, 200]
    assert len(server.requests) == 4
    assert last is bench.exchanges[2]
    assert ["again after 429" in exchange.case for exchange in bench.exchanges] == [False, True, True, False]
    assert len({exchange.id for exchange in bench.exchanges}) == 4
    bench.driver.close()
    assert len(bench.warnings) == 1
    assert bench.warnings[0].text.startswith("the backend limits its rate")


def test_the_last_reading_for_an_entry_begins_when_its_time_is_over(
    start: Callable[..., tuple[Bench, StandIn]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow response does not prove that an entry is late: the list is read once more."""
    real, late = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + late[0])

    def handler(_: StandInRequest) -> bytes:
        body = b'[{"trace_id": "t-1"}]' if late[0] else b"[]"
        late[0] = 60.0
        return http_response(200, body)

    bench, server = start(handler)
    entry = bench.driver.read_entry("fetchAuditLog", None, "t-1")
    assert entry.response is not None
    assert "t-1" in entry.response.body.text
    assert len(server.requests) == 2


def ends_after(count: int, *, reset: bool = False) -> Handler:
    """Serve `count` requests of a connection, and end it on the next one without a byte."""
    served: dict[int, int] = {}

    def handler(request: StandInRequest) -> bytes | None:
        number = request.connection.fileno()
        served[number] = served.get(number, 0) + 1
        if served[number] <= count:
            return OK
        served.pop(number)
        if reset:
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return None

    return handler


@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_ends_as_it_is_used_is_replaced_once(
    start: Callable[..., tuple[Bench, StandIn]], reset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes out once more on a fresh connection: a second exchange, and it is the one that counts."""
    monkeypatch.setattr(client_profiles, "FRESH", 1 << 40)  # no request has a connection of its own
    bench, server = start(ends_after(1, reset=reset))
    bench.driver.execute("PING")
    last = bench.driver.execute("PONG")
    assert last.end is Ended.OK
    assert [exchange.end for exchange in bench.exchanges] == [Ended.OK, Ended.INDETERMINATE, Ended.OK]
    assert bench.exchanges[2] is last
    assert bench.exchanges[2].case == f"{bench.exchanges[1].case}, again on a fresh connection"
    assert bench.exchanges[1].id != last.id
    assert [request.json for request in server.requests] == [{"command": word} for word in ("PING", "PONG", "PONG")]


def test_a_fresh_connection_that_ends_decides(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """A request without a response on a connection of its own is not sent again."""
    bench, server = start(ends_after(0))
    exchange = bench.driver.execute("PING")
    assert exchange.end is Ended.INDETERMINATE
    assert len(server.requests) == len(bench.exchanges) == 1


def test_a_connection_that_ends_after_a_100_is_replaced(
    start: Callable[..., tuple[Bench, StandIn]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that lets a request go on, before anything handles it, and closes then, has not responded."""
    monkeypatch.setattr(client_profiles, "FRESH", 1 << 40)  # no request has a connection of its own
    responses = iter([OK, b"HTTP/1.1 100 Continue\r\n\r\n", OK])

    def handler(request: StandInRequest) -> bytes | None:
        response = next(responses)
        request.connection.sendall(response)
        return b"" if response == OK else None

    bench, server = start(handler)
    bench.driver.execute("PING")
    assert bench.driver.execute("PONG").end is Ended.OK
    assert [exchange.end for exchange in bench.exchanges] == [Ended.OK, Ended.INDETERMINATE, Ended.OK]
    assert len(server.requests) == 3


def test_a_response_that_is_cut_is_not_asked_for_again(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """Bytes of a response, an informational one included, show that the request arrived."""
    responses = iter([OK, b"HTTP/1.1 102 Processing\r\n\r\n", OK, OK[:-1]])

    def handler(request: StandInRequest) -> bytes | None:
        response = next(responses)
        request.connection.sendall(response)
        return b"" if response == OK else None

    bench, server = start(handler)
    ends = [bench.driver.execute("PING").end for _ in range(4)]
    assert ends == [Ended.OK, Ended.INDETERMINATE] * 2
    assert len(server.requests) == 4


def test_a_server_that_has_ended_is_not_asked_again(contract: Contract) -> None:
    """Where no fresh connection can be made nothing is sent: the exchange without a response is the last."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(OK)
        connection.recv(65536)
        # Nobody listens any more when the connection ends.
        listener.close()
        connection.close()

    server = threading.Thread(target=serve)
    server.start()
    bench = Bench(contract, f"http://127.0.0.1:{listener.getsockname()[1]}")
    bench.driver.execute("PING")
    exchange = bench.driver.execute("PING")
    server.join()
    assert exchange.end is Ended.INDETERMINATE
    assert bench.exchanges[1:] == [exchange]
    bench.driver.close()


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_that_is_compressed_unasked_is_read(
    start: Callable[..., tuple[Bench, StandIn]], coding: str, pack: Callable[[bytes], bytes]
) -> None:
    """It is recorded as what was compressed, with a note; the headers stay as they came, and the key is found in it."""
    body = pack(json.dumps({"note": KEY}).encode())
    bench, _ = start(lambda _: http_response(200, body, headers={"Content-Encoding": coding}))
    exchange = bench.driver.send(Case(method="GET", path="/", headers=(("Accept-Encoding", "identity"),)))
    assert exchange.response is not None
    assert exchange.response.compressed == (coding,)
    assert exchange.response.header("content-encoding") == coding
    assert exchange.response.body.text == json.dumps({"note": MARK})
    assert exchange.leaks == ("body (plain)",)


@pytest.mark.parametrize("body", [gzip.compress(b"{}", mtime=0)[:-9], b"{}", b""], ids=["cut", "plain", "empty"])
def test_a_body_that_is_not_what_its_header_says_is_kept(
    start: Callable[..., tuple[Bench, StandIn]], body: bytes
) -> None:
    """Bytes that cannot be decompressed are evidence as they came."""
    bench, _ = start(lambda _: http_response(200, body, headers={"Content-Encoding": "gzip"}))
    response = bench.driver.execute("PING").response
    assert response is not None
    assert (response.body.raw, response.compressed) == (body, ())


@pytest.mark.parametrize("number", range(8))
def test_a_body_that_a_client_lets_be_compressed_is_read(
    start: Callable[..., tuple[Bench, StandIn]], number: int
) -> None:
    """Whether the client that a request looks like offers it or not, the body is recorded as it reads."""
    bench, _ = start(lambda _: http_response(200, gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}))
    response = bench.driver.send(Case(method="GET", path=f"/{number}")).response
    assert response is not None
    assert (response.body.text, response.compressed) == ("{}", ("gzip",))


def test_an_offered_compression_stays(start: Callable[..., tuple[Bench, StandIn]]) -> None:
    """What a case asks for comes as it was sent."""
    body = gzip.compress(b"{}")
    bench, _ = start(lambda _: http_response(200, body, headers={"Content-Encoding": "gzip"}))
    response = bench.driver.send(Case(method="GET", path="/", headers=(("Accept-Encoding", "gzip"),))).response
    assert response is not None
    assert (response.body.raw, response.compressed) == (body, ())
