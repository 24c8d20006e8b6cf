"""ENV-05 over a whole run: refusals of no operation carry their trace id, but for those of an HTTP parser."""

from __future__ import annotations

import pytest

from technogate.checks.known_run import known_run
from technogate.checks.registry import REGISTRY
from technogate.model.events import Header, Request, Response
from tests import builders


@pytest.fixture
def header() -> Header:
    """The header of a run against a backend."""
    return builders.header()


def problems(header: Header, method: str, path: str, status: int, *, under_fault: str = "") -> int:
    """How many responses of a run lack their header, when one request of no operation got this status without it."""
    run = known_run(header)
    run.exchange(
        1,
        operation="",
        request=Request(method=method, path=path),
        response=Response(status=status),
        under_fault=under_fault,
    )
    check = next(check for check in REGISTRY.run_wide_checks if check.requirement == "ENV-05")
    return len(check.run(run.run()).findings)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/api/execute", 405), ("GET", "/x.html?y=%00", 404), ("GET", "/health", 429)],
)
def test_a_refusal_elsewhere_needs_its_header(header: Header, method: str, path: str, status: int) -> None:
    """404, 405 and 429 carry a trace header too."""
    assert problems(header, method, path, status) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("QUERY", "/api/execute", 405),
        ("put", "/api/execute", 405),
        ("GET", "/api/execute%00", 404),
        ("GET", "//api/execute", 404),
        ("GET", "/api/../execute", 404),
        ("GET", "http://127.0.0.1:8000/api/execute", 404),
        ("GET", "/api/nothing", 400),
        ("GET", "/api/execute/", 307),
    ],
)
def test_what_no_route_is_known_for_may_lack_it(header: Header, method: str, path: str, status: int) -> None:
    """The public path, and what a server may answer before it looks for a route, are not judged."""
    assert problems(header, method, path, status) == 0


def test_hostile_requests_may_lack_it(header: Header) -> None:
    """A response under an injected fault is not judged unless its operation is known."""
    assert problems(header, "GET", "/nothing", 404, under_fault="half a request") == 0


def test_a_missing_header_is_counted_once(header: Header) -> None:
    """A guarded response without a header is one finding."""
    run = known_run(header)
    run.response(1, headers=())
    check = next(check for check in REGISTRY.run_wide_checks if check.requirement == "ENV-05")
    assert len(check.run(run.run()).findings) == 1
