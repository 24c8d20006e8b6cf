"""Readiness: which address responds, and what is said when none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from technogate.target import readiness
from technogate.target.process.ports import HeldPort
from technogate.target.readiness import NotReady, Ready, find_ready
from tests.conftest import STUCK_S
from tests.stand_in import StandIn, StandInRequest, http_response

Serve = Callable[..., StandIn]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Servers that respond to each path with the status that a test names, 404 to any other, until its end."""
    with ExitStack() as stack:

        def begin(paths: dict[str, int], before: bytes = b"") -> StandIn:
            def handler(request: StandInRequest) -> bytes:
                return before + http_response(paths.get(request.path, 404), headers={"Connection": "close"})

            return stack.enter_context(StandIn(handler))

        yield begin


def never() -> bool:
    """Nothing is given up."""
    return False


def test_the_path_below_the_base_comes_first(serve: Serve) -> None:
    """The origin is asked only where there is nothing below the base."""
    server = serve({"/base/health": 200, "/health": 200})
    found = find_ready((server.url + "/base",), "/health", STUCK_S, never)
    assert found == Ready(base_url=server.url + "/base", url=server.url + "/base/health")
    assert [request.path for request in server.requests] == ["/base/health"]


def test_the_origin_may_have_the_path(serve: Serve) -> None:
    """A health check at the root stands for a base below it."""
    server = serve({"/health": 204})
    found = find_ready((server.url + "/base",), "/health", STUCK_S, never)
    assert found == Ready(base_url=server.url + "/base", url=server.url + "/health")


def test_an_origin_says_nothing_while_the_base_is_unwell(serve: Serve) -> None:
    """Where the base has the path, and it is not ready, the origin is not asked."""
    server = serve({"/base/health": 503, "/health": 200})
    looks = iter([False, False, True])
    found = find_ready((server.url + "/base",), "/health", STUCK_S, lambda: next(looks))
    assert found == NotReady(url=server.url + "/base/health", why="status 503", status=503)
    assert [request.path for request in server.requests] == ["/base/health"] * 2


def test_a_path_that_the_server_lacks_is_said_early(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was refused for a while, what the server does respond to is what to write; nobody waits for the limit."""
    monkeypatch.setattr(readiness, "WRONG_PATH_S", 0.05)
    server = serve({"/health": 200})
    found = find_ready((server.url,), "/healthz", STUCK_S, never)
    assert isinstance(found, NotReady)
    assert (found.status, found.hint) == (404, 'GET /health responds with 200: write ready = "/health"')


@pytest.mark.parametrize("status", [404, 429, 503])
def test_a_server_that_responds_nowhere_or_asks_to_wait_is_waited_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """It may become ready: nothing is concluded before it has responded with something else."""
    monkeypatch.setattr(readiness, "WRONG_PATH_S", 0.0)
    others = {} if status == 404 else {"/": 200}
    server = serve({"/up": status, **others})
    looks = iter([False, False, False, True])
    found = find_ready((server.url,), "/up", STUCK_S, lambda: next(looks))
    assert found == NotReady(url=server.url + "/up", why=f"status {status}", status=status)


def test_the_base_url_is_the_one_that_responds(serve: Serve) -> None:
    """Of several the first that is ready is taken, whatever stands before it."""
    server = serve({"/health": 200})
    with HeldPort() as nobody:
        bases = (f"http://127.0.0.1:{nobody.number}", server.url)
        found = find_ready(bases, "/health", STUCK_S, never)
    assert found == Ready(base_url=server.url, url=server.url + "/health")


def test_a_ready_address_elsewhere_needs_a_server_here_too(serve: Serve) -> None:
    """A management port that is ready says nothing of a port at which nobody listens."""
    management, server = serve({"/up": 200}), serve({})
    ready = management.url + "/up"
    assert find_ready((server.url,), ready, STUCK_S, never) == Ready(base_url=server.url, url=ready)
    looks = iter([False, True])
    with HeldPort() as nobody:
        found = find_ready((f"http://127.0.0.1:{nobody.number}",), ready, STUCK_S, lambda: next(looks))
    assert isinstance(found, NotReady)


@pytest.mark.parametrize("code", [100, 102, 103])
def test_an_informational_response_is_not_the_final_one(serve: Serve, code: int) -> None:
    """Several may come before it."""
    server = serve({"/health": 200}, before=f"HTTP/1.1 {code} Wait\r\nLink: </x>\r\n\r\n".encode() * 3)
    assert isinstance(find_ready((server.url,), "/health", STUCK_S, never), Ready)


def test_a_status_says_more_than_a_refused_connection(serve: Serve) -> None:
    """What is reported is the address at which there is a server."""
    server = serve({})
    looks = iter([False, True])
    with HeldPort() as nobody:
        bases = (f"http://127.0.0.1:{nobody.number}", server.url)
        found = find_ready(bases, "/health", STUCK_S, lambda: next(looks))
    assert str(found) == f"GET {server.url}/health: status 404"
