"""An installation without an extra: one line with the command that installs it, or a check that was not exercised."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_exit_codes import BACKEND, HOLDS
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

#: Hides modules from every Python of the gate in a sandbox. A sealed one loads no `sitecustomize`, but this package.
HIDE = "\nimport sys\nsys.modules.update(dict.fromkeys({modules!r}))\n"

#: What the extras bring. A plugin of pytest's cannot be hidden so: pytest finds it by the metadata of its installation.
ALL = ("playwright", "psycopg", "sqlalchemy", "starlette", "uvicorn")

SMALL = ("check", "CTR-01", "--contract", "contracts/small", "--workers", "1")

PAGE = """
from technogate.checks.console_display import shows
from technogate.runner.suite import requirement


@requirement("CON-02")
def test_page(page_harness, must_hold):
    '''An approval is shown.'''
    must_hold(shows(page_harness.execute(page_harness.conforming()), "status", "APPROVED"))
"""


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox with one requirement, an item that needs nothing, and a target that nothing starts."""
    sandbox.contract(("CTR-01",))
    sandbox.target(BACKEND)
    sandbox.suite("test_it.py", HOLDS)
    return sandbox


def hide(sandbox: Sandbox, *modules: str) -> None:
    """Make some modules unavailable to every Python of the sandbox."""
    package = sandbox.home / "src" / "technogate" / "__init__.py"
    package.write_text(package.read_text("utf-8") + HIDE.format(modules=modules), "utf-8")


def complaint(sandbox: Sandbox, *words: str) -> str:
    """The one line of a command that ends with exit code 2."""
    ended = sandbox.run(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@pytest.mark.parametrize("words", [("--version",), ("requirements",), ("explain", "CTR-01")])
def test_reading_needs_no_extra(small: Sandbox, words: tuple[str, ...]) -> None:
    """Every installation can read the contract."""
    hide(small, *ALL)
    ended = small.run(*words)
    assert ended.returncode == 0, ended.stderr


def test_own_target_and_judge_need_no_extra(small: Sandbox) -> None:
    """A backend of the user's own is checked, and a stored journal judged, with what every installation has."""
    hide(small, *ALL)
    ended = small.run(*SMALL, "--target", "pair.toml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ended = small.run("judge", "reports/check/journal.jsonl")
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr


def test_reference_backend(small: Sandbox) -> None:
    """The reference pair is refused before anything starts."""
    hide(small, "starlette", "uvicorn")
    message = complaint(small, *SMALL, "--target", "embedded")
    assert "starlette, uvicorn are not installed" in message
    assert 'pip install "technogate[reference]"' in message


@pytest.mark.parametrize(
    ("url", "hidden", "needed"),
    [
        ("sqlite:///trail.db", "sqlalchemy", "sqlalchemy"),
        ("postgresql://localhost/trail", "psycopg", "psycopg"),
        ("sqlite:///trail.db", "psycopg", ""),
    ],
)
def test_audit_database(small: Sandbox, url: str, hidden: str, needed: str) -> None:
    """An audit trail in a database is refused without its driver; another missing extra does not matter."""
    hide(small, hidden)
    small.target(f'{BACKEND}[backend.audit]\nsource = "sql"\nurl = "{url}"\nquery = "SELECT 1"\n')
    if needed:
        message = complaint(small, *SMALL, "--target", "pair.toml")
        assert f"backend.audit.source is sql, but {needed} is not installed" in message
        assert 'pip install "technogate[sql]"' in message
    else:
        assert small.run(*SMALL, "--target", "pair.toml").returncode == 0


def test_page(sandbox: Sandbox) -> None:
    """A page without Playwright is not exercised, with the command that installs it."""
    hide(sandbox, "playwright")
    sandbox.contract(("CON-02",))
    sandbox.suite("test_it.py", PAGE)
    ended = sandbox.run("validate", "--contract", "contracts/small", "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    document = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))
    requirements = json.dumps(document["requirements"])
    assert "playwright is not installed" in requirements
    assert "technogate[browser]" in requirements
