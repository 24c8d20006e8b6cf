"""The reaper: a small process that ends what is left of a run if the gate is killed.

Run as a script (`python -I -S reaper.py`, standard library only) it reads lines from its standard
input: `+123` registers a process group, `-123` unregisters it; `+mark WORD` and `-mark WORD` do the same for all
processes with that mark in their environment, `+dir PATH` for a temporary folder, `+compose NAME` for a compose
project, `+after 123` for a group that ends by itself and whose folders are removed then. When the input ends, in
whatever way the gate ended, it ends the registered processes, removes the folders and projects, and exits. It ignores
the signals that a terminal sends.
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: Only folders and projects whose name begins with this are removed.
FOLDER_PREFIX = "technogate-"
#: Seconds between SIGTERM and SIGKILL.
GRACE_S = 3.0
#: Seconds in which a group that ends by itself must have ended: after them its folders are removed all the same.
AFTER_S = 15.0
#: What compose calls a project, on everything that belongs to it.
PROJECT_LABEL = "com.docker.compose.project"
#: Seconds that one request to the Docker engine may take, and how often a removal is repeated.
ENGINE_S, ROUNDS = 30.0, 5
#: Signals of a terminal, or of a regular end of the gate: the gate handles them.
TERMINAL = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Reaper:
    """The gate's end of the pipe. What is registered when the gate ends is ended too."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start the helper process with `environment`; raises OSError when that is impossible."""
        self._environment = environment
        self._registered: dict[str, None] = {}
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """The helper's process id."""
        return self._process.pid

    def add(self, group: int) -> None:
        """Register a process group; raises OSError when no helper can be started."""
        self._register(str(group))

    def remove(self, group: int) -> None:
        """Unregister a process group that has ended."""
        self._unregister(str(group))

    def add_end(self, group: int) -> None:
        """Register a process group that ends by itself; raises OSError when no helper can be started."""
        self._register(f"after {group}")

    def remove_end(self, group: int) -> None:
        """Unregister a process group that has ended by itself."""
        self._unregister(f"after {group}")

    def add_mark(self, mark: str) -> None:
        """Register what has `mark` in its environment; raises OSError when no helper can be started."""
        self._register(f"mark {mark}")

    def remove_mark(self, mark: str) -> None:
        """Unregister a mark whose processes have ended."""
        self._unregister(f"mark {mark}")

    def add_folder(self, folder: Path) -> None:
        """Register a temporary folder; raises OSError when no helper can be started."""
        self._register(f"dir {folder}")

    def remove_folder(self, folder: Path) -> None:
        """Unregister a temporary folder that was removed."""
        self._unregister(f"dir {folder}")

    def add_project(self, name: str) -> None:
        """Register a compose project; raises OSError when no helper can be started."""
        self._register(f"compose {name}")

    def remove_project(self, name: str) -> None:
        """Unregister a compose project that was removed."""
        self._unregister(f"compose {name}")

    def close(self) -> None:
        """End the helper, and with it what is still registered. A second call does nothing."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                # The helper was killed: the other end of the pipe is closed.
                self._process.kill()
        self._process.wait()

    def _register(self, what: str) -> None:
        self._registered[what] = None
        try:
            self._write(f"+{what}")
        except OSError:
            # The helper was killed: register everything with another one.
            self.close()
            self._process = self._spawn()
            for line in self._registered:
                self._write(f"+{line}")

    def _unregister(self, what: str) -> None:
        self._registered.pop(what, None)
        # A helper that was killed has nothing registered.
        with suppress(BrokenPipeError):
            self._write(f"-{what}")

    def _write(self, line: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            raise BrokenPipeError("the reaper is closed")
        self._process.stdin.write(line.encode() + b"\n")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with _signals_blocked():
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
    """Return what is still registered when `lines` end."""
    registered: set[str] = set()
    for raw in lines:
        line = os.fsdecode(raw).rstrip("\n")
        if line.startswith("+"):
            registered.add(line[1:])
        elif line.startswith("-"):
            registered.discard(line[1:])
    return registered


def reap(registered: set[str]) -> None:
    """End every registered group, and what is marked, with SIGTERM, then SIGKILL; then remove projects and folders."""
    groups = {int(entry) for entry in registered if entry.isdigit()}
    marked = _Marked([entry.removeprefix("mark ") for entry in registered if entry.startswith("mark ")], groups)
    for name in ("SIGCONT", "SIGTERM"):
        for group in groups:
            _signal(group, name)
        marked.send(name)
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and (marked.left or any(_signal(group, "") for group in groups - marked.groups)):
        time.sleep(0.02)
    for group in groups:
        _signal(group, "SIGKILL")
    marked.kill()
    ending = [int(entry.removeprefix("after ")) for entry in registered if entry.startswith("after ")]
    deadline = time.monotonic() + AFTER_S
    while time.monotonic() < deadline and any(_signal(group, "") for group in ending):
        time.sleep(0.05)
    for entry in registered:
        if entry.startswith("compose "):
            remove_project(entry.removeprefix("compose "))
        folder = Path(entry.removeprefix("dir "))
        if entry.startswith("dir ") and folder.is_absolute() and folder.name.startswith(FOLDER_PREFIX):
            _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    """Remove a folder in which a program that is ending, such as a browser without its driver, may still write."""
    for pause in range(ROUNDS):
        time.sleep(0.2 * pause)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


class _Marked:
    """What the process table, which Linux alone has, knows of the programs whose marks are registered."""

    def __init__(self, marks: list[str], groups: set[int]) -> None:
        """Look for the processes with these marks, in these groups' sessions, and below them.

        A group of which all have ended exists until they are collected: `groups` are those that the table knows better.
        """
        self._marks = marks
        self._sessions = groups
        # A script has no package to import from.
        self._table: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("process_table.py")))
        self._found = [one for mark in marks for one in self._table["members"](mark, groups)]
        self.groups = groups if self._found else set()

    @property
    def left(self) -> bool:
        """Whether one of those that were found runs."""
        return any(self._table["runs"](one.identity) for one in self._found)

    def send(self, name: str) -> None:
        """Send the signal `name` to those outside of the registered groups, which have got it already."""
        if number := getattr(signal, name, None):
            self._table["send"](number, [one for one in self._found if one.group not in self._sessions])

    def kill(self) -> None:
        """Kill them, and what they started meanwhile."""
        for mark in self._marks:
            self._table["kill_all"](mark, self._sessions)


def remove_project(name: str) -> bool:
    """Remove the containers, networks and volumes of a compose project; return whether nothing is left.

    They are found by their labels, without compose and its files. Only projects whose name begins with
    `FOLDER_PREFIX` are removed.
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
    """Remove what `listing` shows of a project; return what was found, or the project when the engine failed."""
    try:
        listed = subprocess.run(
            ["docker", *listing, "--quiet", f"--filter=label={PROJECT_LABEL}={project}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ENGINE_S,
            check=True,
        )
        names = [os.fsdecode(word) for word in listed.stdout.split()]
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
    """Send the signal `name` to the group ("" sends none); return whether the group exists."""
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
def _signals_blocked() -> Iterator[None]:
    """Block these signals, so that they cannot end a process that is started meanwhile before it ignores them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main() -> None:
    """Read registrations until the input ends, then end what is left."""
    for number in TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # A signal that arrived while they were blocked is ignored like the rest.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)
    reap(watch(sys.stdin.buffer))


if __name__ == "__main__":
    main()
