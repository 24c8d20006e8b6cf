"""The engine of this machine: what it says of a name, and that nothing else answers in its place."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from technogate.deploy import engine_images
from technogate.deploy.engine_images import engine_sockets, find_image
from technogate.deploy.image_names import ImageError, image_name
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, CONSOLE_ID, described
from tests.deploy.stand_in_engine import StandInEngine

REGISTRY = f"sha256:{'d' * 64}"


def test_an_image_by_its_tag(engine: StandInEngine) -> None:
    """The id, and no digest of a registry where it was never pushed."""
    found = find_image(image_name(BACKEND_NAME))
    assert (found.id, found.registry_digest, engine.asked) == (BACKEND_ID, "", [BACKEND_NAME])


def test_an_image_by_its_digest(engine: StandInEngine) -> None:
    """The engine knows the digest of the registry, and which image it is."""
    name = f"techno-os-console@{REGISTRY}"
    engine.images = {name: described("techno-os-console:9", CONSOLE_ID, name)}
    found = find_image(image_name(name))
    assert (found.id, found.registry_digest) == (CONSOLE_ID, REGISTRY)


def test_the_usual_registry_may_be_left_out(engine: StandInEngine) -> None:
    """The engine leaves its own registry out of a tag."""
    engine.images = {"docker.io/x/y:1.2": described("x/y:1.2", BACKEND_ID)}
    assert find_image(image_name("docker.io/x/y:1.2")).id == BACKEND_ID


@pytest.mark.parametrize(
    ("name", "response", "why"),
    [
        (BACKEND_NAME, b"", "not JSON"),
        (BACKEND_NAME, b"no", "not JSON"),
        (BACKEND_NAME, b'{"Id":"a","Id":"b"}', "not JSON"),
        (BACKEND_NAME, [], "does not describe one image"),
        (BACKEND_NAME, {"RepoTags": [BACKEND_NAME]}, "gives no id"),
        (BACKEND_NAME, described(BACKEND_NAME, "b" * 64), "gives no id"),
        (BACKEND_NAME, described(BACKEND_NAME, BACKEND_ID + "0"), "gives no id"),
        (BACKEND_NAME, {"Id": BACKEND_ID}, "no image that is tagged"),
        (BACKEND_NAME, {"Id": BACKEND_ID, "RepoTags": None}, "no image that is tagged"),
        (BACKEND_NAME, described("<none>:<none>", BACKEND_ID), "no image that is tagged"),
        (BACKEND_NAME, described("techno-os-backend:1.2", BACKEND_ID), "no image that is tagged"),
        ("evil/x:1.2", described("x:1.2", BACKEND_ID), "no image that is tagged"),
        ("x:1.2", described("evil/x:1.2", BACKEND_ID), "no image that is tagged"),
        (f"evil/x@{REGISTRY}", described("x:1.2", BACKEND_ID, f"x@{REGISTRY}"), "the engine has no image"),
    ],
)
def test_refuses_an_unusable_response(engine: StandInEngine, name: str, response: Any, why: str) -> None:
    """Anything but one image with its id and exactly this name is refused, on one line."""
    engine.images = {name: response}
    with pytest.raises(ImageError, match=why) as caught:
        find_image(image_name(name))
    assert "\n" not in str(caught.value)


def test_reports_a_missing_image(engine: StandInEngine) -> None:
    """The message of the engine is the reason."""
    with pytest.raises(ImageError, match="No such image: techno-os-console"):
        find_image(image_name("techno-os-console:9.9"))
    assert engine.asked == ["techno-os-console:9.9"]


def test_a_response_without_end_is_cut(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read than a description can have."""
    monkeypatch.setattr(engine_images, "_MOST", 1000)
    engine.images = {BACKEND_NAME: json.dumps({"x": "y" * 2000}).encode()}
    with pytest.raises(ImageError, match="more than 1000 bytes"):
        find_image(image_name(BACKEND_NAME))


def test_an_engine_that_hangs(engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine without a response is abandoned after the timeout."""
    monkeypatch.setattr(engine_images, "RESPONSE_S", 0.2)
    engine.silent = True
    with pytest.raises(ImageError, match="did not respond"):
        find_image(image_name(BACKEND_NAME))


def test_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a socket, or with one that nobody listens on, the id behind a tag is unknown."""
    path = tmp_path / "s"
    monkeypatch.setattr(engine_images, "engine_sockets", lambda: [path])
    for state in ("missing", "a file", "silent"):
        if state == "a file":
            path.write_text("")
        if state == "silent":
            path.unlink()
            path = Path("gone.sock")
            monkeypatch.chdir(tmp_path)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
        with pytest.raises(ImageError, match="does not respond" if state == "silent" else "no container engine"):
            find_image(image_name(BACKEND_NAME))


def test_the_sockets_are_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment names an engine, a home or a program."""
    known = list(engine_sockets())
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "HOME", "XDG_RUNTIME_DIR", "PATH", "CONTAINER_HOST"):
        monkeypatch.setenv(name, "/evil")
    assert list(engine_sockets()) == known
    assert not [path for path in known if "evil" in str(path)]
