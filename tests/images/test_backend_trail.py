"""The reference backend's audit trail: complete, append-only, durable, and required for any action."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import STUCK_S
from tests.images.backend_process import KEY, Backend, assert_error, running_backend

pytestmark = pytest.mark.slow

#: Seconds that a response may take (TMO-01).
RESPONSE_S = 15.0


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One backend for the tests that leave its trail as it is."""
    with running_backend(tmp_path_factory.mktemp("backend")) as running:
        yield running


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the database's write lock from outside, so that the audit trail is unwritable."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def test_locked_trail_refuses_everything(backend: Backend) -> None:
    """TRL-10: with a locked audit trail every request gets 503 and leaves no entry; afterwards the backend recovers."""
    assert backend.execute("PING").is_success
    snapshot, trail = backend.client.get("/api/memory").json(), backend.trail()
    with locked(backend.database):
        with ThreadPoolExecutor(max_workers=12) as pool:
            pending = [pool.submit(backend.execute, command) for command in ["CHECK_QUOTA"] * 10 + ["UNHEARD_OF"]]
            pending.append(pool.submit(backend.stranger.get, "/api/audit"))
            refused = [response.result() for response in pending]
        assert backend.client.get("/api/memory").json() == snapshot
        assert backend.trail() == trail
    for response in refused:
        assert_error(response, 503, "AUDIT_UNAVAILABLE")
        assert response.elapsed.total_seconds() < RESPONSE_S
    assert backend.client.get("/api/memory").json() == snapshot
    assert backend.trail() == trail
    assert backend.execute("PING").json()["status"] == "APPROVED"


def test_missing_table_refuses_everything(tmp_path: Path) -> None:
    """TRL-10, ERR-03: without the table reads and executions are 503, and no SQL is shown."""
    with running_backend(tmp_path) as broken, closing(sqlite3.connect(broken.database)) as connection:
        connection.execute("ALTER TABLE audit_events RENAME TO elsewhere")
        for response in (broken.execute("UNHEARD_OF"), broken.client.get("/api/audit")):
            assert_error(response, 503, "AUDIT_UNAVAILABLE")
            assert "audit_events" not in response.text
        connection.execute("ALTER TABLE elsewhere RENAME TO audit_events")
        assert broken.execute("PING").json()["status"] == "APPROVED"


def test_parallel_requests_leave_one_entry_each(backend: Backend) -> None:
    """TRL-08, EXE-10: N requests get N trace ids and leave N entries."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        traces = [response.json()["trace_id"] for response in pool.map(backend.execute, ["PING"] * 200)]
    recorded = [entry["trace_id"] for entry in backend.trail()]
    assert len(set(traces)) == 200
    assert sorted(trace for trace in recorded if trace in set(traces)) == sorted(traces)


def test_trail_holds_no_secret(backend: Backend) -> None:
    """TRL-09, AUT-06: the database's files and the log hold no key, session id or payload."""
    secrets = [KEY, "session-0815", "payload-0815", "SECRET_COMMAND"]
    assert backend.execute("PING", session_id=secrets[1], further=secrets[2]).is_success
    assert backend.execute(secrets[3]).is_success
    assert backend.client.get(f"/api/audit?filter={secrets[2]}").status_code == 400
    written = b"".join(path.read_bytes() for path in backend.database.parent.iterdir())
    assert b"audit_trail" in written
    assert [secret for secret in secrets if secret.encode() in written] == []


@pytest.mark.parametrize("change", ["DELETE FROM audit_events", "UPDATE audit_events SET action = 'OTHER'"])
def test_database_refuses_changes(backend: Backend, change: str) -> None:
    """TRL-05: the database refuses to change or delete an entry."""
    assert backend.execute("PING").is_success
    with closing(sqlite3.connect(backend.database)) as connection, pytest.raises(sqlite3.Error, match="append-only"):
        connection.execute(change)


def test_database_agrees_with_the_endpoint(backend: Backend) -> None:
    """TRL-10: a command is announced before it runs; the view holds exactly the entries of `/api/audit`."""
    ran, unknown = backend.execute("NOOP"), backend.execute("UNHEARD_OF")
    with closing(sqlite3.connect(backend.database)) as connection:
        query = "SELECT phase FROM audit_events WHERE trace_id = ? ORDER BY id"
        phases = [
            [phase for (phase,) in connection.execute(query, [response.headers["x-trace-id"]])]
            for response in (ran, unknown)
        ]
        connection.row_factory = sqlite3.Row
        columns = "timestamp, action, result, state, execution_id, trace_id"
        rendered = [dict(row) for row in connection.execute(f"SELECT {columns} FROM audit_trail ORDER BY id DESC")]  # noqa: S608
    assert phases == [["begun", "ended"], ["ended"]]
    assert rendered == backend.trail()


def test_entries_survive_sigkill(tmp_path: Path) -> None:
    """TRL-07: after a kill under load and a restart, each request with a response has its entry."""
    answered: list[str] = []
    enough = threading.Event()
    with running_backend(tmp_path) as doomed:

        def load() -> None:
            with httpx.Client(headers={"X-API-Key": KEY}, timeout=STUCK_S, trust_env=False) as client:
                try:
                    while True:
                        response = client.post(f"http://127.0.0.1:{doomed.port}/api/execute", json={"command": "PING"})
                        answered.append(response.json()["trace_id"])
                        if len(answered) >= 100:
                            enough.set()
                except httpx.TransportError:
                    return

        with ThreadPoolExecutor(max_workers=4) as pool:
            loads = [pool.submit(load) for _ in range(4)]
            assert enough.wait(STUCK_S)
            doomed.process.kill()
        for ended in loads:
            ended.result()
    with running_backend(tmp_path) as restarted:
        recorded = {entry["trace_id"] for entry in restarted.trail()}
        assert set(answered) - recorded == set()
        assert len(recorded) - len(answered) <= 4
        assert restarted.client.get("/api/memory").status_code == 204
