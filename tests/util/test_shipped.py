"""Shipped data: found in the checkout, and in an installed package in the copy that the wheel holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.util import shipped as shipped_data
from technogate.util.shipped import ShippedDataError, shipped
from tests.conftest import ROOT


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package without shipped data."""
    monkeypatch.setattr(shipped_data, "PACKAGE", tmp_path / "site-packages" / "technogate")
    shipped_data.shipped_root.cache_clear()
    yield tmp_path / "site-packages" / "technogate"
    shipped_data.shipped_root.cache_clear()


def test_finds_the_checkout() -> None:
    """In a checkout the shipped data is at its root."""
    assert shipped("images", "embedded.toml") == ROOT / "images" / "embedded.toml"


def test_finds_the_copy_in_the_wheel(installed: Path) -> None:
    """The wheel holds every part in the folder that is searched."""
    for name in ("suites", "contracts"):
        (installed / "_shipped" / name).mkdir(parents=True)
    assert shipped() == installed / "_shipped"
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(included["force-include"].values()) == {
        f"technogate/_shipped/{name}" for name in included["force-include"]
    }


@pytest.mark.usefixtures("installed")
def test_reports_a_missing_copy() -> None:
    """An incomplete installation is one line with a hint."""
    with pytest.raises(ShippedDataError, match="install technogate again"):
        shipped("suites")
