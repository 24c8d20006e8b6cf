"""The documentation of the policy: each of its situations is brought about, and comes to what it says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.deployment_scene import ARRANGED, NAMES, entry, evidence_change, made, toml, weaker
from tests.deploy.stand_in_engine import StandInEngine
from tests.tools import GIT

pytestmark = pytest.mark.slow

FILE = ROOT / "docs" / "deploy-situations.toml"
PAGE = ROOT / "docs" / "deploy-policy.md"
SITUATIONS: list[dict[str, Any]] = tomllib.loads(FILE.read_text("utf-8"))["situation"]
DECISIONS = {"DEPLOY": 0, "DO NOT DEPLOY": 1, "USAGE": 2}
BEGIN, END = "<!-- the situations of docs/deploy-situations.toml -->", "<!-- end of the situations -->"


@pytest.mark.parametrize("row", SITUATIONS, ids=lambda row: row["what"])
def test_a_situation(
    row: dict[str, Any],
    tmp_path: Path,
    engine: StandInEngine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Decision, exit code and reason are those of the row."""
    arranged = row.get("set", "")
    if arranged.startswith("branch") and GIT.missing:
        pytest.skip(GIT.missing)
    scene = made(tmp_path, engine, monkeypatch)
    commands = list(options(row))
    scene.options |= commands[0]
    if arranged:
        ARRANGED[arranged](scene)
    scene.entries = {name: entry(scene, name, value) for name, value in row.get("policy", {}).items()}
    scene.changes = [evidence_change(name, value) for name, value in row.get("evidence", {}).items()]
    if scene.options.get("contract") == "weaker":
        scene.options["contract"] = str(weaker(tmp_path).folder)
    scene.write()
    for command in commands:
        command.pop("contract", None)
        code, output = scene.run(capsys, **command)
        assert code == row["exit"] == DECISIONS[row["decision"]], output
        # The word DEPLOY without the NOT before it.
        assert ("DEPLOY: 22 of 22 lines proven" in output and "DO NOT" not in output) is (code == 0), output
        assert row.get("says", "").replace(" ", "") in output.replace(" ", ""), output


def options(row: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The options of each command of a row: a list stands for several commands."""
    given = row.get("command", {})
    several = [value for value in given.values() if isinstance(value, list)]
    for place in range(len(several[0]) if several else 1):
        yield {
            name: NAMES.get(text, str(text))
            for name, value in given.items()
            for text in [value[place] if isinstance(value, list) else value]
        }


def shown() -> str:
    """The situations as the page shows them."""
    lines = ["| situation | policy | decision | exit code |", "|---|---|---|---:|"]
    for row in SITUATIONS:
        policy = ", ".join(f"`{name} = {_short(value)}`" for name, value in row.get("policy", {}).items()) or "default"
        lines.append(f"| {row['what']} | {policy} | {row['decision']} | {row['exit']} |".replace("\n", " "))
    return "\n".join(lines)


def _short(value: Any) -> str:
    """A value of the policy, a digest by its beginning."""
    text = toml(value)
    return text if len(text) < 60 else f"{text[:24]}…"


def test_the_page_shows_the_situations() -> None:
    """`python -m tests.deploy.test_situations` writes them there."""
    text = PAGE.read_text("utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == shown()


def test_every_row_is_whole() -> None:
    """Each row says what is refused and why, and no two are the same."""
    assert len({row["what"] for row in SITUATIONS}) == len(SITUATIONS) >= 50
    assert all(("says" in row) is (row["exit"] != 0) for row in SITUATIONS)
    assert {row["set"] for row in SITUATIONS if "set" in row} == set(ARRANGED)


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{shown()}\n{END}{rest.partition(END)[2]}", "utf-8")
