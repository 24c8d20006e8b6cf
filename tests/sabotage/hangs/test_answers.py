"""Answers without an end, at any speed: read to a limit, in bytes and in time, and none of them is a good one."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from technogate.checks.response_predicates import is_strict_json
from technogate.contract.loader import Contract, load_contract
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import KEPT_OF_ENDLESS, HttpDriver
from technogate.drivers.http.pace import ATTEMPTS, Pace
from technogate.drivers.http.raw_http import READ_LIMIT
from technogate.journal.redaction import Redactor
from technogate.model.events import Ended, Exchange
from technogate.target.readiness import probe
from technogate.trail.entry import TrailError
from technogate.trail.sources.api_source import ApiSource
from technogate.util import http_client
from tests.conftest import ROOT, STUCK_S
from tests.ports import kept_port

pytestmark = pytest.mark.slow

SERVER = ROOT / "tests" / "programs" / "hostile" / "server.py"

#: Seconds that an answer may take in these tests, where that is what ends it.
SHORT_S = 1.0


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(ROOT / "contracts" / "console-v0.1")


@contextmanager
def serving(mode: str) -> Iterator[str]:
    """The address of a hostile server that is ready."""
    with kept_port() as port:
        program = subprocess.Popen([sys.executable, "-I", str(SERVER), mode, str(port)], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + STUCK_S
            while probe(f"http://127.0.0.1:{port}/health", 5.0):
                assert time.monotonic() < until
                assert program.poll() is None
            yield f"http://127.0.0.1:{port}"
        finally:
            program.kill()
            program.wait()


def asked(contract: Contract, mode: str, timeout_s: float) -> Exchange:
    """What the driver records of one read of the memory snapshot."""
    numbers, ticks = itertools.count(), itertools.count()
    with serving(mode) as url:
        driver = HttpDriver(
            base_url=url,
            key=right_key("Driver-Key_1234567"),
            contract=contract,
            redactor=Redactor("Driver-Key_1234567"),
            record=lambda _: None,
            item=lambda: "item",
            new_id=lambda: str(next(numbers)),
            timeout_s=timeout_s,
            pace=Pace(clock=lambda: float(next(ticks)), sleep=lambda _: None),
        )
        exchange = driver.read(contract.behavior.operations.memory)
        driver.close()
        return exchange


@pytest.mark.sabotage("the backend answers without an end, as fast as it is read")
@pytest.mark.parametrize("mode", ["endless", "announced", "until_closed"])
def test_an_endless_body_is_read_to_a_limit(contract: Contract, mode: str) -> None:
    """What is kept of it is small, whatever was read, and it is no JSON."""
    exchange = asked(contract, mode, STUCK_S)
    assert exchange.response is not None
    body = exchange.response.body
    assert body.cut
    assert len(body.text) == KEPT_OF_ENDLESS
    assert READ_LIMIT < body.size < 2 * READ_LIMIT
    assert exchange.end is Ended.INDETERMINATE
    assert f"more than {READ_LIMIT} bytes" in exchange.error
    assert "and more that was not read" in is_strict_json(exchange)[0].observed


@pytest.mark.sabotage("the backend answers a byte at a time, for ever")
@pytest.mark.parametrize("mode", ["drip", "drip_head", "interim", "silent"])
def test_a_drip_ends_with_the_time_of_an_answer(contract: Contract, mode: str) -> None:
    """Whatever comes meanwhile: the time is that of the whole answer."""
    exchange = asked(contract, mode, SHORT_S)
    assert exchange.response is None
    assert exchange.error == f"no complete response within {SHORT_S:g} s"


@pytest.mark.sabotage("the backend sends headers without an end")
def test_endless_headers_are_no_answer(contract: Contract) -> None:
    """They are refused at their limit."""
    exchange = asked(contract, "headers", STUCK_S)
    assert exchange.response is None
    assert exchange.error.startswith("the response cannot be read")


@pytest.mark.sabotage("the backend answers with JSON that is nested 200,000 deep, or with a text of a million escapes")
@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("deep", "nested more than 100 deep"),
        ("deep_objects", "nested more than 100 deep"),
        ("text_without_end", "unterminated string"),
    ],
)
def test_json_that_is_hard_to_read_is_a_finding(contract: Contract, mode: str, why: str) -> None:
    """It is refused as any other body that is not strict JSON, and at once."""
    exchange = asked(contract, mode, STUCK_S)
    assert exchange.end is Ended.OK
    assert why in is_strict_json(exchange)[0].observed


@pytest.mark.sabotage("the backend sends zeros without number, compressed to a fraction")
def test_a_body_that_would_be_huge_stays_compressed(contract: Contract) -> None:
    """It is beyond what is decompressed."""
    exchange = asked(contract, "bomb", STUCK_S)
    assert exchange.response is not None
    assert exchange.response.body.size < READ_LIMIT
    assert is_strict_json(exchange)


@pytest.mark.sabotage("the backend says 429 for ever")
@pytest.mark.parametrize("mode", ["limited", "limited_in_vain"])
def test_429_for_ever_is_given_up(contract: Contract, mode: str) -> None:
    """After some attempts it is no answer, and the next request is not tried as often."""
    exchange = asked(contract, mode, STUCK_S)
    assert exchange.response is not None
    assert exchange.response.status == 429
    assert exchange.case.count("again after 429") == 1
    assert exchange.id == str(ATTEMPTS - 1)


@pytest.mark.sabotage("the audit list drips, or does not end, while it is read as the audit trail")
@pytest.mark.parametrize("mode", ["drip", "drip_head", "endless", "deep"])
def test_a_trail_of_the_api_is_read_to_a_limit(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a trail that cannot be read."""
    monkeypatch.setattr("technogate.trail.sources.api_source.TIMEOUT_S", SHORT_S if "drip" in mode else STUCK_S)
    monkeypatch.setattr(http_client, "MOST_BYTES", 1 << 20)
    with serving(mode) as url, pytest.raises(TrailError, match="cannot be read"):
        ApiSource(url, "key").read()
