"""Every fault kind is observed by a client of bare sockets, and refuses parameters that make no sense."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable

import pytest

from technogate.mock.mock_backend import MockBackend
from technogate.mock.recorded_request import parse_response
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.cached import Cached
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.compressed import Compressed
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.content_length import WrongLength
from technogate.mock.responses.drip import Drip
from technogate.mock.responses.held import Held
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.redirect import Redirect
from technogate.mock.responses.stall import Stall
from technogate.mock.responses.status_code import Status
from technogate.mock.responses.truncated import Truncated
from technogate.mock.responses.unfinished import BLANKS, Unfinished
from technogate.mock.scripted_reply import Fault, Head, Hold, Reply, ResponseTemplate, Send, Wait, Where, json_template

from .conftest import Observed, approved, connect, observe, request

Ask = Callable[..., Observed]
BODY = approved().body
HEAD = approved().head(*approved().length()).render(())
WHOLE = HEAD + BODY
#: What comes before each place.
EARLY = {
    Where.BEFORE_HEADERS: b"",
    Where.IN_HEADERS: HEAD[: len(HEAD) // 2],
    Where.AFTER_HEADERS: HEAD,
    Where.IN_BODY: HEAD + BODY[: len(BODY) // 2],
}
#: Seconds of a stall that has an end.
LASTS_S = 0.3


def deliver(mock_backend: MockBackend, ask: Ask, fault: Fault | Reply) -> Observed:
    """Script `fault`, request it, and make sure that it was delivered as scripted."""
    (order,) = mock_backend.script("executeCommand", fault)
    observed = ask()
    mock_backend.wait_until_complete()
    assert order.delivery.delivered, order.delivery.why
    return observed


def exactly(client: socket.socket, size: int) -> bytes:
    """The next `size` bytes that come, or fewer where the connection ends."""
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def test_conforming_response_is_complete(mock_backend: MockBackend, ask: Ask) -> None:
    """Without a fault the response has its true length, its trace id and closes properly."""
    observed = deliver(mock_backend, ask, Conforming(template=approved()))
    assert (observed.status, observed.body, observed.end) == (200, BODY, "closed")
    assert b"\r\nX-Trace-Id: t-1" in observed.head
    assert f"\r\nContent-Length: {len(BODY)}".encode() in observed.head


def test_no_content_has_no_length(mock_backend: MockBackend, ask: Ask) -> None:
    """A 204 without a body announces none."""
    observed = deliver(mock_backend, ask, Conforming(template=ResponseTemplate(status=204, headers=())))
    assert observed.status == 204
    assert observed.body == b""
    assert b"Content-Length" not in observed.head


@pytest.mark.parametrize(
    ("code", "reason", "line"),
    [(503, None, b"503 Service Unavailable"), (299, "Fine", b"299 Fine"), (599, None, b"599 Unknown")],
)
def test_status(mock_backend: MockBackend, ask: Ask, code: int, reason: str | None, line: bytes) -> None:
    """The status line is the scripted one, and the body still has the status APPROVED."""
    observed = deliver(mock_backend, ask, Status(template=approved(), code=code, reason=reason))
    assert observed.head.startswith(b"HTTP/1.1 " + line + b"\r\n")
    assert json.loads(observed.body)["status"] == "APPROVED"


def test_raw_bytes_are_exact(mock_backend: MockBackend, ask: Ask) -> None:
    """Raw bytes are sent as they are, with nothing added."""
    assert deliver(mock_backend, ask, Raw(data=b"\x00\xffnot http\r\n")).data == b"\x00\xffnot http\r\n"


@pytest.mark.parametrize("announced", [3, 4000, None, "many"])
def test_wrong_length(mock_backend: MockBackend, ask: Ask, announced: str | int | None) -> None:
    """The announced length is the scripted one while all of the body is sent."""
    observed = deliver(mock_backend, ask, WrongLength(template=approved(), announced=announced))
    assert observed.body == BODY
    assert (f"\r\nContent-Length: {announced}".encode() in observed.head) is (announced is not None)


@pytest.mark.parametrize("at", [0, 1, len(BODY) - 1])
def test_truncated(mock_backend: MockBackend, ask: Ask, at: int) -> None:
    """The whole length is announced and the body ends early."""
    observed = deliver(mock_backend, ask, Truncated(template=approved(), at=at))
    assert (observed.body, observed.end) == (BODY[:at], "closed")
    assert f"\r\nContent-Length: {len(BODY)}".encode() in observed.head


@pytest.mark.parametrize("form", ["cut", "cut-in-chunk", "broken-size", "no-last-line"])
def test_broken_chunks(mock_backend: MockBackend, ask: Ask, form: str) -> None:
    """Each deformation leaves chunks that do not decode."""
    observed = deliver(mock_backend, ask, Chunked(template=approved(), form=form))  # type: ignore[arg-type]
    _, error = parse_response(observed.data)
    assert b"\r\nTransfer-Encoding: chunked" in observed.head
    assert "chunk" in error


@pytest.mark.parametrize("form", ["length", "chunks"])
def test_unfinished(mock_backend: MockBackend, ask: Ask, form: str) -> None:
    """All of the body comes, more blanks than a browser holds, and no end."""
    observed = deliver(mock_backend, ask, Unfinished(template=approved(), form=form))  # type: ignore[arg-type]
    assert (observed.body.count(BODY), observed.body.count(b" " * BLANKS), observed.end) == (1, 1, "closed")
    assert parse_response(observed.data)[1]


@pytest.mark.parametrize("form", ["length", "chunks"])
def test_client_that_leaves_an_unfinished_response_has_been_sent_it(mock_backend: MockBackend, form: str) -> None:
    """A client with a limit of its own leaves among the blanks: the body without an end was delivered."""
    (order,) = mock_backend.script("executeCommand", Unfinished(template=approved(), form=form))  # type: ignore[arg-type]
    with connect(mock_backend.port) as client:
        client.sendall(request())
        received = b""
        while BODY not in received:
            received += client.recv(1 << 10)
    mock_backend.wait_until_complete()
    assert order.delivery.delivered, order.delivery.why


def test_whole_chunks(mock_backend: MockBackend, ask: Ask) -> None:
    """Without a fault the chunks decode to the body."""
    response, error = parse_response(deliver(mock_backend, ask, Chunked(template=approved(), size=7)).data)
    assert (response.body.raw, error) == (BODY, "")


@pytest.mark.parametrize("form", ["cut", "broken", "absent"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_broken_compression(mock_backend: MockBackend, ask: Ask, coding: str, form: str) -> None:
    """Each deformation is announced as compressed, has a length that fits, and does not decompress."""
    observed = deliver(mock_backend, ask, Compressed(template=approved(), form=form, coding=coding))  # type: ignore[arg-type]
    assert f"\r\nContent-Encoding: {coding}".encode() in observed.head
    assert parse_response(observed.data)[1] == ""
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(observed.body) if coding == "gzip" else zlib.decompress(observed.body)


def test_whole_compression(mock_backend: MockBackend, ask: Ask) -> None:
    """Without a fault the body decompresses."""
    assert gzip.decompress(deliver(mock_backend, ask, Compressed(template=approved())).body) == BODY


@pytest.mark.parametrize("where", EARLY)
def test_stall_stops_at_its_place_and_lasts(mock_backend: MockBackend, where: Where) -> None:
    """The response stops where scripted; without an end nothing more comes, else the rest of it after its time."""
    early = EARLY[where]
    mock_backend.script(
        "executeCommand",
        Stall(template=approved(), where=where),
        Stall(template=approved(), where=where, seconds=LASTS_S),
    )
    with connect(mock_backend.port) as client:
        client.sendall(request())
        mock_backend.wait_for("executeCommand")
        assert exactly(client, len(early)) == early
        client.settimeout(0.1)
        assert observe(client) == Observed(data=b"", end="silence")
    began = time.monotonic()
    with connect(mock_backend.port) as client:
        client.sendall(request())
        assert observe(client) == Observed(data=WHOLE, end="closed")
    assert time.monotonic() - began >= LASTS_S


def test_endless_stall_is_delivered_when_the_client_gives_up(mock_backend: MockBackend) -> None:
    """A stall without an end is observed by a client that leaves, and the time of its leaving is kept."""
    (order,) = mock_backend.script("executeCommand", Stall(template=approved(), where=Where.IN_BODY))
    began = time.time()
    with connect(mock_backend.port) as client:
        client.sendall(request())
        # Who leaves before the stall has begun has not observed it.
        assert exactly(client, len(EARLY[Where.IN_BODY])) == EARLY[Where.IN_BODY]
    mock_backend.wait_until_complete()
    assert order.delivery.delivered, order.delivery.why
    (received,) = mock_backend.received()
    assert received.delivery is not None
    assert received.delivery.client_left is not None
    assert began < received.delivery.client_left <= received.ended


def test_drip_comes_byte_by_byte(mock_backend: MockBackend, ask: Ask) -> None:
    """Every byte of the body is a step of its own, with a wait before it, and the response takes as long."""
    fault = Drip(template=json_template({"a": 1}), interval=0.02)
    steps = fault.reply().steps[1:]
    assert [step.data for step in steps if isinstance(step, Send)] == [b"%c" % byte for byte in b'{"a":1}']
    assert [type(step) for step in steps] == [Wait, Send] * 7
    assert {step.seconds for step in steps if isinstance(step, Wait)} == {0.02}
    assert fault.seconds == pytest.approx(0.14)
    began = time.monotonic()
    assert deliver(mock_backend, ask, fault).body == b'{"a":1}'
    assert time.monotonic() - began >= fault.seconds


@pytest.mark.parametrize("where", list(Where))
def test_reset_is_observed_at_its_place(mock_backend: MockBackend, ask: Ask, where: Where) -> None:
    """The connection ends with a reset after exactly the part before it."""
    observed = deliver(mock_backend, ask, Broken(template=approved(), where=where))
    assert observed.end == "reset"
    expected = {Where.IN_BODY: BODY[: len(BODY) // 2], Where.AFTER_BODY: BODY}.get(where, b"")
    assert observed.body == expected
    assert bool(observed.data) is (where is not Where.BEFORE_HEADERS)


@pytest.mark.parametrize("where", [w for w in Where if w is not Where.AFTER_BODY])
def test_early_close_is_observed_at_its_place(mock_backend: MockBackend, ask: Ask, where: Where) -> None:
    """The connection ends properly, too early."""
    observed = deliver(mock_backend, ask, Broken(template=approved(), where=where, reset=False))
    assert observed.end == "closed"
    assert len(observed.body) < len(BODY)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect(mock_backend: MockBackend, ask: Ask, code: int) -> None:
    """The response points elsewhere and still has the status APPROVED."""
    observed = deliver(
        mock_backend,
        ask,
        Redirect(template=approved(), location=mock_backend.url("executeCommand", other=True), code=code),
    )
    assert observed.status == code
    assert f"\r\nLocation: {mock_backend.other_origin}/api/execute".encode() in observed.head


def test_caching_headers(mock_backend: MockBackend, ask: Ask) -> None:
    """The response asks caches to keep it."""
    observed = deliver(mock_backend, ask, Cached(template=approved()))
    assert b"\r\nCache-Control: public, max-age=31536000, immutable" in observed.head
    assert observed.body == BODY


def test_held_response_waits_for_its_release(mock_backend: MockBackend) -> None:
    """A newer response overtakes one that is held back, which comes once it is released."""
    mock_backend.script(
        "executeCommand", Held(template=approved("t-old"), name="old"), Conforming(template=approved("t-new"))
    )
    with connect(mock_backend.port) as older, connect(mock_backend.port) as newer:
        older.sendall(request())
        mock_backend.wait_for("executeCommand", 1)
        newer.sendall(request())
        assert b"t-new" in observe(newer).body
        assert mock_backend.received()[0].delivery is None
        mock_backend.release("old")
        assert b"t-old" in observe(older).body
    mock_backend.wait_until_complete()
    assert mock_backend.undelivered() == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: Status(template=approved(), code=200),
        lambda: Status(template=approved(), code=600),
        lambda: Raw(data=b""),
        lambda: WrongLength(template=approved(), announced=len(BODY)),
        lambda: WrongLength(template=json_template({}, keep_alive=True), announced=9),
        lambda: Truncated(template=approved(), at=len(BODY)),
        lambda: Truncated(template=approved(), at=-1),
        lambda: Unfinished(template=approved(), blanks=0),
        lambda: Unfinished(template=ResponseTemplate()),
        lambda: Chunked(template=approved(), size=0),
        lambda: Chunked(template=ResponseTemplate(), form="cut"),
        lambda: Compressed(template=json_template({})),
        lambda: Stall(template=approved(), where=Where.AFTER_BODY),
        lambda: Stall(template=approved(), seconds=-1),
        lambda: Stall(template=ResponseTemplate(), where=Where.IN_BODY),
        lambda: Drip(template=approved(), interval=0),
        lambda: Drip(template=ResponseTemplate(), interval=1),
        lambda: Broken(template=ResponseTemplate(), where=Where.IN_BODY),
        lambda: Broken(template=approved(), where=Where.AFTER_BODY, reset=False),
        lambda: Redirect(template=approved(), location="/", code=304),
        lambda: Redirect(template=approved(), location=""),
        lambda: Cached(template=approved(), headers=()),
        lambda: Held(template=approved(), name=""),
        lambda: Held(template=approved(), name="x", where=Where.AFTER_BODY),
        lambda: ResponseTemplate(status=99),
        lambda: ResponseTemplate(headers=(("X", "a\r\nb"),)),
        lambda: Reply(kind="none", steps=()),
        lambda: Reply(kind="beyond", steps=(Send(data=b"x"),), effect_at=1),
        lambda: Wait(seconds=3601),
        lambda: Hold(name=""),
    ],
)
def test_senseless_parameters_are_refused(make: Callable[[], object]) -> None:
    """A fault with invalid parameters is refused before any traffic."""
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_head_is_cut_at_its_place() -> None:
    """The two halves of a cut head make the whole."""
    whole = Head(status=200, reason="OK", headers=(("A", "b"),))
    extra = (("C", "d"),)
    first = Head(status=200, reason="OK", headers=(("A", "b"),), until=10).render(extra)
    second = Head(status=200, reason="OK", headers=(("A", "b"),), since=10).render(extra)
    assert first + second == whole.render(extra) == b"HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n"
