"""What the attempts at a deployment share with the tests of deployments."""

from __future__ import annotations

from tests.deploy.conftest import engine, gate_read_once

__all__ = ["engine", "gate_read_once"]
