"""Where a program is reached: what `serves` and `ready` of a target file come to."""

from __future__ import annotations

import pytest

from technogate.target.served_address import base_urls, listening_host, ready_urls


@pytest.mark.parametrize(
    ("serves", "expected", "host"),
    [
        ("", ("http://127.0.0.1:81", "http://[::1]:81"), "127.0.0.1"),
        ("https://{host}:{port}/base/", ("https://127.0.0.1:81/base", "https://[::1]:81/base"), "127.0.0.1"),
        ("http://localhost:{port}", ("http://localhost:81",), "127.0.0.1"),
        ("http://[::1]:{port}/a", ("http://[::1]:81/a",), "::1"),
        ("https://127.0.0.2:8443", ("https://127.0.0.2:8443",), "127.0.0.2"),
    ],
)
def test_a_program_serves_what_its_target_file_says(serves: str, expected: tuple[str, ...], host: str) -> None:
    """A host that is left open is either loopback address; one that is named is the one to listen on."""
    assert base_urls(serves, 81) == expected
    assert listening_host(serves) == host


@pytest.mark.parametrize(
    ("base_url", "ready", "expected"),
    [
        ("http://h:1", "/health", ("http://h:1/health",)),
        ("http://h:1/", "/health", ("http://h:1/health",)),
        ("http://[::1]:1/a/b", "/health", ("http://[::1]:1/a/b/health", "http://[::1]:1/health")),
        ("http://h:1/a", "https://h:2/up", ("https://h:2/up",)),
    ],
)
def test_readiness_is_looked_for_below_the_base_and_at_its_origin(
    base_url: str, ready: str, expected: tuple[str, ...]
) -> None:
    """An address of its own is the only one."""
    assert ready_urls(base_url, ready) == expected
