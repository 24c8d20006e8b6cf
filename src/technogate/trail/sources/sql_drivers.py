"""The driver of each kind of database: which one is taken, how long it may wait, and what to install."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

#: Seconds that a connection may take.
CONNECT_S = 3
#: Seconds that a database may take to answer, once connected.
ANSWER_S = 5


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver by its name in a URL: its module, its package, and its arguments that bound a connection's time."""

    name: str
    module: str
    package: str
    arguments: dict[str, Any] = field(default_factory=dict)


#: The drivers of each kind, those first that are taken where a URL names none.
DRIVERS: dict[str, tuple[Driver, ...]] = {
    "postgresql": (
        Driver("psycopg", "psycopg", "psycopg[binary]", {"connect_timeout": CONNECT_S}),
        Driver("psycopg2", "psycopg2", "psycopg2-binary", {"connect_timeout": CONNECT_S}),
        Driver("pg8000", "pg8000", "pg8000", {"timeout": CONNECT_S}),
    ),
    "mysql": (
        Driver("pymysql", "pymysql", "pymysql", {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}),
        Driver("mysqldb", "MySQLdb", "mysqlclient", {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}),
        Driver("mysqlconnector", "mysql.connector", "mysql-connector-python", {"connection_timeout": CONNECT_S}),
    ),
    "mariadb": (
        Driver("pymysql", "pymysql", "pymysql", {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}),
        Driver("mysqldb", "MySQLdb", "mysqlclient", {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}),
        Driver("mariadbconnector", "mariadb", "mariadb", {"connect_timeout": CONNECT_S}),
    ),
    "oracle": (
        Driver("oracledb", "oracledb", "oracledb", {"tcp_connect_timeout": float(CONNECT_S)}),
        Driver("cx_oracle", "cx_Oracle", "cx_Oracle"),
    ),
    "mssql": (
        Driver("pyodbc", "pyodbc", "pyodbc", {"timeout": CONNECT_S}),
        Driver("pymssql", "pymssql", "pymssql", {"login_timeout": CONNECT_S, "timeout": ANSWER_S}),
    ),
    "duckdb": (Driver("duckdb_engine", "duckdb_engine", "duckdb-engine"),),
    "snowflake": (Driver("snowflake", "snowflake.sqlalchemy", "snowflake-sqlalchemy"),),
    "bigquery": (Driver("bigquery", "sqlalchemy_bigquery", "sqlalchemy-bigquery"),),
    "cockroachdb": (Driver("cockroachdb", "sqlalchemy_cockroachdb", "sqlalchemy-cockroachdb psycopg2-binary"),),
    "clickhouse": (Driver("clickhouse", "clickhouse_sqlalchemy", "clickhouse-sqlalchemy"),),
}
#: Other words for a kind of database.
OTHER_NAMES = {"postgres": "postgresql", "sqlserver": "mssql"}
#: What is no SQL database, by the beginning of its URL.
NO_SQL = ("mongodb", "redis", "elasticsearch", "opensearch", "cassandra", "dynamodb", "http")


def with_driver(url: URL) -> URL:
    """The URL with a driver that is installed, where it names none."""
    kind, _, named = url.drivername.partition("+")
    kind = OTHER_NAMES.get(kind, kind)
    drivers = DRIVERS.get(kind, ())
    if named or not drivers or len(drivers) == 1:
        return url.set(drivername=f"{kind}+{named}" if named else kind)
    driver = next((driver for driver in drivers if _installed(driver.module)), drivers[0])
    return url.set(drivername=f"{kind}+{driver.name}")


def connect_arguments(url: URL) -> dict[str, Any]:
    """The arguments that keep a database that is not there from being waited for, but for those that the URL has."""
    driver = _driver_of(url)
    return {} if driver is None else {name: value for name, value in driver.arguments.items() if name not in url.query}


def what_to_do(url: URL, reason: str = "") -> str:
    """What to install, or to write in its place, for a URL whose driver is not there for `reason`."""
    if "libodbc" in reason:
        return "install unixODBC and the database's ODBC driver, or pip install pymssql and say mssql+pymssql"
    kind, _, named = url.drivername.partition("+")
    if kind.startswith(NO_SQL):
        return f'{kind} is no SQL database; say source = "command" with a command that prints JSON lines'
    driver = _driver_of(url)
    if driver is not None:
        return f"pip install {driver.package}"
    known = ", ".join(sorted(["sqlite", *DRIVERS]))
    if named and kind in DRIVERS:
        return f"install the package of the driver {named}, or leave out +{named}"
    return f"install the SQLAlchemy dialect for {kind}; known here: {known}"


def _driver_of(url: URL) -> Driver | None:
    kind, _, named = url.drivername.partition("+")
    drivers = DRIVERS.get(kind, ())
    return next((driver for driver in drivers if driver.name == named or not named), None)


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
