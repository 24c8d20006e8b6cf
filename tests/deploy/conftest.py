"""What the tests of deployments share: the stand-in for the engine of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from technogate.deploy import engine_images
from technogate.util import gate_digest, installed_packages
from tests.deploy.sealed import both
from tests.deploy.stand_in_engine import StandInEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInEngine]:
    """The engine of this machine, which knows both images; a test changes what it knows."""
    stand_in = StandInEngine(both())
    monkeypatch.setattr(engine_images, "engine_sockets", stand_in.sockets())
    yield stand_in
    stand_in.close()


@pytest.fixture(autouse=True)
def packages_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of deployments changes an installed package: their files are read once, which takes half a second."""
    monkeypatch.setattr(gate_digest, "packages_digest", _packages_digest)


@cache
def _packages_digest() -> str:
    return installed_packages.packages_digest()
