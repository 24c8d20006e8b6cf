"""What a PostgreSQL says about when a commit is on stable storage."""

from __future__ import annotations

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from technogate.trail.entry import TrailError
from technogate.trail.sources.sql_drivers import connect_arguments, with_driver

_QUERY = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
#: What is set for a role or a database of its own, in place of the server's: `{synchronous_commit=off,…}`.
_OVERRIDDEN = "SELECT setconfig FROM pg_db_role_setting WHERE setconfig::text LIKE '%synchronous_commit=off%'"


def commit_settings(url: str) -> dict[str, str]:
    """The settings that decide when a commit is on stable storage, by name; raises TrailError.

    What any role of it has switched off counts as off: the backend may be that one.
    """
    try:
        described = with_driver(make_url(url))
        engine = create_engine(described, poolclass=NullPool, connect_args=connect_arguments(described))
        with engine.connect() as connection:
            settings = {str(name): str(value) for name, value in connection.exec_driver_sql(_QUERY)}
            if connection.exec_driver_sql(_OVERRIDDEN.replace("%", "%%")).first() is not None:
                settings["synchronous_commit"] = "off"
    except (ArgumentError, NoSuchModuleError, ImportError, SQLAlchemyError, ValueError) as error:
        raise TrailError(f"the settings of PostgreSQL cannot be read: {type(error).__name__}") from error
    return settings
