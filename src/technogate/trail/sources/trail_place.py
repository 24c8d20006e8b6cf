"""Where the entries of an audit trail are kept: in which files, or in the database of which server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from technogate.target.spec import AuditSpec, UnwritableSpec

#: What SQLite and DuckDB write beside a database.
BESIDE = {"sqlite": ("", "-wal", "-journal"), "duckdb": ("", ".wal")}


def trail_files(audit: AuditSpec, unwritable: UnwritableSpec) -> tuple[str, ...]:
    """The files that an entry is written to, or patterns of them (placeholders resolved), without links.

    None where the target file does not say: then the trail may be anywhere.
    """
    if audit.source == "jsonl":
        return (_real(Path(audit.path)),)
    kind, path = _database_file(audit.url) if audit.source == "sql" else ("", "")
    if unwritable.lock_sqlite and not path:
        kind, path = "sqlite", unwritable.lock_sqlite
    return tuple(f"{_real(Path(path))}{ending}" for ending in BESIDE.get(kind, ())) if path else ()


def postgres_url(audit: AuditSpec) -> str:
    """The URL of the PostgreSQL that has the trail; "" where it is elsewhere."""
    return audit.url if audit.source == "sql" and audit.url.startswith("postgres") else ""


def on_server(audit: AuditSpec) -> bool:
    """Whether a database server has the trail: then another process than the backend writes it."""
    return audit.source == "sql" and not _database_file(audit.url)[1]


def _database_file(url: str) -> tuple[str, str]:
    """The kind of a database that is a file, and its path: "" for another."""
    parts = urlsplit(url)
    kind = parts.scheme.partition("+")[0]
    return (kind, unquote(parts.path.removeprefix("/"))) if kind in BESIDE else (kind, "")


def _real(path: Path) -> str:
    """The path as the kernel names it, whatever links lead there; a pattern in its name stays one."""
    return str(path.resolve() if path.is_symlink() else path.parent.resolve() / path.name)
