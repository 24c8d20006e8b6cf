"""The mock backend: what it keeps, what it reports of replies that were not delivered, how it refuses and recovers."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable

import pytest

from technogate.journal.redaction import Redactor
from technogate.mock.mock_backend import MockBackend
from technogate.mock.reply_queue import FaultError
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.stall import Stall
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Reply, Send, Wait, json_template
from technogate.model.events import Ended

from .conftest import KEY, OPERATIONS, Observed, approved, connect, default, observe, request

Ask = Callable[..., Observed]


def test_requests_are_kept_byte_for_byte(mock_backend: MockBackend, ask: Ask) -> None:
    """Method, target, headers in order and case, body and all bytes are as they were sent."""
    wire = request("/api/execute?a=1&b=%20", "POST", b'{"command":"X"}', "x-Odd: One", "X-Odd: two")
    ask(wire)
    (received,) = mock_backend.received("executeCommand")
    assert received.raw == wire
    assert (received.method, received.target, received.body) == ("POST", "/api/execute?a=1&b=%20", b'{"command":"X"}')
    assert received.headers[-2:] == (("x-Odd", "One"), ("X-Odd", "two"))
    assert received.header("x-api-key") == KEY
    assert received.holds(KEY)
    assert received.first_on_connection


def test_chunked_request_is_understood(mock_backend: MockBackend, ask: Ask) -> None:
    """A body in chunks is put together, and the raw bytes are kept."""
    wire = b"POST /api/execute HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n"
    ask(wire)
    (received,) = mock_backend.received()
    assert (received.body, received.raw) == (b"abcde", wire)


def test_scripted_replies_are_taken_in_order_then_the_default(mock_backend: MockBackend, ask: Ask) -> None:
    """Replies go out in the order of the script; after them the scripted default, after a reset the usual one."""
    mock_backend.script(
        "executeCommand", *(Conforming(template=approved(f"t-{n}")) for n in (1, 2)), default=Raw(data=b"end")
    )
    bodies = [ask().data for _ in range(4)]
    assert [b"t-1" in bodies[0], b"t-2" in bodies[1], bodies[2:]] == [True, True, [b"end", b"end"]]
    mock_backend.reset()
    assert b"t-default" in ask().head
    assert len(mock_backend.received()) == 1


def test_a_script_can_end_before_its_replies_are_taken(mock_backend: MockBackend, ask: Ask) -> None:
    """Without its script an operation has the usual reply, and what was requested is kept; a new usual reply stays."""
    scripted = mock_backend.script("executeCommand", Raw(data=b"one"), Raw(data=b"two"), default=Raw(data=b"end"))
    assert ask().data == b"one"
    mock_backend.unscript()
    assert b"t-default" in ask().head
    assert len(mock_backend.received()) == 2
    assert scripted[0].delivery.delivered
    mock_backend.set_default("executeCommand", Raw(data=b"from now on").reply)
    mock_backend.reset()
    assert ask().data == b"from now on"
    mock_backend.set_default("executeCommand", default)


def test_operations_do_not_share_a_script(mock_backend: MockBackend, ask: Ask) -> None:
    """A scripted reply for one operation is not taken by another, nor by another method on its path."""
    (order,) = mock_backend.script("fetchMemory", Raw(data=b"memory"))
    assert b"t-default" in ask(request("/api/audit", "GET", b"")).head
    assert ask(request("/api/memory", "PUT", b"")).status == 404
    assert order.delivery.why == "no request took it"
    assert ask(request("/api/memory?x=1", "GET", b"")).data == b"memory"
    assert order.delivery.delivered


def test_a_reply_that_no_request_takes_is_not_delivered(mock_backend: MockBackend) -> None:
    """A reply that no request took is named, with its operation and kind."""
    mock_backend.script("fetchMemory", Truncated(template=approved(), at=3))
    assert mock_backend.undelivered() == ["fetchMemory, truncated at byte 3: no request took it"]


def test_a_client_that_leaves_too_early_is_not_served(mock_backend: MockBackend) -> None:
    """A client that leaves before the fault takes effect leaves the reply undelivered, and the time is kept."""
    (order,) = mock_backend.script("executeCommand", Reply(kind="late", steps=(Wait(seconds=30), Send(data=b"x"))))
    with connect(mock_backend.port) as client:
        client.sendall(request())
        mock_backend.wait_for("executeCommand")
    mock_backend.wait_until_complete()
    assert not order.delivery.delivered
    assert "closed the connection" in order.delivery.why
    assert order.delivery.client_left is not None


def test_a_reply_broken_off_by_reset_is_not_delivered(mock_backend: MockBackend) -> None:
    """A reset aborts a held reply: the client observes it, and no scripted reply remains."""
    (order,) = mock_backend.script("executeCommand", Held(template=approved(), name="never"))
    with connect(mock_backend.port) as client:
        client.sendall(request())
        mock_backend.wait_for("executeCommand")
        mock_backend.reset()
        assert observe(client).data == b""
    assert not order.delivery.delivered
    assert mock_backend.received() == []


def test_an_incomplete_request_is_kept(mock_backend: MockBackend) -> None:
    """Bytes that never become a request are kept with their defect, and take no scripted reply."""
    (order,) = mock_backend.script("executeCommand", Raw(data=b"x"))
    with connect(mock_backend.port) as client:
        client.sendall(b"POST /api/execute HTTP/1.1\r\nContent-Le")
        client.shutdown(socket.SHUT_WR)
        observe(client)
    (received,) = mock_backend.received()
    assert (received.defect, received.operation) == ("cut short", "")
    assert not order.delivery.delivered


def test_keep_alive_serves_the_next_request_on_the_same_connection(mock_backend: MockBackend) -> None:
    """With keep_alive the second request has the same connection number and is not its first."""
    mock_backend.script("executeCommand", Conforming(template=json_template({"n": 1}, keep_alive=True)))
    with connect(mock_backend.port) as client:
        client.sendall(request())
        while not client.recv(1 << 16).endswith(b'{"n":1}'):
            pass
        client.sendall(request())
        observe(client)
    one, two = mock_backend.received()
    assert one.connection == two.connection
    assert (one.first_on_connection, two.first_on_connection) == (True, False)


def test_preflight_gets_a_response_and_is_kept_apart(mock_backend: MockBackend, ask: Ask) -> None:
    """A preflight takes no scripted reply; responses to a page carry its origin, raw bytes do not."""
    mock_backend.script("executeCommand", Conforming(template=approved()), Conforming(template=approved(), cors=False))
    page, wanted = "Origin: http://page.test", "Access-Control-Request-Headers: content-type,x-api-key"
    observed = ask(request("/api/execute", "OPTIONS", b"", page, "Access-Control-Request-Method: POST", wanted))
    assert observed.status == 204
    assert b"\r\nAccess-Control-Allow-Headers: content-type,x-api-key" in observed.head
    assert b"\r\nAccess-Control-Allow-Methods: POST" in observed.head
    assert b"\r\nAccess-Control-Max-Age: 600" in observed.head
    assert mock_backend.received() == []
    assert [received_request.preflight for received_request in mock_backend.received(preflights=True)] == [True]
    answered = ask(request("/api/execute", "POST", b"{}", page)).head
    assert b"\r\nAccess-Control-Allow-Origin: http://page.test" in answered
    assert b"\r\nAccess-Control-Expose-Headers: X-Trace-Id" in answered
    assert b"Access-Control" not in ask(request("/api/execute", "POST", b"{}", page)).head


def test_refuses_connections_until_it_accepts(mock_backend: MockBackend, ask: Ask) -> None:
    """A refused connection is refused by the system; afterwards the same port accepts again."""
    mock_backend.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(mock_backend.port)
    mock_backend.accept()
    assert ask().status == 200


def test_reset_on_arrival(mock_backend: MockBackend, ask: Ask) -> None:
    """A connection can be reset right after the accept; each one is counted."""
    mock_backend.refuse("reset")
    # The reset may overtake the end of the client's own connect.
    with contextlib.suppress(ConnectionResetError), connect(mock_backend.port) as client:
        assert observe(client) == Observed(data=b"", end="reset")
    assert mock_backend.resets == 1
    mock_backend.reset()
    assert ask().status == 200


def test_the_other_origin_is_watched(mock_backend: MockBackend) -> None:
    """A request to the other origin is kept apart, takes no scripted reply and shows whether it held the key."""
    mock_backend.script("executeCommand", Raw(data=b"own"))
    with connect(int(mock_backend.other_origin.rpartition(":")[2])) as client:
        client.sendall(request())
        assert b"t-default" in observe(client).head
    assert mock_backend.received() == []
    (stray,) = mock_backend.received(origin="other")
    assert stray.holds(KEY)
    assert stray.base_url == mock_backend.other_origin


def test_waiting_ends_with_a_clear_error(mock_backend: MockBackend) -> None:
    """Too few requests, and replies that do not end, are errors that names what is missing."""
    with pytest.raises(FaultError, match="executeCommand was requested 0 times, not 2"):
        mock_backend.wait_for("executeCommand", 2, timeout=0.05)
    mock_backend.script("executeCommand", Stall(template=approved()))
    with connect(mock_backend.port) as client:
        client.sendall(request())
        mock_backend.wait_for("executeCommand")
        with pytest.raises(FaultError, match="still under way: executeCommand"):
            mock_backend.wait_until_complete(timeout=0.05)


def test_unknown_operations_are_refused(mock_backend: MockBackend) -> None:
    """A scripted reply for an operation that the contract lacks is an error of the test."""
    with pytest.raises(ValueError, match="no such operation: nothing"):
        mock_backend.script("nothing", Raw(data=b"x"))
    with pytest.raises(ValueError, match="no such operation: nothing"):
        MockBackend(operations={}, defaults={"nothing": default})


def test_a_taken_port_is_one_clear_error(mock_backend: MockBackend) -> None:
    """Two mock backends cannot share a port."""
    with pytest.raises(FaultError, match="cannot listen on"):
        MockBackend(operations=OPERATIONS, defaults={}, port=mock_backend.port)


def test_closing_ends_thread_and_connections() -> None:
    """After close nothing listens, no thread is left, and a second close does nothing."""
    before = set(threading.enumerate())
    mock_backend = MockBackend(operations=OPERATIONS, defaults={})
    mock_backend.script("executeCommand", Stall(template=approved()))
    with connect(mock_backend.port) as client:
        client.sendall(request())
        mock_backend.wait_for("executeCommand")
        mock_backend.close()
        assert observe(client).data == b""
    mock_backend.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        connect(mock_backend.port)


def test_exchanges_hold_the_evidence_without_the_key(mock_backend: MockBackend, ask: Ask) -> None:
    """Each request becomes an exchange, parsed or (with status 0) raw, and never with the key."""
    mock_backend.script(
        "executeCommand",
        Conforming(template=approved()),
        Truncated(template=approved(), at=5),
        Raw(data=b"rubbish"),
        Broken(template=approved()),
    )
    for _ in range(4):
        ask(request("/api/execute", "POST", b'{"command":"PING"}'))
    mock_backend.wait_until_complete()
    numbers = itertools.count(1)
    whole, cut, raw, reset = mock_backend.exchanges(
        item="item", redact=Redactor(KEY), new_id=lambda: f"x{next(numbers)}"
    )
    assert (whole.id, whole.item, whole.responded_by, whole.operation) == ("x1", "item", "mock", "executeCommand")
    assert (whole.end, whole.error, whole.under_fault) == (Ended.OK, "", "")
    assert whole.response is not None
    assert whole.response.header("x-trace-id") == "t-1"
    assert whole.key == "$TECHNOGATE_API_KEY"
    assert whole.request.body.text == '{"command":"PING"}'
    assert (cut.end, cut.under_fault) == (Ended.INDETERMINATE, "truncated at byte 5")
    assert cut.response is not None
    assert cut.response.body.size == 5
    assert raw.response is not None
    assert (raw.response.status, raw.response.body.text, raw.end) == (0, "rubbish", Ended.INDETERMINATE)
    assert (reset.response, reset.under_fault) == (None, "reset before-headers")
    assert KEY not in repr([whole, cut, raw, reset])
