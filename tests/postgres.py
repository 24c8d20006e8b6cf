"""A real PostgreSQL for a test: a cluster of its own, on loopback, gone with the test."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import kept_port
from tests.tools import POSTGRES

#: Seconds that each of the server's own commands may take.
STEP_S = 240


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None where there is none."""
    return POSTGRES.path.parent if POSTGRES.path else None


@contextmanager
def postgres(bin_folder: Path) -> Iterator[str]:
    """Start a server and yield the URL of it without a database's name; it is stopped and removed in the end."""
    with tempfile.TemporaryDirectory(prefix="technogate-postgres-") as name:
        folder = Path(name)
        as_user: list[str] = []
        if os.geteuid() == 0:
            # The server refuses to run as root; Debian's package makes a user for it.
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            as_user = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]

        def run(program: str, *arguments: str) -> None:
            log = folder / f"{program}.out"
            with log.open("ab") as out:  # a file: the server inherits it, and a pipe would never end
                done = subprocess.run(
                    [*as_user, str(bin_folder / program), *arguments],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    timeout=STEP_S,
                    check=False,
                )
            assert done.returncode == 0, log.read_text("utf-8", "replace")

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "techno", "-A", "trust", "-E", "UTF8", "--no-sync")
        with kept_port() as port:
            # Nobody pulls the plug in a test, so that nothing need reach the disk.
            options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
            run("pg_ctl", "-D", data, "-w", "-t", str(STEP_S), "-o", options, "start")
            try:
                yield f"postgresql://techno@127.0.0.1:{port}"
            finally:
                run("pg_ctl", "-D", data, "-w", "-t", str(STEP_S), "-m", "immediate", "stop")
