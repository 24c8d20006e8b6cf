"""The images to deploy: a name must pin one, and the engine must know it; the engine here is a stand-in."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from technogate.deploy.image_digests import ImageError, inspect, tagged
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, both, described, engine


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("techno-os-console:1.2", "1.2"),
        ("team/console:v1_2-rc.1", "v1_2-rc.1"),
        ("registry.example:5000/team/console:2025-06-15", "2025-06-15"),
    ],
)
def test_a_name_with_a_tag(name: str, tag: str) -> None:
    """A name with its own tag is accepted, with or without a registry."""
    assert tagged(name) == tag


@pytest.mark.parametrize(
    "name",
    ["", "console", "team/console", "registry.example:5000/console", "console:", ":1", "console:a/b", "console:-1",
     f"console@{BACKEND_ID}", f"console:1@{BACKEND_ID}", BACKEND_ID, "a" * 12, "-v:1", "--format:1", "console:1 ",
     "console:1\n", "console :1", "con\u202esole:1", "console:1;id", "$(id):1"],
)  # fmt: skip
def test_a_name_without_a_tag_is_refused(name: str) -> None:
    """A name without a tag, a digest, an id or an option is refused before the engine is called."""
    with pytest.raises(ImageError, match="has no tag"):
        tagged(name)


@pytest.mark.parametrize("tag", ["latest", "LATEST", "latest-amd64", "1-latest", "stable", "main", "nightly", "prod"])
def test_a_moving_tag_is_refused(tag: str) -> None:
    """A tag that moves to another image does not pin one."""
    with pytest.raises(ImageError, match="moves"):
        tagged(f"console:{tag}")


def test_refuses_the_tag_of_a_partial_rollout() -> None:
    """The usual tag of a partial rollout moves."""
    with pytest.raises(ImageError, match="moves"):
        tagged("console:can" + "ary")


@pytest.mark.parametrize("text", [None, "", "# latest\n\n", b"\xff"], ids=["missing", "empty", "comments", "binary"])
def test_refuses_every_tag_without_the_list_of_moving_tags(
    text: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the list of moving tags is missing, empty or unreadable, no tag is accepted."""
    path = tmp_path / "moving-tags.txt"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr("technogate.deploy.image_digests.shipped", lambda *_: path)
    with pytest.raises(ImageError, match="list of moving image tags"):
        tagged("console:1.2")


@pytest.fixture
def engine_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine's stand-in on the path, alone."""
    folder = engine(tmp_path / "bin", both())
    monkeypatch.setenv("PATH", str(folder))
    return folder


def response(engine_folder: Path, output: Any) -> None:
    """Make the engine return this for the backend."""
    (engine_folder / "images.json").write_text(json.dumps({BACKEND_NAME: output}))


def test_returns_name_and_id_from_the_engine(engine_folder: Path) -> None:
    """The engine's name and id of an image are returned."""
    image = inspect(BACKEND_NAME)
    assert (image.name, image.digest) == (BACKEND_NAME, BACKEND_ID)
    assert engine_folder.is_dir()


def test_accepts_the_default_registry(engine_folder: Path) -> None:
    """The engine leaves its own registry out of a tag."""
    response(engine_folder, described(BACKEND_NAME.partition("/")[2], BACKEND_ID))
    assert inspect(BACKEND_NAME).digest == BACKEND_ID


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("", "not JSON"),
        ("not json", "not JSON"),
        ('[{"Id":"a","Id":"b"}]', "not JSON"),
        ([], "does not describe one image"),
        ({}, "does not describe one image"),
        ([1], "does not describe one image"),
        (described(BACKEND_NAME, BACKEND_ID) * 2, "does not describe one image"),
        ([{"RepoTags": [BACKEND_NAME]}], "gives no id"),
        (described(BACKEND_NAME, "b" * 64), "gives no id"),
        (described(BACKEND_NAME, BACKEND_ID + "\n"), "gives no id"),
        ([{"Id": BACKEND_ID}], "no image that is tagged"),
        ([{"Id": BACKEND_ID, "RepoTags": None}], "no image that is tagged"),
        ([{"Id": BACKEND_ID, "RepoTags": []}], "no image that is tagged"),
        (described("techno-os-backend:1.3", BACKEND_ID), "no image that is tagged"),
    ],
)
def test_refuses_an_unusable_output(engine_folder: Path, output: Any, why: str) -> None:
    """Any output of the engine but one image with its id and this tag is refused, on one line."""
    response(engine_folder, output)
    with pytest.raises(ImageError, match=why) as caught:
        inspect(BACKEND_NAME)
    assert "\n" not in str(caught.value)


def test_reports_a_missing_image(engine_folder: Path) -> None:
    """The message of the engine is the reason."""
    response(engine_folder, [])
    with pytest.raises(ImageError, match="No such image"):
        inspect("techno-os-console:9.9")


def test_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an engine, or with one that cannot run, is an error."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="not installed"):
        inspect(BACKEND_NAME)
    program = tmp_path / "docker"
    program.write_text("#!/nowhere/at/all\n")
    program.chmod(0o755)
    with pytest.raises(ImageError, match="cannot be run"):
        inspect(BACKEND_NAME)


def test_an_engine_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine without output is abandoned after the timeout."""
    program = tmp_path / "docker"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("technogate.deploy.image_digests.RESPONSE_S", 0.2)
    with pytest.raises(ImageError, match="did not respond"):
        inspect(BACKEND_NAME)
