"""The names of images: a name must pin one, and its repository is complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.deploy.image_names import ImageError, complete, image_name, repository_of
from tests.deploy.sealed import BACKEND_ID


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
    assert (image_name(name).tag, image_name(name).digest) == (tag, "")


@pytest.mark.parametrize(
    "name",
    ["", "console", "team/console", "registry.example:5000/console", "console:", ":1", "console:a/b", "console:-1",
     "console@sha256:1", f"console:latest{BACKEND_ID}", f"console@{BACKEND_ID}0", BACKEND_ID, "a" * 12,
     "-v:1", "--format:1", "console:1 ",
     "console:1\n", "console :1", "con\u202esole:1", "console:1;id", "$(id):1", "con\u0661sole:1.2", "console:1\u0662"],
)  # fmt: skip
def test_a_name_without_a_tag_is_refused(name: str) -> None:
    """A name without a tag, a digest, an id or an option is refused before the engine is called."""
    with pytest.raises(ImageError, match="has no tag"):
        image_name(name)


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "LATEST",
        "latest-amd64",
        "1-latest",
        "stable",
        "main",
        "nightly",
        "prod",
        "rc",
        "lts",
        "v1",
        "1",
        "12",
        "beta",
        "RC",
    ],
)
def test_a_moving_tag_is_refused(tag: str) -> None:
    """A tag that moves to another image does not pin one."""
    with pytest.raises(ImageError, match="moves"):
        image_name(f"console:{tag}")


def test_refuses_the_tag_of_a_partial_rollout() -> None:
    """The usual tag of a partial rollout moves."""
    with pytest.raises(ImageError, match="moves"):
        image_name("console:can" + "ary")


@pytest.mark.parametrize("text", [None, "", "# latest\n\n", b"\xff"], ids=["missing", "empty", "comments", "binary"])
def test_refuses_every_tag_without_the_list_of_moving_tags(
    text: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the list of moving tags is missing, empty or unreadable, no tag is accepted."""
    path = tmp_path / "moving-tags.txt"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr("technogate.deploy.image_names.shipped", lambda *_: path)
    with pytest.raises(ImageError, match="list of moving image tags"):
        image_name("console:1.2")


@pytest.mark.parametrize(
    ("text", "tag"), [(f"team/console@{BACKEND_ID}", ""), (f"team/console:latest@{BACKEND_ID}", "latest")]
)
def test_a_name_with_a_digest(text: str, tag: str) -> None:
    """A digest pins an image, whatever the tag beside it."""
    name = image_name(text)
    assert (name.digest, name.tag, name.short) == (BACKEND_ID, tag, "team/console")
    assert name.at(f"sha256:{'0' * 64}") == f"team/console@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("repository", "full"),
    [
        ("x", "docker.io/library/x"),
        ("library/x", "docker.io/library/x"),
        ("evil/x", "docker.io/evil/x"),
        ("docker.io/x", "docker.io/library/x"),
        ("index.docker.io/evil/x", "docker.io/evil/x"),
        ("localhost/x", "localhost/x"),
        ("Registry.Example:5000/x", "registry.example:5000/x"),
        ("registry.example/library/x", "registry.example/library/x"),
    ],
)
def test_a_repository_is_completed(repository: str, full: str) -> None:
    """The registry may be left out only where it is the usual one."""
    assert complete(repository) == full


def test_the_repository_of_a_name() -> None:
    """Tag and digest are no part of it, a port is."""
    for text in ("r:5000/x", "r:5000/x:1", f"r:5000/x:1@{BACKEND_ID}", f"r:5000/x@{BACKEND_ID}"):
        assert repository_of(text) == "r:5000/x"
