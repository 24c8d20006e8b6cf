"""Pages of a kind that the reference's is not, described by `technogate init` alone and then checked."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from technogate.drivers.page.chromium import browser_missing
from technogate.target.spec import ConsoleSpec
from technogate.target.target_file import read_target_file
from tests.checked_program import check_program, with_node
from tests.conftest import ROOT
from tests.onboarding.test_initialize import run_init

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

PAIRS = ROOT / "tests" / "programs" / "pairs"
SERVED = "node ../console/serve.mjs --dir ."


def described(folder: Path, name: str, command: str, *words: str, **environment: str) -> ConsoleSpec:
    """The console in the file that `init` writes for the page `name`, which it must find to fit."""
    for part in ("console", name):
        shutil.copytree(PAIRS / part, folder / part)
    shutil.copy(ROOT / "images" / "console" / "static" / "client.js", folder / "console")
    ended = run_init(
        folder / name, "--yes", "--console-command", command, *words, environment={**with_node(), **environment}
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("FITS"), ended.stdout
    console = read_target_file(folder / name / "technogate.toml").console
    assert console is not None
    return console


def passes(folder: Path, name: str, *requirements: str, **environment: str) -> None:
    """Check that the requirements hold for the page, by the file that was written."""
    checked = check_program(
        folder / name,
        folder / "reports",
        *requirements,
        target="technogate.toml",
        environment={**os.environ, **with_node(), **environment},
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    document: dict[str, Any] = json.loads((folder / "reports" / "verdict.json").read_text("utf-8"))
    assert document["findings"] == []


def test_areas_on_pages_of_their_own(tmp_path: Path) -> None:
    """Each area is opened by its address; what has the same id on two pages is told apart by the page."""
    console = described(tmp_path, "several-pages", SERVED)
    assert {step.before: step.open for step in console.steps} == {
        "execute": "/",
        "audit": "/audit.html",
        "memory": "/memory.html",
    }
    assert console.selectors.audit_refresh == console.selectors.memory_refresh == "#again"
    passes(tmp_path, "several-pages", "CON-02", "CON-11", "CON-18")
