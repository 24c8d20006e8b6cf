"""The audit trail in a real PostgreSQL: read by a query, and used to judge the reference backend."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from technogate.trail.entry import TrailError
from technogate.trail.sources.postgres_settings import commit_settings
from technogate.trail.sources.sql_source import SqlSource
from tests.conftest import ROOT, STUCK_S
from tests.gate_command import GATE
from tests.postgres import postgres, programs
from tests.tools import POSTGRES

BIN = programs()

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BIN is None, reason=POSTGRES.missing)]

QUERY = "SELECT * FROM trail ORDER BY id DESC"

#: The reference backend with its trail in PostgreSQL. A pair has its own database, named by its port and made at its
#: first start; the trail is made unwritable by another session, which locks its table.
TARGET = """
name = "reference on PostgreSQL"
extends = "COMMANDS"

[backend]
command = ["{python}", "start.py", "SERVER/trail_{port}", "--host", "{host}", "--port", "{port}"]
env = { TECHNO_API_KEY = "{api_key}", TECHNO_DEMO_FAULTS = "1", PYTHONPATH = "BACKEND" }

[backend.audit]
source = "sql"
url = "SERVER/trail_{port}"
query = "SELECT * FROM audit_trail ORDER BY timestamp DESC, id DESC"

[backend.unwritable]
command = ["{python}", "lock.py", "SERVER/trail_{port}", "{workdir}/lock.pid"]
undo = ["{python}", "-c", "import os, sys; os.kill(int(open(sys.argv[1]).read()), 9)", "{workdir}/lock.pid"]
"""

START = """
import os, sys
import psycopg
url, *arguments = sys.argv[1:]
server, _, name = url.rpartition("/")
with psycopg.connect(server + "/postgres", autocommit=True) as connection:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        connection.execute(f"CREATE DATABASE {name}")
os.environ["TECHNO_DATABASE_URL"] = url
os.execv(sys.executable, [sys.executable, "-m", "techno_backend", *arguments])
"""

LOCK = """
import os, sys, time
import psycopg
told, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    trail = psycopg.connect(sys.argv[1])
    trail.execute("LOCK TABLE audit_events IN EXCLUSIVE MODE")
    open(sys.argv[2], "w").write(str(os.getpid()))
    os.write(tell, b"locked")
    time.sleep(600)
    os._exit(0)
os.close(tell)
sys.exit(0 if os.read(told, 6) == b"locked" else 1)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server for the module; yields its URL without a database."""
    assert BIN is not None
    with postgres(BIN) as url:
        yield url


@pytest.fixture(scope="module")
def database(server: str) -> str:
    """A trail of three entries with PostgreSQL's own types."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE small")
    with psycopg.connect(f"{server}/small") as connection:
        connection.execute(
            "CREATE TABLE trail (id SERIAL, timestamp TIMESTAMPTZ, action TEXT, result TEXT, state TEXT, "
            "execution_id TEXT, trace_id UUID, tags TEXT[])"
        )
        for number in range(3):
            connection.execute(
                "INSERT INTO trail VALUES (DEFAULT, %s, 'PING', 'SUCCESS', 'APPROVED', NULL, %s, %s)",
                (f"2026-01-02 03:04:0{number}+02", f"00000000-0000-0000-0000-00000000000{number}", ["a", "b"]),
            )
    return f"{server}/small"


def test_rows_are_read_in_the_order_of_the_query(database: str) -> None:
    """Times become UTC, UUIDs become text, NULL becomes empty, and further columns are kept."""
    entries = SqlSource(database, QUERY).read(limit=2)
    assert [entry.timestamp for entry in entries] == ["2026-01-02T01:04:02.000000Z", "2026-01-02T01:04:01.000000Z"]
    assert [entry.trace_id[-2:] for entry in entries] == ["02", "01"]
    assert (entries[0].action, entries[0].execution_id) == ("PING", "")
    assert entries[0].extra == {"id": "3", "tags": '["a", "b"]'}


def test_the_database_is_never_written(database: str) -> None:
    """The database refuses a query that would write."""
    with pytest.raises(TrailError, match="read-only transaction"):
        SqlSource(database, "DELETE FROM trail RETURNING *").read()
    assert len(SqlSource(database, QUERY).read()) == 3


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT * FROM absent", 'relation "absent" does not exist'),
        ("SELECT 1 AS state", "no column timestamp, action, result, trace_id, execution_id"),
        ("SELECT '%s', ':name', * FROM nowhere WHERE a LIKE '%x%'", 'relation "nowhere" does not exist'),
    ],
)
def test_a_query_that_does_not_fit_is_an_error_of_one_line(database: str, query: str, line: str) -> None:
    """The database's message is quoted; percent signs and colons in the query are kept."""
    with pytest.raises(TrailError, match=line) as caught:
        SqlSource(database, query).read()
    assert "\n" not in str(caught.value)


def target_in(folder: Path, server: str) -> Path:
    """A target file of the reference on PostgreSQL, with the programs that it names."""
    backend = ROOT / "images" / "backend"
    (folder / "start.py").write_text(START, "utf-8")
    (folder / "lock.py").write_text(LOCK, "utf-8")
    path = folder / "target.toml"
    path.write_text(
        TARGET.replace("SERVER", server)
        .replace("BACKEND", str(backend))
        .replace("COMMANDS", str(ROOT / "images" / "commands.toml")),
        "utf-8",
    )
    return path


def test_the_reference_keeps_its_trail_in_postgresql(server: str, tmp_path: Path) -> None:
    """The reference passes when judged on the rows of a query, kills included; the server of the test syncs nothing."""
    ended = subprocess.run(
        [
            *(*GATE, "check", "audit-trail", "FCB", "TRL-10", "AUD"),
            *("--target", str(target_in(tmp_path, server)), "--profile", "quick", "--workers", "1"),
            *("--reports", str(tmp_path / "reports")),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    document = json.loads((tmp_path / "reports" / "verdict.json").read_text("utf-8"))
    assert {
        requirement["id"]: requirement["reason"]
        for requirement in document["requirements"]
        if requirement["verdict"] != "PASS"
    } == {"TRL-11": "PostgreSQL says fsync = off (and 2 more)"}
    assert ended.returncode == 1, ended.stdout + ended.stderr


def test_settings_decide_when_a_commit_is_on_the_disk(server: str, database: str) -> None:
    """The server's own, and what a role of it has switched off: the backend may be that one."""
    assert commit_settings(database) == {"fsync": "off", "synchronous_commit": "on"}
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE hasty; ALTER ROLE hasty SET synchronous_commit TO off")
        try:
            assert commit_settings(database)["synchronous_commit"] == "off"
        finally:
            connection.execute("DROP ROLE hasty")
    with pytest.raises(TrailError, match="the settings of PostgreSQL cannot be read: OperationalError"):
        commit_settings(f"{server}/absent")
