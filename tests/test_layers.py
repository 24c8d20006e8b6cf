"""The one direction: what stands after the journal touches nothing of the world."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Judging and writing. What these import, they could do.
PURE = [
    "technogate.judging.judge",
    "technogate.replay.compare",
    "technogate.model.verdict",
    "technogate.checks.registry",
    "technogate.judging.curl",
    "technogate.util.text",
]
FORBIDDEN = ["socket", "subprocess", "asyncio", "http.client", "httpx", "pytest", "playwright", "sqlalchemy"]

#: Libraries of the writers import sockets for their own reasons: of the gate's own modules none of these may follow.
ACTING = [
    "technogate.drivers",
    "technogate.target",
    "technogate.mock",
    "technogate.runner.run_context",
    "technogate.runner.plugin",
]


def imported_by(module: str) -> set[str]:
    """Every module that a fresh Python has after importing `module`."""
    script = f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize("module", PURE)
def test_judging_cannot_touch_the_world(module: str) -> None:
    """Nothing that judges imports anything that opens sockets, starts processes or runs tests."""
    assert not imported_by(module) & set(FORBIDDEN)


@pytest.mark.parametrize(
    "module", ["technogate.judging.judge", "technogate.report.write_all", "technogate.runner.finish_run"]
)
def test_nothing_after_the_journal_knows_how_to_act(module: str) -> None:
    """Judging and writing import none of the gate's own acting code."""
    reached = imported_by(module)
    assert not [name for name in reached if any(name == one or name.startswith(one + ".") for one in ACTING)]


def test_acting_code_is_detected() -> None:
    """Acting code imports modules that judging code must not import."""
    assert imported_by("technogate.drivers.http.http_driver") & set(FORBIDDEN)
