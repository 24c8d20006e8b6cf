"""Hostile clients: each kind sends the bytes that it describes, and refuses invalid parameters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from technogate.drivers.http.address import Address
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.http_attacks.attack import Attack
from technogate.faults.http_attacks.attack_script import Script
from technogate.faults.http_attacks.big_header import BigHeader
from technogate.faults.http_attacks.garbage import Garbage
from technogate.faults.http_attacks.half_request import Cut, HalfRequest
from technogate.faults.http_attacks.idle_connections import Idle
from technogate.faults.http_attacks.request_bytes import RawRequest
from technogate.faults.http_attacks.slow_body import SlowBody
from technogate.faults.http_attacks.slow_header import SlowHeader
from technogate.target.process.ports import HeldPort
from tests.conftest import STUCK_S
from tests.faults.http_attacks.conftest import RESPONSE, Listener

Listen = Callable[..., Listener]
Eventually = Callable[[Callable[[], bool]], bool]

#: The length of a body that drips: so long that it never ends within a test.
LENGTH = 1_000_000


@pytest.mark.parametrize(
    ("cut", "last"),
    [(Cut.LINE, b"POST /api/exe"), (Cut.HEAD, b""), (Cut.BODY, b'{"command')],
    ids=["line", "head", "body"],
)
@pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
def test_half_a_request_ends_in_the_part_named(
    listen: Listen, execute: RawRequest, eventually: Eventually, cut: Cut, last: bytes, reset: bool
) -> None:
    """The server gets a prefix of the request that ends within the named part, then the end of the connection."""
    server = listen()
    with Attack(server.address, HalfRequest(request=execute, cut=cut, clients=3, reset=reset), timeout_s=1) as attack:
        pass
    end = "reset" if reset else "closed"
    assert eventually(lambda: server.saw(len(attack.clients), lambda one: one.end == end))
    whole = execute.render()
    for conversation in server.conversations:
        if reset and not conversation.data:
            continue  # a reset can overtake what was sent before it
        assert whole.startswith(conversation.data)
        assert conversation.data.endswith(last)
        assert len(conversation.data) < len(whole)
        assert (b"\r\n\r\n" in conversation.data) == (cut is Cut.BODY)
        assert (b"\r\n" in conversation.data) == (cut is not Cut.LINE)
    assert attack.delivered == len(attack.clients) >= 3


def test_a_slow_header_lasts_as_long_as_the_attack(listen: Listen, execute: RawRequest, eventually: Eventually) -> None:
    """The head never ends, and bytes keep arriving; at the end of the attack the connections are closed."""
    server = listen()
    with Attack(server.address, SlowHeader(request=execute, clients=3, interval_s=0.001), timeout_s=1) as attack:
        opening = execute.head()[:-2]
        assert eventually(lambda: server.saw(3, lambda one: len(one.data) > len(opening) + 20))
        assert all(client.open for client in attack.clients)
    assert eventually(lambda: server.saw(3, lambda one: one.end == "closed"))
    for conversation in server.conversations:
        assert conversation.data.startswith(opening + b"X-Slow: a\r\nX-Slow")
        assert b"\r\n\r\n" not in conversation.data


def test_a_slow_body_never_completes(listen: Listen, execute: RawRequest, eventually: Eventually) -> None:
    """The head announces the length; blanks arrive one at a time."""
    server = listen()
    with Attack(server.address, SlowBody(request=execute, clients=2, length=LENGTH, interval_s=0.001), timeout_s=1):
        assert eventually(lambda: server.saw(2, lambda one: one.data.endswith(b"  ")))
    for conversation in server.conversations:
        head, _, body = conversation.data.partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % LENGTH in head
        assert body == b" " * len(body)
        assert 0 < len(body) < LENGTH


def test_a_big_header_waits_for_its_response(listen: Listen, read: RawRequest) -> None:
    """The whole request arrives with a value of the size named, and the response is kept."""
    server = listen(RESPONSE)
    with Attack(server.address, BigHeader(request=read, size=70000, clients=1), timeout_s=STUCK_S, waves=1) as attack:
        pass
    (conversation,), (client,) = server.conversations, attack.clients
    assert b"\r\nX-Big: " + b"x" * 70000 + b"\r\n\r\n" in conversation.data
    assert client.received == RESPONSE


def test_garbage_follows_a_whole_request(listen: Listen, read: RawRequest, eventually: Eventually) -> None:
    """The request is complete; the bytes after it are drawn from the seed and are not HTTP."""
    first, again, other = (Garbage(request=read, seed=seed).script().opening for seed in (1, 1, 2))
    assert first == again != other
    server = listen(RESPONSE)
    with Attack(server.address, Garbage(request=read, seed=1, clients=1), timeout_s=STUCK_S, waves=1):
        pass
    assert eventually(lambda: server.saw(1, lambda one: one.data == first))
    assert first.startswith(read.render() + b"\x00")
    assert len(first) > 2048


def test_idle_clients_stay_connected_and_send_nothing(listen: Listen, eventually: Eventually) -> None:
    """All are connected at the same time until the attack ends."""
    server = listen()
    with Attack(server.address, Idle(clients=50), timeout_s=1) as attack:
        assert eventually(lambda: len(server.conversations) == 50)
        assert not any(conversation.end for conversation in server.conversations)
    assert attack.detail == "50 of 50 clients delivered, 0 got a response, 0 closed by the backend"
    assert eventually(lambda: server.saw(50, lambda conversation: conversation.end == "closed"))
    assert not any(conversation.data for conversation in server.conversations)


def test_clients_that_leave_connect_again(listen: Listen, execute: RawRequest, eventually: Eventually) -> None:
    """The attack lasts for the whole context."""
    server = listen()
    with Attack(server.address, HalfRequest(request=execute, cut=Cut.LINE, clients=2), timeout_s=1, waves=3):
        assert eventually(lambda: len(server.conversations) == 6)
    assert len(server.conversations) == 6


def test_a_backend_may_close_a_hostile_connection(listen: Listen, execute: RawRequest, eventually: Eventually) -> None:
    """A slow client whose connection is closed was delivered, and is no error of the attack."""
    server = listen(RESPONSE, closes=True)
    with Attack(server.address, SlowBody(request=execute, clients=2, interval_s=0.001), timeout_s=1) as attack:
        assert eventually(lambda: not any(client.open for client in attack.clients))
    assert attack.delivered == 2
    assert all(client.closed_by_backend for client in attack.clients)


def test_an_attack_without_a_listener_is_not_delivered(execute: RawRequest) -> None:
    """Without a listener the attack proves nothing."""
    with HeldPort() as held:
        address = Address.of(f"http://127.0.0.1:{held.number}")
        with (
            pytest.raises(NotDelivered, match=r"slow body: none of 1 hostile clients got through"),
            Attack(address, SlowBody(request=execute), timeout_s=1),
        ):
            pytest.fail("the attack began")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: Idle(clients=0), "the number of clients is above 0 and at most 2000, not 0"),
        (lambda _: Idle(clients=2001), "not 2001"),
        (lambda request: SlowHeader(request=request, interval_s=0), "the interval of a slow header is above 0"),
        (lambda request: SlowBody(request=request, length=0), "the length of a slow body is above 0"),
        (lambda request: BigHeader(request=request, size=1 << 20), "the size of a big header is above 0"),
        (lambda request: Garbage(request=request, seed=1, size=0), "the size of the garbage is above 0"),
        (lambda request: HalfRequest(request=request, cut=Cut.BODY), "a body of less than two bytes has no half"),
        (lambda _: Script(opening=b"", drip=b"x"), "a client that leaves at once cannot drip"),
        (lambda _: Script(opening=b"x" * ((1 << 20) + 1)), "a hostile client sends at most 1048576 bytes"),
        (lambda _: RawRequest(method="GET", path="/", headers=(("A", "b\r\nC: d"),)), "a header is one line"),
        (lambda _: Address.of("http://"), "no host in http://"),
    ],
)
def test_parameters_are_checked_before_any_traffic(
    read: RawRequest, make: Callable[[RawRequest], object], says: str
) -> None:
    """An error in a suite is raised when the kind is made."""
    with pytest.raises(ValueError, match=says):
        make(read)


LIMITS = """
import resource
from technogate.faults.http_attacks.open_files import allow_open_files
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
allow_open_files(90)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
allow_open_files(300)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
allow_open_files(300)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_raises_the_limit_of_open_files() -> None:
    """The soft limit is raised, never lowered, and at most to the hard one."""
    done = subprocess.run([sys.executable, "-c", LIMITS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["100", "300", "200"]
