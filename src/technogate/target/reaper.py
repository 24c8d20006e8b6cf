"""The reaper: a tiny process that ends what the gate left behind, should the gate be killed.

Run as a script (`python -I -S reaper.py`, standard library only) it reads lines from its standard
input: `+123` puts a process group in its care, `-123` takes it out; `+dir PATH` and `-dir PATH` do
the same for a temporary folder, `+compose NAME` and `-compose NAME` for a compose project. When the
input ends, however the gate ended, it ends the groups still in its care, removes folders and projects,
and exits. It hears no signal that a terminal sends.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Only folders whose name begins so are ever removed.
FOLDER_PREFIX = "technogate-"
#: Seconds between asking a group to end and ending it.
GRACE_S = 3.0
#: What compose calls a project, on everything that belongs to it.
PROJECT_LABEL = "com.docker.compose.project"
#: Seconds that one request to the Docker engine may take, and how often what it left is looked for again.
ENGINE_S, ROUNDS = 30.0, 5
#: Signals that a terminal sends, or whoever ends the gate in good order: they are the gate's to hear.
TERMINAL = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Reaper:
    """The gate's end of the line. Whatever is in its care when the gate dies is ended."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start the helper process with `environment`; raises OSError when that is impossible."""
        self._environment = environment
        self._care: dict[str, None] = {}
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """The helper's process id."""
        return self._process.pid

    def add(self, group: int) -> None:
        """Put a process group into its care; raises OSError when no helper can be had."""
        self._take(str(group))

    def remove(self, group: int) -> None:
        """Take a process group out of its care: it has ended."""
        self._release(str(group))

    def add_folder(self, folder: Path) -> None:
        """Put a temporary folder into its care; raises OSError when no helper can be had."""
        self._take(f"dir {folder}")

    def remove_folder(self, folder: Path) -> None:
        """Take a temporary folder out of its care: it is gone."""
        self._release(f"dir {folder}")

    def add_project(self, name: str) -> None:
        """Put a compose project into its care; raises OSError when no helper can be had."""
        self._take(f"compose {name}")

    def remove_project(self, name: str) -> None:
        """Take a compose project out of its care: nothing of it is left."""
        self._release(f"compose {name}")

    def close(self) -> None:
        """End the helper; what is still in its care is ended with it. Doing it twice is harmless."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                # It was killed by somebody: its end of the pipe is gone, and so is our reason to write.
                self._process.kill()
        self._process.wait()

    def _take(self, what: str) -> None:
        self._care[what] = None
        try:
            self._write(f"+{what}")
        except OSError:
            # Somebody ended the helper: another one must take everything over.
            self.close()
            self._process = self._spawn()
            for line in self._care:
                self._write(f"+{line}")

    def _release(self, what: str) -> None:
        self._care.pop(what, None)
        # A helper that somebody ended has nothing in its care any more.
        with suppress(BrokenPipeError):
            self._write(f"-{what}")

    def _write(self, line: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            raise BrokenPipeError("the reaper is closed")
        self._process.stdin.write(line.encode() + b"\n")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with _deaf():
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=Path(sys.executable).anchor or None,
                env=self._environment,
                start_new_session=True,
                bufsize=0,
            )


def watch(lines: Iterable[bytes]) -> set[str]:
    """What is still in care when `lines` end."""
    care: set[str] = set()
    for raw in lines:
        line = os.fsdecode(raw).rstrip("\n")
        if line.startswith("+"):
            care.add(line[1:])
        elif line.startswith("-"):
            care.discard(line[1:])
    return care


def reap(care: set[str]) -> None:
    """End every group in `care`, first asking, then not; then remove projects and folders."""
    groups = [int(entry) for entry in care if entry.isdigit()]
    for group in groups:
        _signal(group, "SIGTERM")
        _signal(group, "SIGCONT")
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and any(_signal(group, "") for group in groups):
        time.sleep(0.02)
    for group in groups:
        _signal(group, "SIGKILL")
    for entry in care:
        if entry.startswith("compose "):
            remove_project(entry.removeprefix("compose "))
        folder = Path(entry.removeprefix("dir "))
        if entry.startswith("dir ") and folder.is_absolute() and folder.name.startswith(FOLDER_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)


def remove_project(name: str) -> bool:
    """Remove the containers, networks and volumes of a compose project; whether nothing of it is left.

    By their labels: neither compose nor its files are needed. Only projects whose name begins as our
    folders do are ever removed.
    """
    if not name.startswith(FOLDER_PREFIX):
        return False
    for pause in range(ROUNDS):
        time.sleep(0.2 * pause)
        left = [
            *_remove(name, ["ps", "--all"], ["rm", "--force", "--volumes"]),
            *_remove(name, ["network", "ls"], ["network", "rm"]),
            *_remove(name, ["volume", "ls"], ["volume", "rm", "--force"]),
        ]
        if not left:
            return True
    return False


def _remove(project: str, listing: list[str], removal: list[str]) -> list[str]:
    """Remove what `listing` shows of a project; what was there, or could not be looked for."""
    try:
        found = subprocess.run(
            ["docker", *listing, "--quiet", f"--filter=label={PROJECT_LABEL}={project}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ENGINE_S,
            check=True,
        )
        names = [os.fsdecode(word) for word in found.stdout.split()]
        if names:
            subprocess.run(
                ["docker", *removal, *names],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=ENGINE_S,
                check=False,
            )
    except (OSError, subprocess.SubprocessError):
        return [project]
    return names


def _signal(group: int, name: str) -> bool:
    """Send the signal `name` to the group ("" asks only); whether there was anyone to take it."""
    if sys.platform == "win32":
        if name == "SIGKILL":
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(group)], check=False, capture_output=True)
        return False
    try:
        os.killpg(group, getattr(signal, name) if name else 0)
    except OSError:
        return False
    return True


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started meanwhile is not ended by these signals before it can ignore them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main() -> None:
    """Take care until the input ends."""
    for number in TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # What came before is ignored with the rest.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)
    reap(watch(sys.stdin.buffer))


if __name__ == "__main__":
    main()
