"""The audit trail as a query of the backend's database."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from technogate.model.events import TrailEntry
from technogate.trail.entry import FIELDS, MOST, TrailError, entry_of


class SqlSource:
    """Reads the rows of a query, which must order them newest first. The database is never written."""

    def __init__(self, url: str, query: str) -> None:
        """Read the SQLAlchemy URL `url` by `query`; raises TrailError for an invalid URL."""
        try:
            requested = make_url(url)
            self._url = _read_only(requested)
            self._name = f"sql {requested.get_backend_name()} {Path(requested.database or '').name}".rstrip()
            # Without parameters the driver takes the query unchanged: colons and percent signs are the user's.
            options = {"no_parameters": True}
            if self._url.get_backend_name() == "postgresql":
                options["postgresql_readonly"] = True
            # No connection outlives its reading: the backend may be killed, or its audit trail removed, at any time.
            self._engine = create_engine(self._url, poolclass=NullPool, execution_options=options)
        except (ArgumentError, SQLAlchemyError, ImportError, ValueError) as error:
            raise TrailError(f"the audit database cannot be reached: {_one_line(error)}") from error
        self._query = query

    @property
    def name(self) -> str:
        """The name of this source in reports; without the password."""
        return self._name

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """None: a query of the database is no request to the backend."""
        return ()

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The first `limit` rows in the order of the query; raises TrailError."""
        try:
            with self._engine.connect() as connection:
                result = connection.exec_driver_sql(self._query)
                if not result.returns_rows:
                    raise TrailError(f"{self.name}: the query yields no rows; it must be a SELECT")
                missing = [field for field in FIELDS if field not in result.keys()]  # noqa: SIM118 - no mapping
                if missing:
                    hint = f"name one with AS, or write NULL AS {missing[0]}"
                    raise TrailError(f"{self.name}: the query yields no column {', '.join(missing)}; {hint}")
                return tuple(entry_of(dict(row)) for row in result.mappings().fetchmany(limit))
        except SQLAlchemyError as error:
            raise TrailError(f"{self.name} cannot be read: {_one_line(error)}") from error


def _read_only(url: URL) -> URL:
    """The URL with the driver that the gate has, and for SQLite opened so that no file is ever made."""
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    database = url.database or ""
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
