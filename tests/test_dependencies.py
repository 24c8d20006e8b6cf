"""Every import is declared, and every declared package is used: in `pyproject.toml`, and for the image in its list."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from technogate.util.extras import MODULES
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

#: Packages of this repository.
OWN = {"benchmarks", "examples", "fixtures", "images", "suites", "technogate", "tests"}

#: Declared without being imported, and why.
NOT_IMPORTED = {
    "allure-pytest": "a plugin of pytest",
    "fastapi": "a program of a first day imports it",
    "psycopg": "SQLAlchemy imports it for PostgreSQL",
    "import-linter": "a command",
    "mypy": "a command",
    "prek": "a command",
    "pylint": "a command",
    "ruff": "a command",
    "types-pyyaml": "types of PyYAML",
    "types-jsonschema": "types of jsonschema",
    "types-psutil": "types of psutil",
}


def normal(name: str) -> str:
    """The name of a distribution as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: Iterable[str]) -> set[str]:
    """The distributions that requirements name, without versions and extras."""
    return {normal(re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]) for requirement in requirements}


def core() -> set[str]:
    """What every installation has."""
    return names(PROJECT["project"]["dependencies"])


def extra(*wanted: str) -> set[str]:
    """What extras bring."""
    return {name for extra_name in wanted for name in names(PROJECT["project"]["optional-dependencies"][extra_name])}


def extras() -> set[str]:
    """What all extras bring, without the one that refers to the others."""
    return extra(*(name for name in PROJECT["project"]["optional-dependencies"] if name != "all"))


def development() -> set[str]:
    """What contributors have besides."""
    return names(PROJECT["dependency-groups"]["dev"])


def image_list() -> set[str]:
    """What the image of the reference backend has."""
    return names((ROOT / "images" / "backend" / "requirements.txt").read_text("utf-8").splitlines())


#: Folders and files, and what those who run them have.
ROOMS = {
    "src": core() | extras(),
    "suites": core(),
    "fixtures": core() | extra("browser"),
    "conftest.py": core(),
    "images/backend": image_list(),
    "images/console": set[str](),
    "tests": core() | extras() | development(),
    "benchmarks": core() | extras() | development(),
    "noxfile.py": development(),
}


def sources(path: Path) -> Iterator[Path]:
    """The Python files at or below `path`."""
    # The programs of a first day are programs under test: what they import is their own.
    return iter([path]) if path.is_file() else (file for file in path.rglob("*.py") if "first_day" not in file.parts)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements within `node`, at any depth: an import is one, and no expression holds any."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, part, None)
        # The body of a lambda or of a conditional expression is an expression.
        for one in below if isinstance(below, list) else ():
            yield one
            yield from statements(one)


@cache
def imported(path: Path) -> dict[str, Path]:
    """The top-level names from elsewhere that the files at or below `path` import, each with one of the files."""
    found: dict[str, Path] = {}
    for file in sources(path):
        for node in statements(ast.parse(file.read_bytes())):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            found |= {module.partition(".")[0]: file for module in modules}
    return {name: file for name, file in found.items() if name not in OWN | sys.stdlib_module_names}


@cache
def distributions() -> dict[str, set[str]]:
    """The distributions that bring each top-level name."""
    return {name: {normal(one) for one in found} for name, found in packages_distributions().items()}


def undeclared(path: Path, declared: set[str]) -> dict[str, str]:
    """The imports below `path` that no declared distribution brings, each with one of its files."""
    return {
        name: str(file.relative_to(path if path.is_dir() else path.parent))
        for name, file in imported(path).items()
        if not distributions().get(name, {normal(name)}) & declared
    }


@pytest.mark.parametrize("room", ROOMS)
def test_every_import_is_declared(room: str) -> None:
    """A package that happens to come with another one is not relied on."""
    assert (ROOT / room).exists()
    assert undeclared(ROOT / room, ROOMS[room]) == {}


def test_every_declared_package_is_used() -> None:
    """No declared package is installed without an import."""
    used = {one for room in ROOMS for name in imported(ROOT / room) for one in distributions().get(name, {name})}
    assert (core() | extras() | development()) - used - set(NOT_IMPORTED) == set()


def test_undeclared_import_is_reported(tmp_path: Path) -> None:
    """Imports at the top, within a function, and of a part of a package; the standard library is there anyway."""
    text = "import os, h11\nfrom . import near\n\ndef late() -> None:\n    from starlette.types import Scope\n"
    (tmp_path / "planted.py").write_text(text, "utf-8")
    assert undeclared(tmp_path, {"h11"}) == {"starlette": "planted.py"}
    assert undeclared(tmp_path, {"starlette"}) == {"h11": "planted.py"}


@pytest.mark.parametrize(
    "text",
    [
        "if near: {}", "if near: pass\nelif late: {}", "for one in near: {}", "while near: pass\nelse: {}",
        "with near: {}", "try: {}\nfinally: pass", "try: pass\nexcept OSError: {}", "try: pass\nfinally: {}",
        "match near:\n    case 1: {}", "async def late(): {}", "class Late:\n    def late(self): {}",
    ],
)  # fmt: skip
def test_an_import_is_found_wherever_it_stands(text: str, tmp_path: Path) -> None:
    """Within each statement that holds others."""
    (tmp_path / "planted.py").write_text(text.format("import starlette"), "utf-8")
    assert undeclared(tmp_path, {"h11"}) == {"starlette": "planted.py"}


def test_extras_are_those_that_are_looked_for() -> None:
    """What `technogate.util.extras` looks for is what the extra installs."""
    for name, modules in MODULES.items():
        assert {one for module in modules for one in distributions()[module]} == extra(name)
    assert names(PROJECT["project"]["optional-dependencies"]["all"]) == {"technogate"}
    listed = re.findall(r"[\w-]+", PROJECT["project"]["optional-dependencies"]["all"][0].partition("[")[2])
    assert {*listed, "all"} == set(PROJECT["project"]["optional-dependencies"])
