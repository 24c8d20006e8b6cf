"""Images with one planted defect each: the gate must turn the requirement red that it breaks, and nothing beside it.

A file in `impostors/` says which requirement the defect breaks, whose image it is in, and the lines of
Dockerfile that plant it upon the reference image.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from technogate.check.image import nothing_baked, ordinary_user, tells_health
from technogate.target.compose import ComposeTarget
from technogate.target.compose_images import facts
from technogate.target.compose_layers import secrets_in_layers
from tests.conftest import STUCK_S
from tests.containers import KEY, built_on, reference_target

FOLDER = Path(__file__).with_name("impostors")
FILES = sorted(FOLDER.glob("*.toml"))
#: What can be seen of images without starting them, and what cannot.
STILL, MOVING = ("STK-07", "STK-08"), ("STK-02",)


@pytest.fixture(scope="module")
def reference() -> ComposeTarget:
    """The reference pair as images."""
    return reference_target()


def judged(images: dict[str, str], folder: Path, requirements: Sequence[str]) -> dict[str, str]:
    """The verdict of each of these requirements, for a pair of these images."""
    variables = {f"{side.upper()}_IMAGE": name for side, name in images.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "technogate", "check", *requirements, "--target", "compose", "--reports", str(folder)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    document: dict[str, Any] = json.loads((folder / "verdict.json").read_text("utf-8"))
    return {one["id"]: one["verdict"] for one in document["requirements"] if one["id"] in requirements}


def looked_at(image: str) -> set[str]:
    """The requirements that the image breaks, by the checks of the suite."""
    found = facts(image)
    in_files, _ = secrets_in_layers(image, KEY)
    broken = {"STK-07": nothing_baked(found, in_files, KEY), "STK-08": [*ordinary_user(found), *tells_health(found)]}
    return {requirement for requirement, findings in broken.items() if findings}


def test_each_requirement_of_images_has_an_impostor() -> None:
    """Whatever images alone can break is broken by one of the files."""
    assert {tomllib.loads(path.read_text("utf-8"))["breaks"] for path in FILES} == {*STILL, *MOVING}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_impostor_is_seen(reference: ComposeTarget, tmp_path: Path, path: Path) -> None:
    """The requirement that the defect breaks is red, and what is looked at beside it is green."""
    wanted = tomllib.loads(path.read_text("utf-8"))
    names = {side: image.name for side, image in reference.ref.images.items()}
    names[wanted["side"]] = built_on(names[wanted["side"]], wanted["dockerfile"])
    if wanted["breaks"] in STILL:
        assert looked_at(names[wanted["side"]]) == {wanted["breaks"]}
    else:
        assert judged(names, tmp_path, MOVING) == {wanted["breaks"]: "FAIL"}
