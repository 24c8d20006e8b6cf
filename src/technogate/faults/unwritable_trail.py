"""Make an audit trail unwritable for a while, in the way that the target file declares (TRL-10)."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from technogate.faults.fault_errors import NotDelivered, NotRecovered
from technogate.target.environment import tool_environment
from technogate.target.spec import UnwritableSpec

#: Seconds to wait for the lock of a file in use.
LOCK_S = 5.0
#: Seconds that a declared command may take, to make the trail unwritable or to restore it.
COMMAND_S = 20.0
#: Attempts to restore the trail.
ATTEMPTS = 3
#: The last characters of a command's output that an error shows.
TAIL = 300


@contextmanager
def unwritable(spec: UnwritableSpec, folder: Path, clean: Callable[[str], str]) -> Iterator[str]:
    """Within the context the audit trail cannot be written; yields a description of how.

    `spec` has its placeholders resolved, `folder` is where its commands run, `clean` takes secrets out
    of a text. Raises NotDelivered when it stays writable, NotRecovered when it stays unwritable.
    """
    if spec.lock_sqlite:
        with _locked(Path(spec.lock_sqlite)) as how:
            yield how
    elif spec.command:
        with _broken(spec, folder, clean) as how:
            yield how
    else:
        raise NotDelivered("the target file declares no way to make the trail unwritable")


@contextmanager
def _locked(path: Path) -> Iterator[str]:
    """Hold the exclusive lock of a SQLite file, so that no process can write it, not even one of root."""
    absolute = path.resolve().as_posix()
    uri = f"file:{quote(absolute if absolute.startswith('/') else '/' + absolute)}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=LOCK_S)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            try:
                yield f"the SQLite file {path.name} is locked"
            finally:
                connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise NotDelivered(f"the SQLite file {path} cannot be locked: {error}") from error


@contextmanager
def _broken(spec: UnwritableSpec, folder: Path, clean: Callable[[str], str]) -> Iterator[str]:
    """Run the declared command and, in any case, its undo."""
    try:
        failed = _run(spec.command, spec, folder, clean)
        if failed:
            raise NotDelivered(f"backend.unwritable.command {failed}")
        yield f"backend.unwritable.command ran: {spec.command[0]}"
    finally:
        _restore(spec, folder, clean)


def _restore(spec: UnwritableSpec, folder: Path, clean: Callable[[str], str]) -> None:
    """Run the undo until it succeeds; raises NotRecovered."""
    failed = ""
    for attempt in range(ATTEMPTS):
        time.sleep(0.2 * attempt)
        failed = _run(spec.undo, spec, folder, clean)
        if not failed:
            return
    raise NotRecovered(f"backend.unwritable.undo {failed}: restore the trail by hand, then run the validation again")


def _run(argv: tuple[str, ...], spec: UnwritableSpec, folder: Path, clean: Callable[[str], str]) -> str:
    """Run a command of the user's, without what may be secret in the gate's own environment; "" or why it failed."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=tool_environment(spec.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {COMMAND_S:g} s"
    except OSError as error:
        return f"cannot be run: {error.strerror or error}"
    if done.returncode == 0:
        return ""
    output = clean(" ".join(done.stdout.decode("utf-8", "replace").split())[-TAIL:])
    return f"ended with code {done.returncode}: {output}"
