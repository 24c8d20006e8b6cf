"""Attempts with a real compose and a real engine. Each needs an engine; without one it is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from technogate.model.container_facts import container_isolation, container_problems
from technogate.model.errors import UserError
from technogate.target.compose.compose_target import ComposeTarget
from technogate.target.compose.container import Container
from technogate.target.compose.project_variables import EXAMPLE_VALUES
from tests.containers import KEY, built_on, docker, left_of, reference_target, target_of

pytestmark = pytest.mark.slow

PAIR = "[compose]\nfiles = ['own.yml']\n[backend]\n[console]\n"
SERVE = ["python", "-m", "techno_backend", "--host", "0.0.0.0", "--port", "8000"]  # noqa: S104 - within the container

#: A compose file as its author writes it, with what compose itself resolves; and what the refusal names.
OVERLAYS: dict[str, tuple[dict[str, Any], str]] = {
    "an entrypoint": ({"services": {"backend": {"entrypoint": ["sh", "-c", "exit 0"]}}}, "`entrypoint`"),
    "what another file has, by `extends`": (
        {"services": {"backend": {"extends": {"file": "base.yml", "service": "base"}}}}, "the service backend has",
    ),
    "variables of a file": ({"services": {"backend": {"env_file": ["given.env"]}}}, "LD_PRELOAD"),
    "a variable that follows the key": (
        {"services": {"console": {"user": "${TECHNO_API_KEY}"}}}, "the service console has `user`",
    ),
    "a profile": ({"services": {"console": {"profiles": ["never"]}}}, "the service console"),
    "files over its program": (
        {"services": {"backend": {"volumes": ["./given:/app/techno_backend:ro"]}}}, "of its image",
    ),
    "files over a link to its programs": ({"services": {"backend": {"volumes": ["./given:/bin:ro"]}}}, "of its image"),
    "the socket of the engine": (
        {"services": {"backend": {"volumes": ["/var/run/docker.sock:/run/docker.sock:ro"]}}}, "must lie below",
    ),
    "the machine as a volume": (
        {
            "services": {"backend": {"volumes": ["kept:/data"]}},
            "volumes": {"kept": {"driver_opts": {"type": "none", "o": "bind", "device": "/"}}},
        },
        "no volume of this run",
    ),
    "a service in its network": (
        {"services": {"helper": {"image": "helper:1", "network_mode": "service:backend"}}}, "helper joins the backend",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> ComposeTarget:
    """The reference pair as images."""
    return reference_target()


def own_file(folder: Path, overlay: dict[str, Any]) -> ComposeTarget:
    """A target with a compose file of its own."""
    (folder / "own.yml").write_text(yaml.safe_dump(overlay))
    return target_of(PAIR, folder)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.sabotage(f"a real compose resolves for the pair {what}"), id=what)
        for what in OVERLAYS
    ],
)
def test_what_compose_itself_resolves(reference: ComposeTarget, tmp_path: Path, what: str) -> None:
    """Refused in one line before anything runs."""
    assert reference
    (tmp_path / "given").mkdir()
    (tmp_path / "given.env").write_text("LD_PRELOAD=/data/x.so\n")
    (tmp_path / "base.yml").write_text("services: {base: {image: 'x:1', privileged: true}}\n")
    overlay, named = OVERLAYS[what]
    with pytest.raises(UserError) as refused:
        own_file(tmp_path, overlay).preflight()
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)
    assert left_of(EXAMPLE_VALUES["project"]) == []


@pytest.mark.sabotage("a compose file is exchanged after it was looked at, and before the containers start")
def test_a_file_that_is_exchanged_in_between(reference: ComposeTarget, tmp_path: Path) -> None:
    """The containers are seen as they run: with another command, user and privileges, and with the machine's files."""
    (tmp_path / "given").mkdir()
    target = own_file(tmp_path, {"services": {"backend": {"environment": {"TEAM": "1"}}}})
    target.preflight()
    helper = {
        "image": reference.ref.images["console"].name,
        "networks": ["techno-net"],
        "volumes": ["/var/run/docker.sock:/var/run/docker.sock"],
    }
    own_file(
        tmp_path,
        {
            "services": {
                "backend": {
                    "command": ["sh", "-c", f"exec {' '.join(SERVE)}"],
                    "user": "0:0",
                    # Not every machine lets a container have all privileges.
                    "cap_add": ["NET_RAW"],
                    "pid": "host",
                    "volumes": ["./given:/given"],
                },
                "console": {"depends_on": ["helper"]},
                "helper": helper,
            }
        },
    )
    with target.start(KEY) as pair:
        facts = {one.program: one for one in pair.container_facts((tmp_path / "reports",))}
        project = pair.project.name
    problems = " ".join(container_problems(facts.values(), ["backend", "console"]))
    for named in ("its command is", "its user is", "CapAdd is", "PidMode is host", "mounted at /given"):
        assert named in problems
    assert "console did not run" not in problems
    assert "docker.sock" in container_isolation(facts["helper"])
    assert "PidMode is host" in container_isolation(facts["backend"])
    assert container_isolation(facts["console"]) == "isolated"
    assert KEY not in str(facts)
    assert left_of(project) == []


@pytest.mark.sabotage("another image gets the tag of the backend once the gate has looked at it")
def test_a_tag_that_moves_in_between(reference: ComposeTarget, tmp_path: Path) -> None:
    """The image that runs is compared with the one that was looked at, by digest."""
    image = reference.ref.images["backend"].name
    tag = "technogate-test-moves:1"
    docker("tag", image, tag)
    try:
        target = target_of(f"[compose]\nbackend_image = '{tag}'\n[backend]\n[console]\n", tmp_path)
        target.preflight()
        docker("tag", built_on(image, "LABEL another=one"), tag)
        with pytest.raises(UserError, match="backend runs the image"):
            target.start(KEY)
    finally:
        docker("image", "rm", "--force", tag)


def test_the_reference_pair_is_isolated(reference: ComposeTarget, tmp_path: Path) -> None:
    """Nothing is found where nothing is wrong, further consoles included."""
    with reference.start(KEY) as pair, pair.start_console("http://127.0.0.1:1", "AnotherKey123") as console:
        assert isinstance(console.program, Container)
        facts = pair.container_facts((tmp_path,))
    assert [one.program for one in facts] == ["console-2", "backend", "console"]
    assert container_problems(facts, ["backend", "console"]) == []
    assert {container_isolation(one) for one in facts} == {"isolated"}
