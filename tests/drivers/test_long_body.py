"""A long body goes out until the server responds, and what was taken by then is counted."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from technogate.contract.loader import Contract, load_contract
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.drivers.http.long_body import LongBody
from technogate.journal.redaction import Redactor
from technogate.model.events import Exchange
from technogate.util.shipped import shipped

KEY = "TgAbCdEfGh0123456789"
SIZE = 8 << 20
ENOUGH = 256 * 1024
#: What the buffers of both ends hold at most beside what a server has read.
BUFFERS = 1 << 20
REFUSED = b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"

#: Serves one connection; what it has read is in its second argument.
Serve = Callable[[socket.socket], None]


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(shipped("contracts", "console-v0.1"))


def read(connection: socket.socket, size: int) -> int:
    """Read until so many bytes came, or the end; return how many did."""
    count = 0
    while count < size and (data := connection.recv(min(1 << 16, size - count))):
        count += len(data)
    return count


def refuses_at_once(connection: socket.socket) -> None:
    """Respond after the head, and read no more of the body."""
    read(connection, 64)
    connection.sendall(REFUSED)
    connection.shutdown(socket.SHUT_WR)
    read(connection, SIZE)


def reads_all(connection: socket.socket) -> None:
    """Respond after the whole body."""
    read(connection, SIZE)
    connection.sendall(REFUSED)
    connection.shutdown(socket.SHUT_WR)
    read(connection, SIZE)


def closes(connection: socket.socket) -> None:
    """Close the connection after some of the body, without a response."""
    read(connection, 100_000)


def says_that_it_works(connection: socket.socket) -> None:
    """Send informational responses first, and respond after some of the body."""
    connection.sendall(PROCESSING)
    read(connection, 200_000)
    connection.sendall(PROCESSING + REFUSED)
    connection.shutdown(socket.SHUT_WR)
    read(connection, SIZE)


@contextmanager
def driver_for(contract: Contract, serve: Serve) -> Iterator[HttpDriver]:
    """A driver for a server that serves each connection with `serve`."""
    exchanges: list[Exchange] = []
    numbers = itertools.count(1)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        stack.callback(thread.join)
        driver = HttpDriver(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            key=right_key(KEY),
            contract=contract,
            redactor=Redactor(KEY),
            record=exchanges.append,
            item=lambda: "an item",
            new_id=lambda: f"main-{next(numbers)}",
            timeout_s=30,
        )
        stack.callback(driver.close)
        yield driver


def sent(contract: Contract, serve: Serve, *, chunked: bool) -> tuple[Exchange, LongBody]:
    """The exchange of a long body with one server, and the body."""
    body = LongBody(start=b'{"x": "', size=SIZE, enough=ENOUGH, chunked=chunked)
    with driver_for(contract, serve) as driver:
        exchange = driver.send(Case(method="POST", path="/"), long_body=body)
    return exchange, body


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("serve", [refuses_at_once, says_that_it_works])
def test_sends_no_more_after_the_response(contract: Contract, serve: Serve, chunked: bool) -> None:
    """A server that responds early takes little, and its response is read; an informational one is no response."""
    exchange, body = sent(contract, serve, chunked=chunked)
    assert exchange.response is not None
    assert exchange.response.status == 413
    assert body.taken < ENOUGH + BUFFERS


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_counts_what_a_server_reads_to_the_end(contract: Contract, chunked: bool) -> None:
    """A server that reads the whole body first takes all of it."""
    exchange, body = sent(contract, reads_all, chunked=chunked)
    assert exchange.response is not None
    assert body.taken > SIZE - (1 << 16)


def works_first(connection: socket.socket) -> None:
    """Send an informational response before anything was read, and respond after all of a body of 300,000 bytes."""
    connection.sendall(PROCESSING)
    count = read(connection, 300_000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n%d" % count)


def test_an_informational_response_ends_no_body(contract: Contract) -> None:
    """A usual body is sent to its end although the server says meanwhile that it works on it."""
    with driver_for(contract, works_first) as driver:
        response = driver.send(Case(method="POST", path="/", body=b"x" * 300_000)).response
    assert response is not None
    assert response.body.text == "300000"


def test_a_closed_connection_ends_the_body(contract: Contract) -> None:
    """A server that closes without a response has taken what went out before."""
    exchange, body = sent(contract, closes, chunked=False)
    assert exchange.response is None
    assert exchange.error
    assert body.taken < ENOUGH + BUFFERS


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_the_record_states_the_size_and_keeps_the_beginning(contract: Contract, chunked: bool) -> None:
    """The recorded request has the framing that was sent, the size of its body, and its beginning alone."""
    exchange, _ = sent(contract, refuses_at_once, chunked=chunked)
    framing = {name for name, _ in exchange.request.headers} & {"Content-Length", "Transfer-Encoding"}
    assert framing == {"Transfer-Encoding" if chunked else "Content-Length"}
    assert (exchange.request.body.size, exchange.request.body.cut) == (SIZE, True)
    assert exchange.request.body.text == '{"x": "'
