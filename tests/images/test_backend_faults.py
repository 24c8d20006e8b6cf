"""The reference backend under failures of its own: the executor, the rate limit, the settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import STUCK_S
from tests.images.backend_process import Backend, assert_error, environment, running_backend

pytestmark = pytest.mark.slow

#: Seconds that a command may take. A good one is far below it on any machine, for its entry counts too.
LIMIT_S = 3.0


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend whose commands may fail, with a shorter time limit for them."""
    with running_backend(
        tmp_path_factory.mktemp("backend"), TECHNO_DEMO_FAULTS="1", TECHNO_EXECUTOR_LIMIT=str(LIMIT_S)
    ) as running:
        yield running


def test_memory_is_empty_before_the_first_execution(tmp_path: Path) -> None:
    """MEM-02: the response is 204 with a trace id and without a body."""
    with running_backend(tmp_path) as fresh:
        response = fresh.client.get("/api/memory")
        assert (response.status_code, response.content) == (204, b"")
        assert "content-type" not in response.headers
        assert response.headers["x-trace-id"]


def test_crashing_executor_is_500_with_one_entry(backend: Backend) -> None:
    """ERR-05, ERR-03, TRL-01: the exception is not shown, and the session id is not logged."""
    assert backend.execute("PING").is_success
    snapshot = backend.client.get("/api/memory").json()
    response = backend.execute("CRASH", session_id="session-4711")
    assert_error(response, 500, "INTERNAL_ERROR")
    assert "RuntimeError" not in response.text
    (entry,) = backend.entries_of(response)
    assert (entry["action"], entry["state"]) == ("CRASH", "BLOCKED")
    assert backend.client.get("/api/memory").json() == snapshot
    log = backend.log.read_text()
    assert "CRASH crashed: RuntimeError" in log
    assert "session-4711" not in log
    assert backend.execute("PING").json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    "command", ["ODD_STATUS", "LOWER_STATUS", "PADDED_STATUS", "LIST_STATUS", "NULL_STATUS", "NO_STATUS"]
)
def test_unknown_status_is_blocked(backend: Backend, command: str) -> None:
    """FCB-01: any status but the exact five is BLOCKED."""
    response = backend.execute(command)
    assert (response.status_code, response.json()["status"]) == (200, "BLOCKED")
    assert response.json()["reason_codes"] == ["UNKNOWN_STATUS"]
    assert [entry["state"] for entry in backend.entries_of(response)] == ["BLOCKED"]


def test_hanging_executor_is_blocked_and_delays_no_other_request(backend: Backend) -> None:
    """TMO-01: a hanging command ends in TIMEOUT, and other commands get their responses before it."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        slow = [pool.submit(backend.execute, "SLOW") for _ in range(8)]
        assert backend.execute("PING").json()["status"] == "APPROVED"
        assert not any(response.done() and response.result().elapsed.total_seconds() < LIMIT_S for response in slow)
    for response in slow:
        assert (response.result().status_code, response.result().json()["status"]) == (200, "BLOCKED")
        assert response.result().json()["reason_codes"] == ["TIMEOUT"]
        assert [entry["state"] for entry in backend.entries_of(response.result())] == ["BLOCKED"]


def test_rate_limit_is_429_with_one_entry(tmp_path: Path) -> None:
    """A RATE_LIMITED response has a Retry-After, and is recorded like any other refusal."""
    with running_backend(tmp_path, TECHNO_RATE_LIMIT="0.01") as limited:
        assert limited.execute("PING").is_success
        response = limited.execute("PING")
        assert_error(response, 429, "RATE_LIMITED")
        assert 90 <= int(response.headers["retry-after"]) <= 101
    with running_backend(tmp_path) as unlimited:
        assert [entry["state"] for entry in unlimited.entries_of(response)] == ["BLOCKED"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"TECHNO_API_KEY": ""}, "TECHNO_API_KEY"),
        ({"TECHNO_API_KEY": "two words"}, "TECHNO_API_KEY"),
        ({"TECHNO_EXECUTOR_LIMIT": "nan"}, "TECHNO_EXECUTOR_LIMIT"),
        ({"TECHNO_EXECUTOR_LIMIT": "14"}, "TECHNO_EXECUTOR_LIMIT"),
        ({"TECHNO_DEMO_FAULTS": "yes"}, "TECHNO_DEMO_FAULTS"),
        ({"TECHNO_ALLOWED_ORIGINS": "*"}, "TECHNO_ALLOWED_ORIGINS"),
        ({"TECHNO_DATABASE_URL": "sqlite://"}, "TECHNO_DATABASE_URL"),
        ({"TECHNO_DATABASE_URL": "mysql://u:hidden@h/n"}, "TECHNO_DATABASE_URL"),
        ({"TECHNO_DATABASE_URL": "sqlite:////nowhere/at/all/t.db"}, "TECHNO_DATABASE_URL"),
    ],
)
def test_unusable_setting_stops_the_start(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    """The backend prints one line that names the variable, without secrets, and exits 2."""
    ended = subprocess.run(
        [sys.executable, "-m", "techno_backend", "--port", "1"],
        cwd=tmp_path,
        env=environment(tmp_path / "trail.db", **settings),
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    assert ended.returncode == 2
    assert named in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "hidden" not in ended.stderr
