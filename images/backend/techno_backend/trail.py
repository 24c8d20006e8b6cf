"""The audit trail: one append-only table in SQLite or PostgreSQL.

Each command leaves two rows: `begun`, committed before it is run (no audit, no action: TRL-10), and `ended`,
committed before the response (TRL-06, TRL-07). A refusal leaves `ended` alone. The trail's entries are the
`ended` rows: the view `audit_trail` shows them to whoever reads the database. A `begun` without an `ended` is
a command whose end nobody saw: the process was killed, or the trail failed, meanwhile. Both kinds are in one
table, so that what keeps an entry from being written keeps the command from being run. No column has room for
a payload, a session id or a key (TRL-09).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError

from .answers import Status, utc_now
from .settings import TRAIL_READ_SECONDS, TRAIL_SECONDS, SettingsError

metadata = MetaData()
EVENTS = Table(
    "audit_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("phase", String(8), nullable=False),
    Column("timestamp", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("result", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("execution_id", String(64), nullable=False),
    Column("trace_id", String(64), nullable=False),
    UniqueConstraint("trace_id", "phase"),
    Index("audit_events_by_time", "phase", "timestamp"),
    Index("audit_events_by_state", "state", "timestamp"),
)


@event.listens_for(EVENTS, "after_create")
def _complete(_: Table, connection: Connection, **__: object) -> None:
    """Add the view, and make SQLite itself refuse changes (TRL-05); PostgreSQL does that by rights: README.md."""
    connection.exec_driver_sql(
        "CREATE VIEW audit_trail AS SELECT id, timestamp, action, result, state, execution_id, trace_id "
        "FROM audit_events WHERE phase = 'ended'"
    )
    if connection.dialect.name != "sqlite":
        return
    for verb in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit_events "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )


class TrailError(Exception):
    """The trail could not be written or read. The text is the name of the cause's type, never its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How one request ended, or with no `state`, that a command is about to be run.

    `action` is a command's name, or the kind of the request.
    """

    trace_id: str
    execution_id: str
    action: str
    state: Status | None


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """One entry on its way to the disk, and the future of its timestamp."""

    entry: Entry
    written: asyncio.Future[str]


class Trail:
    """The trail, as the event loop uses it: no method blocks the loop.

    Rows that arrive while a commit is under way share the next one. So N requests in parallel need few
    commits, and while the database is locked they all fail together instead of one after the other.
    """

    def __init__(self, url: str) -> None:
        """Open the trail and create its tables.

        Raises:
            SettingsError: the URL is not usable.
            sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or written.
        """
        self._engine = _engine(url)
        metadata.create_all(self._engine)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trail-write")
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="trail-read")
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None
        self._last = ""

    def close(self) -> None:
        """Wait for running statements and close the connections."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    async def append(self, entry: Entry) -> str:
        """Record `entry` and return its timestamp once it is committed.

        Raises:
            TrailError: it could not be recorded; what is about to be run must not be.
        """
        waiting = _Waiting(entry=entry, written=asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await waiting.written

    async def newest(self, state: Status | None, limit: int) -> list[dict[str, str]]:
        """The newest entries, at most `limit`, of every state or of `state` alone (AUD-02 to AUD-04).

        Raises:
            TrailError: the trail could not be read.
        """
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._readers, self._select, state, limit)
        done, _ = await asyncio.wait({reading}, timeout=TRAIL_READ_SECONDS)
        if not done:
            reading.cancel()
            raise TrailError("TimeoutError")
        error = reading.exception()
        if error is not None:
            raise TrailError(type(error).__name__)
        return reading.result()

    def _select(self, state: Status | None, limit: int) -> list[dict[str, str]]:
        of = EVENTS.c
        query = select(of.timestamp, of.action, of.result, of.state, of.execution_id, of.trace_id)
        query = query.where(of.phase == "ended") if state is None else query.where(of.state == state.value)
        query = query.order_by(of.timestamp.desc(), of.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    async def _flush(self) -> None:
        """Commit what waits, batch after batch, until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            commit = loop.run_in_executor(self._writer, self._commit, batch)
            await asyncio.wait({commit})
            error = commit.exception()
            for waiting in batch:
                if waiting.written.done():
                    continue
                if error is None:
                    waiting.written.set_result(commit.result())
                else:
                    waiting.written.set_exception(TrailError(type(error).__name__))
        self._flushing = None

    def _commit(self, batch: list[_Waiting]) -> str:
        """Write one batch in one transaction; its timestamp never lies before the last one's (AUD-04)."""
        timestamp = max(utc_now(), self._last)
        with self._engine.begin() as connection:
            connection.execute(insert(EVENTS), [_row(waiting.entry, timestamp) for waiting in batch])
        self._last = timestamp
        return timestamp


def _row(entry: Entry, timestamp: str) -> dict[str, str]:
    """The table's row for `entry`; what has not ended has neither result nor state."""
    state = entry.state
    return {
        "phase": "begun" if state is None else "ended",
        "timestamp": timestamp,
        "action": entry.action,
        "result": "" if state is None else "SUCCESS" if state.executed else "FAILED",
        "state": "" if state is None else state.value,
        "execution_id": entry.execution_id,
        "trace_id": entry.trace_id,
    }


def _engine(text: str) -> Engine:
    """The engine for a database URL: SQLite in a file, or PostgreSQL through psycopg 3."""
    try:
        url = make_url(text)
    except ArgumentError:
        url = URL.create("unusable")
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "postgresql+psycopg":
        milliseconds = int(TRAIL_SECONDS * 1000)
        limits = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        arguments = {"connect_timeout": 2, "tcp_user_timeout": 2 * milliseconds, "options": limits}
        return create_engine(
            url, pool_pre_ping=True, pool_timeout=TRAIL_SECONDS, hide_parameters=True, connect_args=arguments
        )
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise SettingsError("TECHNO_DATABASE_URL: expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": TRAIL_SECONDS})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: object) -> None:
        # A commit is on the disk before the response goes out, so that a power cut does not take it (TRL-11).
        # That costs one fdatasync of the log for each batch; NORMAL would save it, and lose the last commits.
        connection.execute("PRAGMA synchronous=FULL")

    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")  # readers and the writer do not block each other
    return engine
