"""Backends as networks have them: each conforms, is reached where it is, and is judged by what it responds."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from technogate.checks.response_predicates import json_value, trace_id
from technogate.contract.loader import Contract, load_contract
from technogate.drivers.http.api_keys import foreign_key, right_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.journal.redaction import Redactor
from technogate.model.errors import StartError, UserError
from technogate.model.events import Ended, Exchange
from technogate.target import Running, RunningBackend, load_target
from tests.certificates import write_certificates
from tests.checked_program import check_program, with_node
from tests.conftest import ROOT, STUCK_S

pytestmark = pytest.mark.slow

PAIRS = ROOT / "tests" / "programs" / "pairs"
KEY = "Network-Key_1234567"

#: Where each program is reached, `*` for its port.
ADDRESSES = {
    "02-keepalive-close": "http://127.0.0.1:*",
    "03-prefix": "http://127.0.0.1:*/backend",
    "03b-health-elsewhere": "http://127.0.0.1:*/backend",
    "05-localhost": "http://[::1]:*",
    "17-informational": "http://127.0.0.1:*",
    "connection-close": "http://127.0.0.1:*",
    "ended-as-used": "http://127.0.0.1:*",
    "every-network": "http://[::1]:*/backend",
    "gzip": "http://127.0.0.1:*",
    "http-1.0": "http://127.0.0.1:*",
    "tls": "https://localhost:*",
    "tls-ipv6-prefix": "https://[::1]:*/a/b",
    "trailers": "http://127.0.0.1:*",
    "unix-socket": "http://127.0.0.1:*",
}

Start = Callable[..., Running]


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programs, with certificates, and Node on the path."""
    monkeypatch.setenv("PATH", with_node()["PATH"])
    for name in ("base", *ADDRESSES):
        shutil.copytree(PAIRS / name, tmp_path / name)
    for name in ("tls", "tls-ipv6-prefix"):
        write_certificates(tmp_path / name, "localhost", "::1")
    return tmp_path


@pytest.fixture
def start(pairs: Path, request: pytest.FixtureRequest) -> Start:
    """Start a program; the test ends it."""

    def begin(name: str, *, change: tuple[str, str] = ("", "")) -> Running:
        path = pairs / name / "target.toml"
        path.write_text(path.read_text("utf-8").replace(*change) if change[0] else path.read_text("utf-8"), "utf-8")
        running = load_target(str(path)).start(KEY)
        request.addfinalizer(running.close)
        return running

    return begin


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(ROOT / "contracts" / "console-v0.1")


def driver_of(backend: RunningBackend, contract: Contract, recorded: list[Exchange]) -> HttpDriver:
    """A driver as suites have it."""
    numbers = itertools.count(1)
    return HttpDriver(
        base_url=backend.url,
        key=right_key(KEY),
        contract=contract,
        redactor=Redactor(KEY),
        record=recorded.append,
        item=lambda: "an item",
        new_id=lambda: f"main-{next(numbers)}",
        timeout_s=STUCK_S,
    )


def responds_as_the_contract_says(backend: RunningBackend, contract: Contract) -> list[Exchange]:
    """Send one request of each kind, over one connection where that is kept, and compare; returns all exchanges."""
    recorded: list[Exchange] = []
    driver = driver_of(backend, contract, recorded)
    try:
        executed = driver.execute("PING")
        assert contract.response_problems("executeCommand", 200, json_value(executed)) == []
        assert executed.response is not None
        assert executed.response.body.text.startswith("{")
        refused = driver.execute("PING", key=foreign_key())
        unknown = driver.send(Case(method="GET", path="/api/unknown"))
        listed = [driver.read("fetchAuditLog", {"limit": 50}) for _ in range(20)]
        assert [_status(exchange) for exchange in (executed, refused, unknown)] == [200, 403, 404]
        assert {_status(exchange) for exchange in listed} == {200}
        assert trace_id(executed) in listed[-1].response.body.text  # type: ignore[union-attr]
        assert _status(driver.read("fetchMemory")) == 200
    finally:
        driver.close()
    return recorded


def _status(exchange: Exchange) -> int:
    return exchange.response.status if exchange.response is not None else 0


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_backend_is_reached_where_it_serves(name: str, start: Start, contract: Contract) -> None:
    """Scheme, host and prefix are those of the target file; each request has its response."""
    backend = start(name).backend
    assert backend is not None
    assert backend.program is not None
    port = backend.url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    assert backend.url == ADDRESSES[name].replace("*", port)
    responds_as_the_contract_says(backend, contract)


def test_a_connection_that_ends_as_it_is_used_decides_nothing(start: Start, contract: Contract) -> None:
    """The request is sent once more on a fresh connection; both are exchanges, and the first has no response."""
    backend = start("ended-as-used").backend
    assert backend is not None
    recorded = responds_as_the_contract_says(backend, contract)
    ended = [place for place, exchange in enumerate(recorded) if exchange.response is None]
    assert ended
    for place in ended:
        first, again = recorded[place : place + 2]
        assert first.end is Ended.INDETERMINATE
        assert (again.request.method, again.request.path) == (first.request.method, first.request.path)
        assert again.case == f"{first.case}, again on a fresh connection"


def test_a_killed_backend_starts_again_on_its_socket(start: Start, contract: Contract) -> None:
    """The socket that a killed program leaves behind does not keep it from its next start."""
    backend = start("unix-socket").backend
    assert backend is not None
    assert backend.program is not None
    backend.program.kill()
    backend.program.restart()
    responds_as_the_contract_says(backend, contract)


def test_a_running_backend_is_reached_through_its_socket(
    start: Start, pairs: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`socket` beside `url` leads to a program that the gate did not start; the URL gives the path."""
    program = start("unix-socket").backend.program  # type: ignore[union-attr]
    assert program is not None
    monkeypatch.setenv("FIELD_KEY", KEY)
    path = pairs / "running.toml"
    where = f'url = "http://localhost"\nsocket = "{program.launch.socket}"\napi_key_env = "FIELD_KEY"\n'
    path.write_text(f"[backend]\n{where}", "utf-8")
    with load_target(str(path)).start(KEY) as running:
        assert running.backend is not None
        responds_as_the_contract_says(running.backend, contract)


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("tls", ('ca_file = "ca.pem"', ""), "its certificate is refused: unable to get local issuer certificate; name"),
        ("tls", ('ca_file = "ca.pem"', ""), "or itself when it is self-signed, with ca_file"),
        ("tls", ("localhost", "127.0.0.1"), "name the host that the certificate is for, such as https://localhost"),
        ("tls", ("https:", "http:"), "it speaks TLS: say https in `serves`, or in `url`"),
        (
            "http-1.0",
            ("[backend]", '[backend]\nserves = "https://{host}:{port}"'),
            "it does not speak TLS: say http in",
        ),
    ],
)
def test_what_the_address_gets_wrong_is_said_at_once(
    start: Start, name: str, change: tuple[str, str], line: str
) -> None:
    """Nobody waits for a start that cannot succeed: one line names the key."""
    with pytest.raises(StartError) as caught:
        start(name, change=change)
    assert line in str(caught.value)
    assert "after" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "backend.ca_file is ca.pem, which holds no certificate in PEM form"),
        (None, "backend.ca_file is ca.pem, but"),
    ],
)
def test_a_file_without_a_certificate_is_an_error(start: Start, pairs: Path, text: str | None, line: str) -> None:
    """It is named, and nothing is started."""
    path = pairs / "tls" / "ca.pem"
    path.unlink()
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(UserError) as caught:
        start("tls")
    assert line in str(caught.value)


def check(pairs: Path, name: str, *words: str) -> dict[str, Any]:
    """The verdict document of a check."""
    ended = check_program(pairs / name, pairs / "reports", *words)
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    document: dict[str, Any] = json.loads((pairs / "reports" / "verdict.json").read_text("utf-8"))
    return document


def test_every_kind_at_once_has_no_finding(pairs: Path) -> None:
    """No kind of network makes a finding, in any family of the backend."""
    words = (
        "ENV",
        "AUT",
        "EXE-01",
        "EXE-02",
        "EXE-05",
        "AUD-02",
        "MEM",
        "ERR-04",
        "ERR-07",
        "TRL-01",
        "TRL-04",
        "TRL-07",
    )
    document = check(pairs, "every-network", *words)
    assert document["findings"] == []
    assert document["verdict"] == "PASS"


def test_bodies_that_are_compressed_unasked_are_one_finding(pairs: Path) -> None:
    """It names the coding; what the bodies hold is judged all the same, and conforms."""
    document = check(pairs, "gzip", "ENV-01", "ENV-07", "EXE-01", "ERR-01")
    assert [entry["finding"]["observed"] for entry in document["findings"]] == ["Content-Encoding: gzip"]
    assert [cause["requirements"] for cause in document["causes"]] == [["ENV-07"]]
    assert "gzip" in document["causes"][0]["title"]
