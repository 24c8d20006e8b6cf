"""The example consoles of frameworks as somebody who has no target file finds them: built, described and checked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from technogate.drivers.page.chromium import browser_missing
from technogate.target.target_file import read_target_file
from tests.checked_program import check_program
from tests.conftest import ROOT, STUCK_S
from tests.onboarding.test_initialize import run_init

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
    pytest.mark.skipif(
        shutil.which("npm") is None,
        reason="npm is missing, which builds and serves the examples: install Node with npm",
    ),
]


def npm(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the npm of this machine in a folder: its own Node, too, since the one of the tests may come without npm."""
    line = [shutil.which("npm") or "npm", *words]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=STUCK_S, check=False)


@pytest.mark.parametrize("name", ["react-console", "vue-console", "svelte-console"])
def test_the_example_needs_no_option_and_no_edit(name: str, tmp_path: Path) -> None:
    """Its server is told the port, and no part is named by an id that the framework has made."""
    folder = tmp_path / "examples" / name
    ignored = shutil.ignore_patterns("node_modules", "dist", "technogate.toml", "reports")
    shutil.copytree(ROOT / "examples" / name, folder, ignore=ignored)
    shutil.copytree(ROOT / "images" / "console", tmp_path / "images" / "console")
    installed = npm(folder, "install", "--no-audit", "--no-fund")
    if installed.returncode:
        pytest.skip(f"npm could not install the packages of the example: {installed.stderr.strip()[-200:]}")
    built = npm(folder, "run", "build")
    assert built.returncode == 0, built.stdout + built.stderr
    ended = run_init(folder, "--yes", environment=os.environ)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "FITS", ended.stdout
    written = read_target_file(folder / "technogate.toml").console
    assert written is not None
    assert written.command == ("npm", "run", "preview", "--", "--host", "{host}", "--port", "{port}")
    assert "#_r_" not in repr(written.selectors)
    if name != "react-console":
        # How the gate judges a page is the same for each.
        return
    checked = check_program(folder, tmp_path / "reports", "CON-02", target="technogate.toml", environment=os.environ)
    assert checked.returncode == 0, checked.stdout + checked.stderr
