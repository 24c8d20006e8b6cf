"""Mutants of a page made with a framework: the example console in React, with one planted defect each.

The page imports the client module of the reference console, so that a defect of that module is planted as it is in the
reference. A defect of the reference's page has a file of its own for this one, with the same defect in its source.

All pages of a score are built before its runs, by one process: the start of Vite takes longer than a build.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.node import find_node
from technogate.drivers.module.npm import installed
from technogate.model.errors import UserError
from technogate.mutation.mutant import Change, Mutant, MutantError, copied, plant
from technogate.util.shipped import shipped

#: The example, and the folder with the client module that it imports, as they lie to each other.
PAGE = Path("examples", "react-console")
CLIENT = Path("images", "console")

#: The folder of the pages within that of a score, and the file in a page's folder that says why it was not built.
PAGES, PROBLEM = "pages", "problem"

#: Seconds that the build of all pages may take.
BUILD_S = 600.0

_SCRIPT = Path(__file__).with_name("build_pages.mjs")


class _Built(msgspec.Struct, frozen=True):
    """What the script of the builds says of one page."""

    root: str
    problem: str


def planted_changes(mutant: Mutant) -> tuple[Change, ...]:
    """The changes of a mutant, with paths within the folder that holds both the page and the client module.

    A mutant of the reference console may change its server too, whose policy would stop the defect in its page. The
    server of this page sends none, so that change is left out.
    """
    changes = (change for change in mutant.change if change.file != "server.py")
    return tuple(msgspec.structs.replace(change, file=str(_place(change.file) / change.file)) for change in changes)


def _place(file: str) -> Path:
    return CLIENT if file.startswith("static/") else PAGE


def build_pages(mutants: Mapping[str, Mutant], folder: Path) -> None:
    """Plant each defect in a copy of the example and build it, in the folder of a score; raises UserError.

    A page that cannot be built has the file `PROBLEM`, with the reason.
    """
    pages = folder / PAGES
    pages.mkdir()
    try:
        node, packages = find_node(), _packages()
    except DriverError as error:
        raise UserError(str(error)) from error
    (pages / "node_modules").symlink_to(packages / "node_modules")
    shutil.copy(_SCRIPT, pages)
    roots = [str(_planted(mutant, pages / name)) for name, mutant in mutants.items()]
    line = [str(node), _SCRIPT.name, *roots]
    try:
        done = subprocess.run(
            line, cwd=pages, stdin=subprocess.DEVNULL, capture_output=True, timeout=BUILD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"cannot build the pages: {type(error).__name__}") from error
    lines = done.stdout.splitlines()
    if not lines:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(f"cannot build the pages: {said[-1] if said else f'exit code {done.returncode}'}")
    problems = {built.root: built.problem for built in (msgspec.json.decode(line, type=_Built) for line in lines)}
    for root in roots:
        if problem := problems.get(root, f"the build ended before it, with exit code {done.returncode}"):
            Path(root, PROBLEM).write_text(" ".join(problem.split()), "utf-8")


def _planted(mutant: Mutant, copy: Path) -> Path:
    """Copy the example and the client module, plant the defect, return the page's folder. Raises MutantError."""
    copied(shipped(CLIENT / "static"), copy / CLIENT / "static")
    copied(shipped(PAGE), copy / PAGE, "node_modules", "dist")
    plant(planted_changes(mutant), copy)
    return copy / PAGE


def _packages() -> Path:
    """The folder with the packages that the example lists, installed once for each list; raises DriverError."""
    package = shipped(PAGE, "package.json").read_text("utf-8")
    return installed(f"{PAGE.name}-{hashlib.sha256(package.encode()).hexdigest()[:12]}", {"package.json": package})


def page_target(folder: Path) -> str:
    """The target file of the mutant whose run has the folder `folder`: its page as the example serves it.

    Raises MutantError for a page that could not be built.
    """
    page = folder.parent / PAGES / folder.name.partition(".")[0] / PAGE
    if (page / PROBLEM).exists():
        raise MutantError(f"its page cannot be built: {(page / PROBLEM).read_text('utf-8')}")
    vite = folder.parent / PAGES / "node_modules" / "vite" / "bin" / "vite.js"
    command = [str(find_node()), str(vite), "preview", "--bypass-lock", "--configLoader", "native"]
    command += ["--host", "{host}", "--port", "{port}"]
    # A string, or a list of them, is the same in JSON and in TOML.
    console = f"[console]\ncommand = {json.dumps(command)}\ncwd = {json.dumps(str(page))}\n"
    path = folder / "target.toml"
    path.write_text(f'name = "mutant"\nextends = {json.dumps(str(page / "technogate.toml"))}\n\n{console}', "utf-8")
    return str(path)
