"""Where a trail is kept, as the target file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.target.spec import AuditSpec, UnwritableSpec
from technogate.trail.sources.trail_place import on_server, postgres_url, trail_files

SQLITE = ("/d/a b.db", "/d/a b.db-wal", "/d/a b.db-journal")


@pytest.mark.parametrize(
    ("audit", "lock", "files"),
    [
        (AuditSpec(source="jsonl", path="/d/trail.jsonl"), "", ("/d/trail.jsonl",)),
        (AuditSpec(source="jsonl", path="/d/trail-*.jsonl"), "", ("/d/trail-*.jsonl",)),
        (AuditSpec(source="sql", url="sqlite:////d/a%20b.db"), "", SQLITE),
        (AuditSpec(source="sql", url="duckdb:////d/t.db"), "", ("/d/t.db", "/d/t.db.wal")),
        (AuditSpec(), "/d/a b.db", SQLITE),
        (AuditSpec(), "", ()),
        (AuditSpec(source="sql", url="postgresql://u@h/n"), "", ()),
        (AuditSpec(source="command", command=("cat", "/d/trail.jsonl")), "", ()),
    ],
)
def test_files_of_a_trail(audit: AuditSpec, lock: str, files: tuple[str, ...]) -> None:
    """A database has its log and its journal beside it; of what is not named nothing is known."""
    assert trail_files(audit, UnwritableSpec(lock_sqlite=lock)) == files


def test_links_are_followed(tmp_path: Path) -> None:
    """The kernel names a file without the links that lead to it."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "trail.jsonl").touch()
    (tmp_path / "folder").symlink_to(tmp_path / "kept")
    (tmp_path / "file.jsonl").symlink_to(tmp_path / "kept" / "trail.jsonl")
    real = (str(tmp_path.resolve() / "kept" / "trail.jsonl"),)
    for path in ("folder/trail.jsonl", "file.jsonl"):
        assert trail_files(AuditSpec(source="jsonl", path=str(tmp_path / path)), UnwritableSpec()) == real


def test_servers_are_told_from_files() -> None:
    """A server is another process than the backend."""
    url = "postgresql+psycopg://u@h/n"
    assert postgres_url(AuditSpec(source="sql", url=url)) == url
    assert on_server(AuditSpec(source="sql", url="mysql://u@h/n"))
    assert not on_server(AuditSpec(source="sql", url="sqlite:////d/t.db"))
    assert not on_server(AuditSpec())
    assert postgres_url(AuditSpec()) == ""
