"""Pages as people have them: one that conforms has no finding, and one that does not is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from technogate.drivers.page.chromium import browser_missing
from tests.checked_program import check_program
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

PAIRS = ROOT / "tests" / "programs" / "pairs"


def checked(folder: Path, name: str, *words: str) -> dict[str, Any]:
    """The verdict document of a check of the page `name`, which uses the reference console's own client."""
    for part in ("console", name):
        shutil.copytree(PAIRS / part, folder / part)
    shutil.copy(ROOT / "images" / "console" / "static" / "client.js", folder / "console")
    ended = check_program(folder / name, folder / "reports", *words)
    assert (folder / "reports" / "verdict.json").exists(), ended.stdout + ended.stderr
    document: dict[str, Any] = json.loads((folder / "reports" / "verdict.json").read_text("utf-8"))
    return document


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    """The verdict of each requirement that was checked."""
    return {result["id"]: result["verdict"] for result in document["requirements"] if result["verdict"] != "not_run"}


def test_late_handlers_a_popup_and_a_checked_command_are_judged(tmp_path: Path) -> None:
    """Nothing is undecided, and nothing is found."""
    document = checked(tmp_path, "late-and-custom", "CON-02", "CON-11", "CON-18")
    assert document["findings"] == []
    assert verdicts(document) == dict.fromkeys(("CON-02", "CON-11", "CON-18"), "PASS")


def test_an_optimistic_display_is_found(tmp_path: Path) -> None:
    """An approval that is shown before the response is found, although it is taken back."""
    document = checked(tmp_path, "70-optimistic", "CON-21")
    assert verdicts(document) == {"CON-21": "FAIL"}
