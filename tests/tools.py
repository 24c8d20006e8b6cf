"""The programs that tests need and the gate does not: what each is for, and how to get it.

A test whose program is missing is skipped with that as its reason. `python -m tests.tools`, which `make test` runs
first, installs what is missing: as root, where there is apt-get. Elsewhere the tests say what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Where Debian's package keeps the programs of PostgreSQL's server; elsewhere they are looked for on the path.
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")

#: Seconds that apt-get may take.
INSTALL_S = 900

#: Debian's packages of PostgreSQL make a database and start a server, unless this file says otherwise.
_CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")
_CLUSTERS_AS_SHIPPED = Path("/usr/share/postgresql-common/createcluster.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program, what tests do with it, and the package of Debian that has it."""

    program: str
    purpose: str
    package: str

    @property
    def missing(self) -> str:
        """Why a test that needs it is skipped, with the way to get it; "" when it is there."""
        if self.path is not None:
            return ""
        return f"needs `{self.program}` ({self.purpose}): install it (Debian: apt-get install {self.package})"

    @property
    def path(self) -> Path | None:
        """Where it is."""
        found = shutil.which(self.program)
        return Path(found) if found else None


class Postgres(Tool):
    """The server's programs, which Debian keeps off the path."""

    @property
    def path(self) -> Path | None:
        """The newest `initdb` that is installed; `pg_ctl` lies beside it."""
        found = sorted(DEBIAN_POSTGRES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
        on_path = shutil.which(self.program)
        return found[-1] if found else Path(on_path).resolve() if on_path else None


CURL = Tool(program="curl", purpose="the printed commands are run", package="curl")
GIT = Tool(program="git", purpose="a policy, or a contract, is taken from a branch", package="git")
IP = Tool(program="ip", purpose="a network of its own is changed", package="iproute2")
POSTGRES = Postgres(program="initdb", purpose="the trail is kept in a real PostgreSQL", package="postgresql")
STRACE = Tool(program="strace", purpose="the system calls of a program are traced", package="strace")
TOOLS = (CURL, GIT, IP, POSTGRES, STRACE)


@contextmanager
def _no_database() -> Iterator[None]:
    """Have PostgreSQL's package bring its programs alone, where it was never installed: no database, no server."""
    if _CLUSTERS.parent.exists():
        yield
        return
    _CLUSTERS.parent.mkdir(parents=True)
    _CLUSTERS.write_text("create_main_cluster = false\n", "utf-8")
    try:
        yield
    finally:
        if _CLUSTERS_AS_SHIPPED.exists():
            shutil.copy(_CLUSTERS_AS_SHIPPED, _CLUSTERS)
            _CLUSTERS.with_name(f"{_CLUSTERS.name}.ucf-dist").unlink(missing_ok=True)
        else:
            shutil.rmtree(_CLUSTERS.parent)


def install() -> None:
    """Install the missing tools where that is possible, and report the others."""
    packages = [tool.package for tool in TOOLS if tool.missing]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not packages or not root or shutil.which("apt-get") is None:
        return
    sys.stdout.write(f"installing what tests need: {' '.join(packages)}\n")
    sys.stdout.flush()
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    lines = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages])
    with _no_database():
        for line in lines:
            done = subprocess.run(
                ["apt-get", *line],
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=INSTALL_S,
                check=False,
            )
            if done.returncode != 0:
                said = "\n".join(done.stderr.splitlines()[-5:])
                sys.stdout.write(f"  apt-get {line[0]} did not work: exit code {done.returncode}\n{said}\n")


if __name__ == "__main__":
    install()
