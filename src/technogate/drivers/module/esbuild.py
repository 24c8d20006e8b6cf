"""Makes one file of a client module and all that it imports, as the bundler of a web page does: with esbuild."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.npm import installed
from technogate.util.shipped import user_cache

#: The variable that names the esbuild to use instead of a found one.
ESBUILD_ENV = "TECHNOGATE_ESBUILD"

#: The version that is installed where a project has none of its own.
VERSION = "0.25.12"

#: The folder of the cache that has the gate's own.
_OWN = f"esbuild-{VERSION}"

#: Seconds that a bundle may take.
BUNDLE_S = 60.0

#: The global that takes the place of `import.meta.env`: its values differ from console to console, the bundle does not.
ENV_GLOBAL = "__TECHNOGATE_ENV__"

#: How to get an esbuild.
HINT = f"`npm install --save-dev esbuild` in its project, or name one in {ESBUILD_ENV}"

#: Files that a bundler takes as addresses or as nothing: a client needs neither pictures nor styles.
_ASSETS = (*((ending, "dataurl") for ending in ("png", "jpg", "gif", "svg", "woff", "woff2")), ("css", "empty"))

_ERROR = re.compile(r"\[ERROR\] (.+?)\n\n +(.+?):(\d+):\d+:", re.DOTALL)

Platform = Literal["node", "browser"]


def find_esbuild(module: Path, environ: Mapping[str, str] | None = None) -> Path | None:
    """The esbuild named in the environment, that of the module's project, the gate's own; None when there is none.

    Raises DriverError when the one named does not exist: no other is used then.
    """
    env = os.environ if environ is None else environ
    if named := env.get(ESBUILD_ENV, ""):
        if path := shutil.which(named, path=env.get("PATH", "")):
            return Path(path)
        raise DriverError(f"{ESBUILD_ENV} names {named}, which is not a program: correct or unset it")
    folders = [*module.resolve().parents, user_cache(env) / "technogate" / _OWN]
    return next((found for folder in folders if (found := _within(folder)) is not None), None)


def install_esbuild(environ: Mapping[str, str] | None = None) -> Path:
    """Install the gate's own esbuild with npm, into the user's cache. Raises DriverError when that is not possible."""
    package = json.dumps({"private": True, "dependencies": {"esbuild": VERSION}})
    try:
        folder = installed(_OWN, {"package.json": package}, environ)
    except DriverError as error:
        raise DriverError(f"cannot install esbuild {VERSION}: {error}: {HINT}") from error
    if (program := _within(folder)) is None:
        raise DriverError(f"npm installed esbuild {VERSION} without its program: remove {folder}, or {HINT}")
    return program


@cache
def obtained(module: Path) -> tuple[Path | None, str]:
    """The esbuild for a module, and why there is none; the gate's own is installed where it is not there yet."""
    try:
        return find_esbuild(module) or install_esbuild(), ""
    except DriverError as error:
        return None, str(error)


@cache
def bundle(module: Path, platform: Platform) -> Path:
    """One file with `module` and all that it imports, for Node or for a page; made once in a process.

    Packages are taken as a page gets them, for Node too: many have other code for Node, which no console runs. A module
    that imports Node's own modules gets that. Raises DriverError when there is no esbuild, or the module cannot be
    bundled.
    """
    program, problem = obtained(module)
    if program is None:
        raise DriverError(f"the client module {module} has to be bundled: {problem}")
    tries: tuple[Platform, ...] = ("browser", "node") if platform == "node" else ("browser",)
    for packages_for in tries:
        output = _folder() / f"{len(list(_folder().iterdir()))}-{platform}.mjs"
        done = _ran(_line(program, module, packages_for, output), BUNDLE_S, cwd=module.resolve().parent)
        if done is not None and done.returncode == 0:
            return output
    raise DriverError(f"the client module {module} does not load: {_mistake(done)}")


def _line(program: Path, module: Path, packages_for: Platform, output: Path) -> list[str]:
    """The command line of a bundle."""
    line = [str(program), str(module.resolve()), "--bundle", "--format=esm", f"--platform={packages_for}"]
    line += [f"--outfile={output}", "--target=es2022", "--log-level=error", "--color=false", "--jsx=transform"]
    line += [f"--define:import.meta.env={ENV_GLOBAL}", '--define:process.env.NODE_ENV="production"']
    return line + [f"--loader:.{ending}={loader}" for ending, loader in _ASSETS]


def _mistake(done: subprocess.CompletedProcess[str] | None) -> str:
    """What esbuild says first about a module, in one line."""
    if done is None:
        return f"esbuild did not bundle it within {BUNDLE_S:g} s"
    if first := _ERROR.search(done.stderr):
        return f"{first[1]} ({first[2]}, line {first[3]})"
    return _last_line(done)


def _last_line(done: subprocess.CompletedProcess[str] | None) -> str:
    if done is None:
        return "no answer in time"
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"


def _ran(line: list[str], limit_s: float, cwd: Path | None = None) -> subprocess.CompletedProcess[str] | None:
    """Run a program to its end; None for one that does not end in time."""
    try:
        return subprocess.run(
            line,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise DriverError(f"cannot run {line[0]}: {error.strerror}") from error


def _within(folder: Path) -> Path | None:
    """The esbuild that is installed in a folder, None when there is none."""
    names = ("esbuild.cmd", "esbuild") if os.name == "nt" else ("esbuild",)
    paths = (folder / "node_modules" / ".bin" / name for name in names)
    return next((path for path in paths if path.is_file()), None)


@cache
def _folder() -> Path:
    """Where this process keeps its bundles, until it ends."""
    folder = Path(tempfile.mkdtemp(prefix="technogate-bundle-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
