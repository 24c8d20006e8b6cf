"""The suite of both programs together, against consoles that get along without their backend in the wrong way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.impostors.impostor import ROOT, Change, Impostor, judge, plant

#: Each turns one requirement red, and only that one.
CONSOLES = {
    "STK-04": Impostor(
        breaks="STK-04",
        description="A backend that cannot be reached is taken for an approval.",
        subtlety=1,
        change=(
            Change(
                file="static/client.js",
                before="    return blocked(error instanceof Refusal ? error",
                after=(
                    '    if (error.code !== "TIMEOUT") return { ...blocked(error), status: "APPROVED" };\n'
                    "    return blocked(error instanceof Refusal ? error"
                ),
            ),
        ),
    ),
    "STK-05": Impostor(
        breaks="STK-05",
        description="It waits 17 s in place of 15 s.",
        subtlety=2,
        change=(Change(file="static/client.js", before="TIME_LIMIT_MS = 15_000", after="TIME_LIMIT_MS = 17_000"),),
    ),
    "STK-06": Impostor(
        breaks="STK-06",
        description="Once it could not reach the backend it does not ask again.",
        subtlety=2,
        change=(
            Change(
                file="static/client.js",
                before="export async function executeCommand(command, sessionId) {\n  try {",
                after=(
                    "let given_up = false;\nexport async function executeCommand(command, sessionId) {\n"
                    '  try {\n    if (given_up) throw new Refusal("API_BLOCKED", "The backend is gone.");'
                ),
            ),
            Change(
                file="static/client.js",
                before="    return blocked(error instanceof Refusal ? error",
                after="    given_up = true;\n    return blocked(error instanceof Refusal ? error",
            ),
        ),
    ),
}


@pytest.mark.parametrize("broken", CONSOLES)
def test_wrong_console_is_found(tmp_path: Path, broken: str) -> None:
    """Each console turns its own requirement red, and none of those that it keeps."""
    shutil.copytree(ROOT / "images" / "backend", tmp_path / "backend", ignore=shutil.ignore_patterns("__pycache__"))
    plant(CONSOLES[broken], ROOT / "images" / "console", tmp_path / "console")
    target = tmp_path / "pair.toml"
    target.write_text((ROOT / "images" / "embedded.toml").read_text().replace('name = "embedded"', 'name = "pair"'))
    # STK-05 costs 15 s: that it stays green is seen with every run of the reference.
    judged = judge(target, tmp_path / "reports", tuple({"STK-04", "STK-06", broken}))
    assert {name for name, verdict in judged.verdicts.items() if verdict == "FAIL"} == {broken}, judged.output
    assert judged.exit_code == 1
