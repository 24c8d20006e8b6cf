"""Targets: the pair under test, behind one protocol however it is reached."""

from __future__ import annotations

from technogate.target.load import load_target
from technogate.target.process.program import Program
from technogate.target.protocol import Running, RunningBackend, RunningConsole, Target
from technogate.target.spec import AuditSpec, Commands, Selectors, TargetFile

__all__ = [
    "AuditSpec",
    "Commands",
    "Program",
    "Running",
    "RunningBackend",
    "RunningConsole",
    "Selectors",
    "Target",
    "TargetFile",
    "load_target",
]
