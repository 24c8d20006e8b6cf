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


def test_a_page_behind_a_login(tmp_path: Path) -> None:
    """The steps name the variables that hold user and password; their values are in no file."""
    login = {"PAGE_USER": "ana", "PAGE_WORD": "correct horse"}
    console = described(tmp_path, "behind-a-login", SERVED, "--login", "PAGE_USER,PAGE_WORD", **login)
    first, second, third = console.steps
    assert first.fill is not None
    assert second.fill is not None
    assert (first.fill.env, second.fill.env, third.click != "") == ("PAGE_USER", "PAGE_WORD", True)
    assert "correct horse" not in (tmp_path / "behind-a-login" / "technogate.toml").read_text("utf-8")
    passes(tmp_path, "behind-a-login", "CON-02", "CON-11", **login)


def test_a_page_that_a_server_makes_anew_for_each_press(tmp_path: Path) -> None:
    """What its server sends is judged; the answer is read in the document that the press has led to."""
    console = described(tmp_path, "made-by-a-server", "node server.mjs")
    assert console.via == "server"
    assert console.selectors.audit_refresh == "#audit > form > button"
    passes(tmp_path, "made-by-a-server", "CON-02", "CON-10", "CON-18")
