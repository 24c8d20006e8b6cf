"""Programs as teams write them on a first day: each cause is a true defect; those stand beside the program."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.checked_program import with_node
from tests.conftest import ROOT
from tests.gate_command import GATE

PROGRAMS = Path(__file__).parent / "first_day"


def checked(program: str, folder: Path) -> dict[str, Any]:
    """The verdict document of a check of a program, run in a copy of its folder."""
    home = folder / program
    shutil.copytree(PROGRAMS / program, home)
    truth = defects_of(program)
    if "changes_of" in truth:
        ignore = shutil.ignore_patterns("node_modules", "reports", "__pycache__")
        shutil.copytree(ROOT / truth["changes_of"], home / truth["into"], dirs_exist_ok=True, ignore=ignore)
    for change in truth.get("change", ()):
        path = home / change["file"]
        text = path.read_text("utf-8")
        assert text.count(change["old"]) == 1, change
        path.write_text(text.replace(change["old"], change["new"]), "utf-8")
    [target] = (path.name for path in home.glob("*.toml") if path.name != "defects.toml")
    command = [*GATE, "check", truth["party"], "--target", target, "--seed", "1", "--profile", "quick"]
    ended = subprocess.run(command, cwd=home, env=with_node(), capture_output=True, check=False, timeout=600)
    assert ended.returncode == 1, ended.stderr
    document: dict[str, Any] = json.loads((home / "reports" / "check" / "verdict.json").read_text("utf-8"))
    return document


def defects_of(program: str) -> dict[str, Any]:
    """What is truly wrong with a program, and which requirements it keeps."""
    return tomllib.loads((PROGRAMS / program / "defects.toml").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted(path.name for path in PROGRAMS.iterdir()))
def test_each_cause_is_a_true_defect(program: str, tmp_path: Path) -> None:
    """Causes and true defects match one to one, and no requirement is failed that the program keeps."""
    document, truth = checked(program, tmp_path), defects_of(program)
    titles = [cause["title"] for cause in document["causes"]]
    matched = {defect["text"]: [t for t in titles if defect["cause"] in t] for defect in truth["defect"]}
    optional = {defect["text"] for defect in truth["defect"] if defect.get("optional")}
    assert {text: found for text, found in matched.items() if len(found) != 1 and text not in optional} == {}, titles
    assert set(titles) == {title for found in matched.values() for title in found}
    failed = {result["id"] for result in document["requirements"] if result["verdict"] == "FAIL"}
    assert failed & set(truth["kept"]) == set()
