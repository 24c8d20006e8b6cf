"""Databases of every kind: which driver reads them, what to install, and how long one that is not there is awaited."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from technogate.trail.entry import TrailError, TrailUnusable
from technogate.trail.entry_fields import EntryFields
from technogate.trail.sources import sql_drivers
from technogate.trail.sources.sql_drivers import DRIVERS, connect_arguments, what_to_do, with_driver
from technogate.trail.sources.sql_source import SqlSource

QUERY = "SELECT * FROM audit ORDER BY id DESC"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgresql+psycopg2://db/trail", "pip install psycopg2-binary"),
        ("mysql://me:pass-word-9@db/trail", "pip install pymysql"),
        ("mysql+mysqldb://db/trail", "pip install mysqlclient"),
        ("mariadb://db/trail", "pip install pymysql"),
        ("oracle://db/trail", "pip install oracledb"),
        ("mssql://db/trail", "pip install pyodbc"),
        ("duckdb:///trail.db", "pip install duckdb-engine"),
        ("mongodb://db/trail", 'mongodb is no SQL database; say source = "command"'),
        ("mysql+nosuch://db/trail", "leave out +nosuch"),
        ("nosuchdb://db/trail", "install the SQLAlchemy dialect for nosuchdb; known here: bigquery, clickhouse"),
    ],
)
def test_a_driver_that_is_absent_is_named_with_its_package(
    url: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line says what to install, and holds no password."""
    monkeypatch.setattr(sql_drivers, "_installed", lambda module: module == "psycopg")
    for module in ("psycopg2", "pymysql", "MySQLdb", "oracledb", "pyodbc"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(TrailUnusable) as caught:
        SqlSource(url, QUERY)
    assert str(caught.value).startswith("the audit database cannot be reached: ")
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pass-word-9" not in str(caught.value)


def test_a_url_without_a_driver_gets_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first driver that is installed is taken; one that the URL names stays."""
    monkeypatch.setattr(sql_drivers, "_installed", lambda module: module in ("psycopg2", "mysql.connector"))
    assert with_driver(make_url("postgres://db/x")).drivername == "postgresql+psycopg2"
    assert with_driver(make_url("mysql://db/x")).drivername == "mysql+mysqlconnector"
    assert with_driver(make_url("mysql+mysqldb://db/x")).drivername == "mysql+mysqldb"
    assert with_driver(make_url("sqlite:///x")).drivername == "sqlite"


def test_every_server_is_awaited_for_a_time_only() -> None:
    """Each driver of a database server has an argument for it; one in the URL goes before."""
    servers = {
        kind: drivers for kind, drivers in DRIVERS.items() if kind in ("postgresql", "mysql", "mariadb", "mssql")
    }
    assert all(driver.arguments for drivers in servers.values() for driver in drivers)
    assert connect_arguments(make_url("postgresql+psycopg://db/x?connect_timeout=2")) == {}
    assert connect_arguments(make_url("postgresql+psycopg://db/x")) == {"connect_timeout": sql_drivers.CONNECT_S}
    assert "pip install" in what_to_do(make_url("oracle+cx_oracle://db/x"))


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("patient", ["driver", "source"])
def test_a_database_that_says_nothing_is_given_up(silent: int, patient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver gives up by itself, or else the source does, whatever the driver."""
    if patient == "source":
        monkeypatch.setattr("technogate.trail.sources.sql_source.READING_S", 0.2)
    else:
        monkeypatch.setitem(DRIVERS["postgresql"][0].arguments, "connect_timeout", 2)
    with pytest.raises(TrailUnusable, match="timeout" if patient == "driver" else "no answer within") as caught:
        SqlSource(f"postgresql://me:pass-word-9@127.0.0.1:{silent}/trail", QUERY).read()
    assert "pass-word-9" not in str(caught.value)


def test_a_database_that_is_not_there_is_of_no_use() -> None:
    """Nobody listens there: that is a mistake in the target file, before any item."""
    with pytest.raises(TrailUnusable, match="sql postgresql trail cannot be read: "):
        SqlSource("postgresql://127.0.0.1:1/trail", QUERY).read()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A table with names of its own; yields its URL."""
    path = tmp_path / "own.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE audit_log (id INTEGER PRIMARY KEY, created INTEGER, ACTION, result, state, body)"
        )
        connection.execute(
            "INSERT INTO audit_log VALUES (1, 1767323045123, 'PING', 'SUCCESS', 'APPROVED', '{\"traceId\": \"t-1\"}')"
        )
        connection.commit()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT * FROM audit", r"no such table: audit; it has the tables audit_log$"),
        (
            "SELECT moment FROM audit_log",
            "no such column: moment; audit_log has the columns id, created, ACTION, result, state, body",
        ),
        (
            "SELECT * FROM audit_log",
            "no column timestamp, trace_id, execution_id; .*; it yields id, created, ACTION, result, state, body",
        ),
        ("SELECT * FROM audit_log LIMIT 100", "the query yields at most 100 entries; leave its limit out"),
    ],
)
def test_a_query_that_does_not_fit_says_what_there_is(database: str, query: str, line: str) -> None:
    """A wrong table or column is one line with those that exist."""
    with pytest.raises(TrailError, match=line) as caught:
        SqlSource(database, query).read()
    assert "\n" not in str(caught.value)


def test_columns_may_have_names_and_forms_of_their_own(database: str) -> None:
    """`fields` maps columns and what is within JSON; capitals do not matter; a number is a time."""
    fields = EntryFields({"timestamp": "created", "trace_id": "body.traceId", "execution_id": "id"})
    entry = SqlSource(database, "SELECT * FROM audit_log", fields).read()[0]
    assert (entry.timestamp, entry.trace_id) == ("2026-01-02T03:04:05.123000Z", "t-1")
    assert (entry.action, entry.execution_id, entry.extra) == ("PING", "1", {})
