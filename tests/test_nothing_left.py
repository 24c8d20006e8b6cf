"""No command leaves anything in the folder one stands in but what it was told to write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, STUCK_S, Sandbox

pytestmark = pytest.mark.slow

#: A selection that draws requests, answers and texts, in few items.
DRAWN = "EXE-06"
PAIR = f'''
name = "the reference"

[backend]
command = ["{{python}}", "-m", "techno_backend", "--host", "{{host}}", "--port", "{{port}}"]
cwd = "{ROOT / "images" / "backend"}"
env = {{ TECHNO_API_KEY = "{{api_key}}", TECHNO_DATABASE_URL = "sqlite:///{{workdir}}/trail.db" }}

[backend.commands]
approved = "PING"
'''


@pytest.fixture
def unknown_routes(tmp_path: Path) -> Path:
    """The target file of a backend, outside of the folder that commands are run in."""
    path = tmp_path / "target.toml"
    path.write_text(PAIR, "utf-8")
    return path


def left_by(tmp_path: Path, *words: str, here: Path | None = None, **more: str) -> tuple[set[str], str]:
    """What a command adds to the folder that it is run in, an empty one unless one is named, and what it says."""
    here = here or tmp_path / "here"
    here.mkdir(exist_ok=True)
    before = set(here.iterdir())
    dropped = ("PYTEST_", "TECHNOGATE_", "HYPOTHESIS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=here,
        env={**kept, **more, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    return {path.name for path in set(here.iterdir()) - before}, ended.stdout + ended.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_check_leaves_nothing(tmp_path: Path, unknown_routes: Path, workers: str) -> None:
    """A check whose reports go elsewhere leaves nothing in the folder that it was run in."""
    words = ("technogate", "check", DRAWN, "--profile", "quick", "--workers", workers, "--target", str(unknown_routes))
    left, said = left_by(tmp_path, *words, "--reports", str(tmp_path / "reports"))
    assert "1 of 1 requirement holds" in said, said
    assert left == set()


def test_plain_pytest_leaves_its_reports_alone(tmp_path: Path, unknown_routes: Path) -> None:
    """Plain pytest over the suites, which draw, leaves the reports alone as well."""
    words = (
        "pytest",
        str(ROOT / "suites"),
        "-k",
        "(test_unknown_command_is_blocked and not connection) or (test_generated_requests and EXE-06)",
    )
    left, said = left_by(tmp_path, *words, "--target", str(unknown_routes), "--profile", "quick")
    assert "2 passed" in said, said
    assert left == {"reports"}


def test_plain_pytest_at_home_leaves_no_cache(tmp_path: Path, sandbox: Sandbox) -> None:
    """Neither does it leave a cache of pytest's where the suites are."""
    sandbox.suite(
        "test_it.py",
        """
from technogate.runner.suite import requirement

@requirement("CTR-02")
def test_it(must_hold):
    \"\"\"It holds.\"\"\"
    must_hold([])
""",
    )
    left, said = left_by(
        tmp_path, "pytest", "suites", "--target=embedded", here=sandbox.home, PYTHONPATH=str(sandbox.home / "src")
    )
    assert "1 passed" in said, said
    assert left - {"__pycache__"} == {"reports"}, said
