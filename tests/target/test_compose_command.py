"""The compose program in use: the plugin, then docker-compose; without either, an error with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.model.errors import UserError
from technogate.target.compose.engine import compose_command

#: Programs as an engine's command line ends: with its plugin, without it, and where no engine answers.
WITH_PLUGIN = "exit 0"
WITHOUT_PLUGIN = '[ "$1" = version ] || { echo "docker: unknown command: docker $1" >&2; exit 1; }'
NO_ENGINE = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, lines: str) -> None:
    """Create a program of this name."""
    (folder / name).write_text(f"#!/bin/sh\n{lines}\n")
    (folder / name).chmod(0o755)


def test_the_plugin_takes_precedence(installed: Path) -> None:
    """If both are installed, the plugin is used."""
    put(installed, "docker", WITH_PLUGIN)
    put(installed, "docker-compose", "exit 0")
    assert compose_command() == ("docker", "compose")


def test_docker_compose_without_the_plugin(installed: Path) -> None:
    """An engine without the plugin is driven by docker-compose."""
    put(installed, "docker", WITHOUT_PLUGIN)
    put(installed, "docker-compose", "exit 0")
    assert compose_command() == ("docker-compose",)


@pytest.mark.parametrize("older", ["", "exit 1"])
def test_no_compose_is_an_error(installed: Path, older: str) -> None:
    """Without either, or with one that does not run, the error has a hint."""
    put(installed, "docker", WITHOUT_PLUGIN)
    if older:
        put(installed, "docker-compose", older)
    with pytest.raises(UserError, match=r"install its compose plugin, or docker-compose 1\.29"):
        compose_command()


def test_no_engine(installed: Path) -> None:
    """Compose needs an engine."""
    put(installed, "docker", NO_ENGINE)
    put(installed, "docker-compose", "exit 0")
    with pytest.raises(UserError, match="needs a Docker engine"):
        compose_command()
