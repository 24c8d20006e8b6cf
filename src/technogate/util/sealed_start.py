"""Start Python so that nothing but the installed gate decides what it loads. Also a program of its own: see `start`.

The current folder, the user's folder of packages, the variables that steer an interpreter, `sitecustomize`, the lines
of `.pth` files that are code, and bytecode from an earlier time are all left out. This module imports no other of the
gate, because it runs before the gate can be found.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path

#: A place for bytecode where none can be: every module is compiled from its source.
NO_BYTECODE = os.path.join(os.devnull, "none")  # noqa: PTH118 - a word for the interpreter, not a path to use

#: How the folder of one run's bytecode is called.
FOLDER = "technogate-bytecode-"

#: The variables that choose what an interpreter, pytest, Hypothesis or Node loads or leaves out.
STEERING = ("PYTHON", "PYTEST_", "HYPOTHESIS_", "COVERAGE_", "COV_", "_TECHNOGATE_")
STEERING_NAMES = frozenset({"LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "NODE_OPTIONS", "NODE_PATH"})

#: The option that names the process that started this one for a run, and seconds between two looks at it.
PARENT_OPTION, POLL_S = "--gate-parent=", 0.5

#: Set when a run watches itself whether that process was killed.
watched_elsewhere = threading.Event()

#: What this process has compiled, by the place where its bytecode would be.
_kept: dict[str, bytes] = {}

#: Where the package is, and the program that this module is.
_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = Path(__file__).resolve()


def is_sealed() -> bool:
    """Whether this process was started by `sealed_python`: isolated, without `site`, its bytecode in a named place."""
    return bool(sys.flags.isolated and sys.flags.no_site and "pycache_prefix" in sys._xoptions)


def bytecode_place() -> str:
    """Where this process has its bytecode: a folder that whoever started it named, else nowhere."""
    return str(sys._xoptions.get("pycache_prefix", NO_BYTECODE))


def sealed_python(bytecode: str = "") -> list[str]:
    """Return the beginning of a command line: a sealed Python, to which the name of a module and its words are added.

    `bytecode` is the folder for bytecode, "" for that of this process.
    """
    place = f"pycache_prefix={bytecode or bytecode_place()}"
    return [sys.executable, "-I", "-S", "-X", place, str(_PROGRAM)]


def without_steering(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without the variables that choose what is loaded."""
    return {name: value for name, value in environ.items() if not _steers(name)}


def _steers(name: str) -> bool:
    return name in STEERING_NAMES or name.startswith(STEERING)


def run_sealed(words: Iterable[str]) -> None:
    """Become a sealed Python that runs a module with its `words`, unless this process is one; raises OSError."""
    if is_sealed():
        return
    line = [*sealed_python(), *words]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(line[0], line, without_steering(os.environ))  # noqa: S606 - the same program, started anew


@contextmanager
def bytecode_of_a_run() -> Iterator[str]:
    """Give the bytecode of a run a fresh folder, and remove it; one that a person named for this process is kept.

    Where no folder can be made, nothing is kept: the run takes some seconds longer.
    """
    named = bytecode_place()
    if named != NO_BYTECODE:
        yield named
        return
    try:
        folder = tempfile.mkdtemp(prefix=FOLDER)
    except OSError:
        yield NO_BYTECODE
        return
    try:
        _hand_over(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_bytecode() -> None:
    """Keep what this process compiles, in its memory alone, for the processes of its run."""

    def keep(_loader: object, _source: str, place: str, bytecode: bytes) -> None:
        _kept[place] = bytes(bytecode)

    SourceFileLoader._cache_bytecode = keep  # type: ignore[attr-defined]


def _hand_over(folder: str) -> None:
    """Write what this process has compiled into the fresh `folder`; what cannot be written is compiled once more."""
    with suppress(OSError):
        for place, bytecode in _kept.items():
            file = Path(folder + place.removeprefix(NO_BYTECODE))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytecode)
    _kept.clear()


def close_bytecode() -> None:
    """Neither read nor write the bytecode of this run from now on: programs of others may run, and could change it."""
    if Path(bytecode_place()).name.startswith(FOLDER):
        sys.dont_write_bytecode = True
        sys.pycache_prefix = NO_BYTECODE


def _end_with(parent: int) -> None:
    """End this process, which has started nothing yet, when the one that started it was killed."""
    while not watched_elsewhere.wait(POLL_S):
        if os.getppid() != parent:
            os._exit(1)


def _parent_of_a_run(words: list[str]) -> int:
    """The process that started this one for a run, by the words of the command line; 0 for none."""
    named = [word.removeprefix(PARENT_OPTION) for word in words if word.startswith(PARENT_OPTION)]
    return int(named[0]) if named and named[0].isdigit() else 0


def _paths_alone(folder: str, name: str, known: set[str] | None) -> set[str] | None:
    """Take the folders that a `.pth` file names, in place of `site.addpackage`: a line that is code is not run."""
    try:
        lines = Path(folder, name).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return known
    for line in filter(None, map(str.strip, lines)):
        place = str(Path(folder, line))
        if place not in sys.path and Path(place).is_dir():
            sys.path.append(place)
    return known


def _complete_path() -> None:
    """Add what `-S` leaves out: this package, before the packages installed beside this Python."""
    site.addpackage = _paths_alone  # type: ignore[assignment]
    standard = len(sys.path)
    site.addsitepackages(site.venv(site.removeduppaths()) or set())
    if str(_ROOT) not in sys.path:
        sys.path.insert(standard, str(_ROOT))


def _forget_steering(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if _steers(name)]:
        del environ[name]


def start(words: list[str]) -> None:
    """Run a module as `python -m` does, in a process that `sealed_python` started; `words` begin with its name.

    `-u -c CODE` runs code instead: that is how a worker of pytest-xdist is started.
    """
    import runpy

    if bytecode_place() == NO_BYTECODE:
        _keep_bytecode()
    if parent := _parent_of_a_run(words):
        # On a busy machine it takes long until a run watches that itself.
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _complete_path()
    _forget_steering(os.environ)
    if words[:2] == ["-u", "-c"]:
        sys.argv = ["-c", *words[3:]]
        exec(words[2], {"__name__": "__main__"})  # noqa: S102 - the line of execnet, as Python would run it
        return
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # The gate imports this module again, and needs what it has kept.
    sys.modules["technogate.util.sealed_start"] = sys.modules["__main__"]
    start(sys.argv[1:])
