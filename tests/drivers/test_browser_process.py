"""Drivers of one process share a browser, and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import psutil
import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from tests.stand_in import StandIn, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

#: Counts in a cookie how often it was loaded.
PAGE = b"""<!doctype html><link rel=icon href=data:,>
<form data-testid="result"><input data-testid="command-input"><button data-testid="command-run">Run</button></form>
<script>document.cookie = `seen=${Number(/seen=(\\d+)/.exec(document.cookie)?.[1] ?? 0) + 1}`;</script>"""


@pytest.fixture
def driver(url: str) -> functools.partial[BrowserDriver]:
    """Return a factory of drivers, which are idle before the page."""
    return functools.partial(BrowserDriver, url, quiet_ms=20)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of the page."""
    with StandIn(lambda _: http_response(200, PAGE, content_type="text/html")) as server:
        yield f"{server.url}/"


def browsers() -> list[psutil.Process]:
    """The browsers started by this process, without their children and without launch scripts."""
    family = psutil.Process().children(recursive=True)
    candidates = [
        process
        for process in family
        if "--headless" in process.cmdline() and "--type=" not in " ".join(process.cmdline())
    ]
    scripts = {process.ppid() for process in candidates}
    return [process for process in candidates if process.pid not in scripts]


def test_two_drivers_have_one_browser_and_no_cookie_in_common(driver: functools.partial[BrowserDriver]) -> None:
    """The second driver has no cookie of the first, and works after the first has ended."""
    assert browsers() == []
    with driver() as second:
        with driver() as first:
            assert len(browsers()) == 1
            first.reload()
            assert (first.inspect().cookies, second.inspect().cookies) == (("seen=2",), ("seen=1",))
        second.reload()
        assert second.inspect().cookies == ("seen=2",)
    assert browsers() == []


@pytest.mark.parametrize("apart", [{"alone": True}, {"map_hosts": {"backend.test:80": "127.0.0.1:9"}}], ids=str)
def test_a_driver_that_needs_another_browser_has_one(
    driver: functools.partial[BrowserDriver], apart: dict[str, object]
) -> None:
    """A driver that must be alone, or that maps a host, has a browser of its own."""
    with driver(), driver(**apart):
        assert len(browsers()) == 2
    assert browsers() == []


def test_after_a_browser_has_died_the_next_driver_has_another(driver: functools.partial[BrowserDriver]) -> None:
    """After a crash the drivers get an error, and a later driver gets a new browser; both close without an error."""
    with driver() as first:
        for one in browsers():
            one.kill()
            one.wait()
        with pytest.raises(DriverError):
            first.reload()
        with driver() as second:
            second.reload()
            assert second.inspect().cookies == ("seen=2",)
    assert browsers() == []


def test_a_closed_driver_raises_an_error(driver: functools.partial[BrowserDriver]) -> None:
    """A driver whose page is closed raises an error, although the browser runs."""
    with driver():
        closed = driver()
        closed.close()
        closed.close()
        with pytest.raises(DriverError, match="the browser is closed"):
            closed.inspect()
