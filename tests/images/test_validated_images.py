"""The deploy gate on real images and the evidence of their validation: DEPLOY, and DO NOT DEPLOY after any change.

`.ci/docker` validates the reference images first and says where their evidence is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.deploy.evidence.signing_keys import generate
from technogate.deploy.image_names import repository_of
from tests.conftest import ROOT, STUCK_S
from tests.containers import built_on, docker
from tests.gate_command import GATE

pytestmark = pytest.mark.slow

#: The folder of a validation's reports, with the public key of its evidence beside them.
VARIABLE = "TECHNOGATE_VALIDATED"
SIDES = ("console", "backend")
#: A repository of our own for names that the tests give to images.
OWN = "technogate-test"


@pytest.fixture(scope="module")
def validated() -> Path:
    """The reports of a validation of the reference images; skipped, or failed, where there are none."""
    folder = Path(os.environ.get(VARIABLE, ""))
    if (folder / "evidence.dsse.json").is_file():
        return folder
    reason = (
        f"{VARIABLE} names no folder with the evidence of a validation of images: .ci/docker makes it and runs this"
    )
    if os.environ.get("TECHNOGATE_DOCKER"):
        pytest.fail(f"TECHNOGATE_DOCKER is set, and yet: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def images(validated: Path) -> dict[str, str]:
    """The names of the images that were validated, by side."""
    document = json.loads((validated / "verdict.json").read_text("utf-8"))
    return {side: document["target"]["images"][side]["name"] for side in SIDES}


@pytest.fixture
def tagged() -> Iterator[list[str]]:
    """Names that a test gave to images, which lose them again."""
    names: list[str] = []
    yield names
    if names:
        docker("image", "rm", "--force", *names)


def deploy_check(
    validated: Path, images: dict[str, str], *more: str, **changed_options: str
) -> subprocess.CompletedProcess[str]:
    """Return the result of `technogate deploy-check`; `changed_options` replace the right ones."""
    options = {
        **images,
        "evidence": str(validated / "evidence.dsse.json"),
        "key": str(validated / "technogate.pub"),
        **changed_options,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.run(
        [*GATE, "deploy-check", *words, *more],
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
        env={**os.environ, "COLUMNS": "300"},
    )


def refused(ended: subprocess.CompletedProcess[str], reason: str) -> None:
    """The deployment was refused for this reason."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "DO NOT DEPLOY" in ended.stdout
    assert reason in " ".join(ended.stdout.split()), ended.stdout


def test_validated_images_are_deployed(validated: Path, images: dict[str, str]) -> None:
    """Both images, their evidence and the right key: every line is proven."""
    ended = deploy_check(validated, images)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "DO NOT" not in ended.stdout
    assert "DEPLOY: 22 of 22 lines proven" in ended.stdout


@pytest.mark.parametrize("side", SIDES)
def test_one_byte_of_an_image(validated: Path, images: dict[str, str], tagged: list[str], side: str) -> None:
    """An image with one more byte in one file is refused."""
    file = {"console": "/srv/console/server.py", "backend": "/app/techno_backend/app.py"}[side]
    changed = built_on(images[side], f"USER root\nRUN printf '#' >> {file}\nUSER 10001:10001")
    tagged.append(f"{repository_of(images[side])}:changed-{side}")
    docker("tag", changed, tagged[0])
    refused(deploy_check(validated, images, **{side: tagged[0]}), f"{tagged[0]} is {changed}, but sha256:")


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_byte_of_the_evidence(validated: Path, images: dict[str, str], tmp_path: Path, place: float) -> None:
    """Evidence with one changed letter in its payload has no valid signature."""
    sealed = json.loads((validated / "evidence.dsse.json").read_text("utf-8"))
    at = int(len(sealed["payload"]) * place)
    replacement = "A" if sealed["payload"][at] != "A" else "B"
    sealed["payload"] = sealed["payload"][:at] + replacement + sealed["payload"][at + 1 :]
    changed = tmp_path / "evidence.dsse.json"
    changed.write_text(json.dumps(sealed), "utf-8")
    refused(deploy_check(validated, images, evidence=str(changed)), "no trusted evidence")


def test_one_byte_of_the_contract(validated: Path, images: dict[str, str], tmp_path: Path) -> None:
    """A contract with one more byte is refused."""
    contract = shutil.copytree(ROOT / "contracts" / "console-v0.1", tmp_path / "contract")
    with (contract / "requirements.toml").open("a", encoding="utf-8") as file:
        file.write("\n")
    refused(deploy_check(validated, images, contract=str(contract)), "another contract was judged")


def test_another_key(validated: Path, images: dict[str, str], tmp_path: Path) -> None:
    """Evidence that is signed by an untrusted key is refused."""
    _, public = generate(tmp_path / "keys")
    refused(deploy_check(validated, images, key=str(public)), "no trusted evidence")


def test_old_evidence(validated: Path, images: dict[str, str]) -> None:
    """Evidence that is older than allowed is refused."""
    refused(deploy_check(validated, images, "--max-age", "1s"), "ago, the maximum age is 1.0 s; validate again")


def test_missing_evidence(validated: Path, images: dict[str, str], tmp_path: Path) -> None:
    """A deployment without evidence is refused."""
    refused(deploy_check(validated, images, evidence=str(tmp_path / "none.json")), "no trusted evidence")


def test_moving_tag(validated: Path, images: dict[str, str], tagged: list[str]) -> None:
    """A validated image is refused under a tag that moves."""
    tagged.append(f"{repository_of(images['console'])}:latest")
    docker("tag", images["console"], tagged[0])
    refused(deploy_check(validated, images, console=tagged[0]), "has a tag that moves")


def test_image_that_does_not_exist(validated: Path, images: dict[str, str]) -> None:
    """An image that the engine does not know is not deployed."""
    name = f"{repository_of(images['backend'])}:nobody"
    refused(deploy_check(validated, images, backend=name), "the engine does not know it")


def test_image_under_another_name(validated: Path, images: dict[str, str], tagged: list[str]) -> None:
    """A validated image is refused under the name of another repository, and deployed by its digest alone."""
    tagged.append(f"{OWN}:same")
    docker("tag", images["console"], tagged[0])
    refused(deploy_check(validated, images, console=tagged[0]), f"is of the repository docker.io/library/{OWN}")
    ended = deploy_check(validated, images)
    pinned = re.findall(r"(console|backend): (\S+@sha256:[0-9a-f]{64})", ended.stdout)
    assert deploy_check(validated, images, **dict(pinned)).returncode == 0


def test_images_in_each_others_place(validated: Path, images: dict[str, str]) -> None:
    """Each image is accepted only for its own side."""
    refused(
        deploy_check(validated, images, console=images["backend"], backend=images["console"]), "is of the repository"
    )


def test_no_variable_names_the_engine(validated: Path, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of the machine answers, whatever the environment says of another one."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert deploy_check(validated, images).returncode == 0
