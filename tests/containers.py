"""What tests with real containers share: an engine, the reference images, and a list of remaining resources.

Without an engine such tests are skipped; with TECHNOGATE_DOCKER set, which `.ci/docker` does, they fail.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from technogate.model.errors import UserError
from technogate.target.compose.compose_target import ComposeTarget
from technogate.target.load import load_target
from tests.conftest import STUCK_S

KEY = "TgAbCdEfGh0123456789"
#: On every image that a test builds.
LABEL = "technogate.test"
PROJECT_LABEL = "com.docker.compose.project"


def reference_target() -> ComposeTarget:
    """The reference pair as images that are there; the test is skipped, or fails, where there can be none."""
    target = load_target("compose")
    assert isinstance(target, ComposeTarget)
    try:
        target.preflight()
    except UserError as error:
        _absent(str(error))
    return target


def target_of(text: str, folder: Path) -> ComposeTarget:
    """A target file in `folder`."""
    path = folder / "pair.toml"
    path.write_text(text)
    target = load_target(str(path))
    assert isinstance(target, ComposeTarget)
    return target


def docker(*arguments: str, given: str = "") -> str:
    """Return the output of the engine's command line."""
    done = subprocess.run(
        ["docker", *arguments], input=given, capture_output=True, text=True, check=True, timeout=STUCK_S
    )
    return done.stdout.strip()


def built_on(image: str, lines: str) -> str:
    """Build an image with further lines of Dockerfile, and return its id; a label marks it for removal."""
    return docker(
        "build", "--quiet", "--force-rm", f"--label={LABEL}", "-", given=f"FROM {image}\n{lines}\n"
    ).splitlines()[-1]


def left_of(project: str) -> list[str]:
    """Every container, network and volume of a project."""
    wanted = f"--filter=label={PROJECT_LABEL}={project}"
    listings = (["ps", "--all"], ["network", "ls"], ["volume", "ls"])
    return [name for listing in listings for name in docker(*listing, "--quiet", wanted).split()]


def _absent(reason: str) -> NoReturn:
    if os.environ.get("TECHNOGATE_DOCKER"):
        pytest.fail(f"TECHNOGATE_DOCKER is set, and yet: {reason}")
    pytest.skip(reason)
