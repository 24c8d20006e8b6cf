"""What the tests of deployments share: the stand-in for the engine of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

import pytest

from technogate.deploy import engine_images
from technogate.util import gate_digest, installed_packages
from tests.deploy.sealed import both
from tests.deploy.stand_in_engine import StandInEngine

#: What `gate_read_once` replaces: a test that changes files of the gate takes it back.
HASH_OF_FILES = gate_digest._hash_of_files


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInEngine]:
    """The engine of this machine, which knows both images; a test changes what it knows."""
    stand_in = StandInEngine(both())
    monkeypatch.setattr(engine_images, "engine_sockets", stand_in.sockets())
    yield stand_in
    stand_in.close()


@pytest.fixture(autouse=True)
def gate_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of deployments changes a file of the gate or of a package: they are read once, which takes a second."""
    monkeypatch.setattr(gate_digest, "packages_digest", _packages_digest)
    monkeypatch.setattr(gate_digest, "_hash_of_files", lambda: _hash().copy())


@cache
def _packages_digest() -> str:
    return installed_packages.packages_digest()


@cache
def _hash() -> hashlib._Hash:
    return HASH_OF_FILES()
