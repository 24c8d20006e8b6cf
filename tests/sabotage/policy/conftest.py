"""What the tests of deployments share: the stand-in for the engine of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from technogate.deploy import engine_images
from tests.deploy.sealed import both
from tests.deploy.stand_in_engine import StandInEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInEngine]:
    """The engine of this machine, which knows both images; a test changes what it knows."""
    stand_in = StandInEngine(both())
    monkeypatch.setattr(engine_images, "engine_sockets", stand_in.sockets())
    yield stand_in
    stand_in.close()
