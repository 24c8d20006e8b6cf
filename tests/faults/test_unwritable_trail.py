"""Making an audit trail unwritable: in effect within the context, restored in any case, and reported when it fails."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from technogate.faults import unwritable_trail as module
from technogate.faults.fault_errors import NotDelivered, NotRecovered
from technogate.faults.unwritable_trail import unwritable
from technogate.target.spec import UnwritableSpec

TOUCH = (sys.executable, "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()")
REMOVE = (sys.executable, "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).unlink()")
FAIL = (sys.executable, "-c", "import sys; print('no such role: secret'); sys.exit(3)")


def clean(text: str) -> str:
    """Mask the secret."""
    return text.replace("secret", "***")


def write(path: Path) -> None:
    """Write to the trail as a backend would; raises when it is locked."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("INSERT INTO events VALUES (1)")


@pytest.fixture(params=["wal", "delete"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An audit trail in SQLite, in both journal modes; its name needs quoting in a URI."""
    path = tmp_path / "a trail?#%.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={request.param}")
        connection.execute("CREATE TABLE events (n INTEGER)")
    return path


def test_locks_the_file_within_the_context(database: Path) -> None:
    """No writer can write while the file is locked; afterwards every writer can."""
    with unwritable(UnwritableSpec(lock_sqlite=str(database)), database.parent, clean) as how:
        assert how == "the SQLite file a trail?#%.db is locked"
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write(database)
    write(database)


def test_releases_the_lock_after_an_exception(database: Path) -> None:
    """An exception within the context leaves nothing locked."""
    with (
        pytest.raises(KeyboardInterrupt),
        unwritable(UnwritableSpec(lock_sqlite=str(database)), database.parent, clean),
    ):
        raise KeyboardInterrupt
    write(database)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    """The file is not created: a lock on a new file would have no effect."""
    path = tmp_path / "none.db"
    with (
        pytest.raises(NotDelivered, match=r"none\.db cannot be locked: unable to open database file"),
        unwritable(UnwritableSpec(lock_sqlite=str(path)), tmp_path, clean),
    ):
        pytest.fail("the fault began")
    assert not path.exists()


def test_reports_a_file_in_use(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lock the fault was not delivered."""
    monkeypatch.setattr(module, "LOCK_S", 0.05)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(NotDelivered, match="cannot be locked: database is locked"),
            unwritable(UnwritableSpec(lock_sqlite=str(database)), database.parent, clean),
        ):
            pytest.fail("the fault began")
        other.execute("ROLLBACK")


def test_runs_the_command_and_its_undo(tmp_path: Path) -> None:
    """The command has run within the context, its undo afterwards, both in the target file's folder."""
    spec = UnwritableSpec(command=(*TOUCH, "broken"), undo=(*REMOVE, "broken"))
    with unwritable(spec, tmp_path, clean):
        assert (tmp_path / "broken").exists()
    assert not (tmp_path / "broken").exists()


def test_undoes_and_reports_a_failed_command(tmp_path: Path) -> None:
    """A failed command is undone, since it may have had a partial effect; its output has no secrets."""
    (tmp_path / "broken").touch()
    spec = UnwritableSpec(command=FAIL, undo=(*REMOVE, "broken"))
    with (
        pytest.raises(NotDelivered, match=r"unwritable\.command ended with code 3: no such role: \*\*\*"),
        unwritable(spec, tmp_path, clean),
    ):
        pytest.fail("the fault began")
    assert not (tmp_path / "broken").exists()


def test_reports_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    """One line names the command and the reason."""
    spec = UnwritableSpec(command=("no-such-program-here",), undo=(*TOUCH, "mended"))
    with (
        pytest.raises(NotDelivered, match=r"unwritable\.command cannot be run: No such file"),
        unwritable(spec, tmp_path, clean),
    ):
        pytest.fail("the fault began")
    assert (tmp_path / "mended").exists()


def test_reports_a_trail_that_stays_unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target did not recover: the user must restore it."""
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    spec = UnwritableSpec(command=(*TOUCH, "broken"), undo=FAIL)
    with (
        pytest.raises(NotRecovered, match=r"unwritable\.undo ended with code 3: .*: restore the trail by hand"),
        unwritable(spec, tmp_path, clean),
    ):
        assert (tmp_path / "broken").exists()


def test_refuses_a_target_without_a_declared_way(tmp_path: Path) -> None:
    """Without a declared way the fault cannot be delivered."""
    with (
        pytest.raises(NotDelivered, match="declares no way"),
        unwritable(UnwritableSpec(), tmp_path, clean),
    ):
        pytest.fail("the fault began")
