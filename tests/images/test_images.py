"""The images of the reference pair: their Dockerfiles, and the built images."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from technogate.checks.image_contents import image_has_health_check, image_holds_no_secret, image_runs_as_non_root
from technogate.target.compose.compose_pair import ComposePair
from technogate.target.compose.compose_target import ComposeTarget
from technogate.target.compose.image_layers import secrets_in_layers
from technogate.target.compose.images import facts, image_names
from technogate.target.compose.network import status_from_within
from technogate.target.spec import ComposeSpec
from tests.conftest import ROOT
from tests.containers import KEY, built_on, reference_target, target_of

pytestmark = pytest.mark.slow

DOCKERFILES = [ROOT / "images" / side / "Dockerfile" for side in ("backend", "console")]


@pytest.fixture(scope="module")
def reference() -> ComposeTarget:
    """The reference pair as images."""
    return reference_target()


def compose_file() -> dict[str, Any]:
    """The gate's own compose file."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.test.yml").read_text())
    return document


# ---- what the files say ----


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_dockerfile_promises(path: Path) -> None:
    """Every stage has a replaceable base; the image runs as non-root, with a health check, without a key."""
    text = path.read_text()
    assert "ARG BASE_IMAGE=python:3.11-slim\n" in text
    assert all("${BASE_IMAGE}" in line for line in text.splitlines() if line.startswith("FROM "))
    last = text[text.rindex("FROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n +CMD \[", last, re.MULTILINE)
    assert not re.search(r"^(ENV|ARG) .*(KEY|TOKEN|PASSWORD|SECRET)", text, re.MULTILINE)
    assert "ADD http" not in text


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_health_checks_are_valid_python(path: Path) -> None:
    """The code of each health check compiles: a mistake in it would only show in a container."""
    [line] = re.findall(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", path.read_text(), re.MULTILINE)
    program, option, source = json.loads(line)
    assert (program, option) == ("python", "-ISc")
    compile(source, path.name, "exec")


def test_compose_services() -> None:
    """Console and backend, and a database on request, on one network, published on loopback alone."""
    document = compose_file()
    assert set(document["services"]) == {"backend", "console", "postgres"}
    assert set(document["networks"]) == {"techno-net"}
    for name, service in document["services"].items():
        assert service["networks"] == ["techno-net"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert "healthcheck" in service
    assert document["services"]["postgres"]["profiles"] == ["postgres"]
    assert document["services"]["console"]["depends_on"] == {
        "backend": {"condition": "${BACKEND_READY:-service_healthy}"}
    }


def test_compose_file_has_no_fixed_values() -> None:
    """Keys, origins, images and ports come from the environment, and no key has a default."""
    services = compose_file()["services"]
    assert services["backend"]["environment"]["TECHNO_API_KEY"].startswith("${TECHNO_API_KEY:?")
    assert services["console"]["environment"]["NEXT_PUBLIC_API_KEY"] == "${NEXT_PUBLIC_API_KEY-}"
    assert services["backend"]["environment"]["TECHNO_ALLOWED_ORIGINS"].startswith("${TECHNO_ALLOWED_ORIGINS:-")
    assert services["backend"]["ports"] == ["127.0.0.1:${BACKEND_PORT:-}:${BACKEND_PORT_WITHIN:-8000}"]
    assert services["console"]["ports"] == ["127.0.0.1:${CONSOLE_PORT:-}:${CONSOLE_PORT_WITHIN:-3000}"]
    for side in ("backend", "console"):
        assert services[side]["image"].startswith(f"${{{side.upper()}_IMAGE:-")


def test_reference_image_is_named_after_its_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another base gives another image; a name in the environment overrides one in the target file."""
    for name in ("BACKEND_IMAGE", "CONSOLE_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BASE_IMAGE", "one")
    names = image_names(ComposeSpec(), ("backend", "console"))
    monkeypatch.setenv("BASE_IMAGE", "another")
    another = image_names(ComposeSpec(), ("backend", "console"))
    assert re.fullmatch(r"techno-os-backend:reference-[0-9a-f]{12}", names["backend"])
    assert not set(names.values()) & set(another.values())
    assert image_names(ComposeSpec(backend_image="said:1"), ("backend",)) == {"backend": "said:1"}
    monkeypatch.setenv("BACKEND_IMAGE", "named:1")
    assert image_names(ComposeSpec(backend_image="said:1"), ("backend",)) == {"backend": "named:1"}


# ---- what an engine finds; needs one ----


@pytest.mark.parametrize("side", ["backend", "console"])
def test_reference_images_hold_no_secret(reference: ComposeTarget, side: str) -> None:
    """The built images have a non-root user, a health check and no secret (STK-07, STK-08)."""
    name = reference.ref.images[side].name
    found, files = secrets_in_layers(name, KEY)
    assert files > 1000
    assert not [
        *image_holds_no_secret(facts(name), found, KEY),
        *image_runs_as_non_root(facts(name)),
        *image_has_health_check(facts(name)),
    ]


def test_secret_that_a_later_layer_removes(reference: ComposeTarget) -> None:
    """A secret that a later layer removes is still in the image, and is found."""
    name = built_on(
        reference.ref.images["console"].name,
        f"USER root\nRUN echo TECHNO_API_KEY={KEY} > /srv/.env\nRUN rm /srv/.env\nENV DB_PASSWORD=tr0ub4dor\n"
        "LABEL kept=yes\nHEALTHCHECK NONE",
    )
    found, _ = secrets_in_layers(name, KEY)
    assert {secret.place for secret in found} == {"/srv/.env"}
    assert {secret.what for secret in found} == {"a value for TECHNO_API_KEY", "the API key of this pair"}
    [finding] = image_holds_no_secret(facts(name), found, KEY)
    assert "environment DB_PASSWORD" in finding.observed
    assert "history: a value for TECHNO_API_KEY" in finding.observed
    assert KEY not in finding.observed
    assert image_runs_as_non_root(facts(name))
    assert image_has_health_check(facts(name))


def test_backend_responds_at_its_service_name(reference: ComposeTarget) -> None:
    """Within the network the backend responds at its service name, and an unknown name does not."""
    with reference.start(KEY) as pair:
        backend, console = containers_of(pair)
        assert status_from_within([console], "http://backend:8000/health") == "200"
        assert status_from_within([console], "http://backend:8000/nothing") == "404"
        assert status_from_within([console], "http://nobody:8000/health") not in ("200", None)
        network = next(iter(console.networks))
        console.cut_off()
        assert console.networks == {}
        assert status_from_within([console], "http://backend:8000/health") != "200"
        assert backend.networks == {network: "techno-net"}


def containers_of(pair: ComposePair) -> Any:
    """The two containers of a pair."""
    assert pair.backend is not None
    assert pair.console is not None
    return pair.backend.program, pair.console.program


def test_target_file_describes_other_images(reference: ComposeTarget, tmp_path: Path) -> None:
    """A target file describes other images, with a command line that compose reads."""
    target = target_of(f"[compose]\nbackend_image = '{reference.ref.images['backend'].name}'\n[backend]\n", tmp_path)
    target.preflight()
    assert target.ref.parties == ("backend",)
    assert target.ref.images == {"backend": reference.ref.images["backend"]}
    with target.start(KEY) as pair:
        assert pair.console is None
        assert pair.backend is not None
