"""The audit trail as a query of the backend's database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, CursorResult, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST, TrailError, TrailUnusable
from technogate.trail.entry_fields import EntryFields
from technogate.trail.own_limit import own_limit
from technogate.trail.sources.sql_drivers import connect_arguments, what_to_do, with_driver
from technogate.trail.sources.sql_tables import tables_and_columns
from technogate.util.in_time import NotInTime, in_time

#: Seconds that one reading may take, whatever its driver does.
READING_S = 6.0

#: Databases that are a file.
FILES = ("sqlite", "duckdb")


class SqlSource:
    """Reads the rows of a query, which must order them newest first. The database is never written."""

    def __init__(self, url: str, query: str, fields: EntryFields | None = None) -> None:
        """Read the SQLAlchemy URL `url` by `query`; raises TrailError for an invalid URL or a driver that is absent."""
        try:
            requested = make_url(url)
            self._url = _read_only(requested)
            self._name = f"sql {self._url.get_backend_name()} {Path(requested.database or '').name}".rstrip()
            # Without parameters the driver takes the query unchanged: colons and percent signs are the user's.
            options = {"no_parameters": True}
            if self._url.get_backend_name() == "postgresql":
                options["postgresql_readonly"] = True
            # No connection outlives its reading: the backend may be killed, or its audit trail removed, at any time.
            self._engine = create_engine(
                self._url, poolclass=NullPool, execution_options=options, connect_args=connect_arguments(self._url)
            )
        except (NoSuchModuleError, ImportError) as error:
            hint = what_to_do(self._url, str(error))
            raise TrailUnusable(f"the audit database cannot be reached: {_one_line(error)}; {hint}") from error
        except (ArgumentError, SQLAlchemyError, ValueError) as error:
            raise TrailUnusable(f"the audit database cannot be reached: {_one_line(error)}") from error
        if limit := own_limit(query):
            raise TrailUnusable(f"{self.name}: the query yields at most {limit} entries; leave its limit out")
        self._query = query
        self._fields = fields or EntryFields()

    @property
    def name(self) -> str:
        """The name of this source in reports; without the password."""
        return self._name

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """None: a query of the database is no request to the backend."""
        return ()

    @property
    def notes(self) -> list[str]:
        """What was found out, one line each."""
        return self._fields.notes

    def take_other(self) -> str:
        """Nothing: every row is an entry."""
        return ""

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The first `limit` rows in the order of the query; raises TrailError."""
        self._fields.times.begin()
        try:
            return in_time(lambda: self._rows(limit), READING_S)
        except NotInTime as error:
            raise TrailUnusable(f"{self.name} cannot be read: no answer within {READING_S:g} s") from error

    def _rows(self, limit: int) -> tuple[TrailEntry, ...]:
        try:
            connection = self._engine.connect()
        except Exception as error:  # a driver of the user's own raises what it likes
            # A file that is not there yet may come with the first entry.
            kind = TrailError if self._url.get_backend_name() in FILES else TrailUnusable
            raise kind(f"{self.name} cannot be read: {_one_line(error)}") from error
        with connection:
            try:
                result = connection.exec_driver_sql(self._query)
            except Exception as error:  # as above
                there = tables_and_columns(self._engine, self._query)
                raise TrailError(f"{self.name} cannot be read: {_one_line(error)}{there}") from error
            try:
                names = self._names(result)
                rows = [dict(zip(names, row, strict=True)) for row in result.fetchmany(limit)]
            except SQLAlchemyError as error:
                raise TrailError(f"{self.name} cannot be read: {_one_line(error)}") from error
        entries = [self._fields.entry(row) for row in rows]
        return tuple(entry for entry in entries if entry is not None)

    def _names(self, result: CursorResult[Any]) -> list[str]:
        """The columns' names, each as its field is called; raises TrailError when one is missing."""
        if not result.returns_rows:
            raise TrailError(f"{self.name}: the query yields no rows; it must be a SELECT")
        columns = list(result.keys())
        # Some databases give every name back in capitals.
        small = {name.lower(): name for name in self._fields.wanted}
        names = [name if name in self._fields.wanted else small.get(name.lower(), name) for name in columns]
        missing = self._fields.missing(names)
        if missing:
            hint = f"name one with AS, or write NULL AS {missing[0]}"
            raise TrailError(
                f"{self.name}: the query yields no column {', '.join(missing)}; {hint}; it yields {', '.join(columns)}"
            )
        return names


def _read_only(url: URL) -> URL:
    """The URL with a driver that is there, and for SQLite opened so that no file is ever made."""
    url = with_driver(url)
    database = url.database or ""
    if url.get_backend_name() == "duckdb":
        return url.update_query_dict({"access_mode": "read_only"})
    if url.get_backend_name() != "sqlite" or database.startswith("file:"):
        return url
    if database in ("", ":memory:"):
        raise ValueError("a database in memory belongs to its own process; name a file")
    path = quote(Path(database).resolve().as_posix())
    return url.set(database=f"file:{path if path.startswith('/') else '/' + path}", query={"mode": "ro", "uri": "true"})


def _one_line(error: Exception) -> str:
    """The database's own message, without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(cause).__name__
