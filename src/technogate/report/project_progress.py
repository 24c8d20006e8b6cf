"""The progress of a project: its phases, and its gaps run after run. Shown in `STATUS.html` and in `report.html`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["done", "next", "blocked"]

#: The burn-down chart: width and height in its own units, and the most runs that it shows.
WIDTH, HEIGHT, MOST = 720, 220, 24
_LEFT, _TOP, _BOTTOM = 36, 24, 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase: its state, the evidence for that state, and the next command ("" when it is done)."""

    number: int
    title: str
    state: State
    evidence: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStep:
    """One run of `technogate gaps`: how many gaps are open after it, by priority, and what it changed."""

    run: str
    source: str
    at: str
    critical: int
    unproven: int
    minor: int
    new: int
    closed: int

    @property
    def open(self) -> int:
        """The number of open gaps."""
        return self.critical + self.unproven + self.minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectProgress:
    """A project: its six phases, and its gaps after each run, oldest first."""

    title: str
    phases: tuple[Phase, ...]
    steps: tuple[PhaseStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar: its class, its top and its height."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of the chart: its position, and the run that it shows."""

    x: float
    width: float
    top: float
    parts: tuple[Part, ...]
    step: PhaseStep


def bars(steps: tuple[PhaseStep, ...]) -> tuple[Bar, ...]:
    """The bars of the latest `MOST` runs; the bar of the most open gaps fills the height of the chart."""
    shown = steps[-MOST:]
    most = max((step.open for step in shown), default=0) or 1
    slot = (WIDTH - _LEFT) / max(len(shown), 6)
    base, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    drawn = []
    for number, step in enumerate(shown):
        parts, top = [], float(base)
        for name, count in (("FAIL", step.critical), ("INCONCLUSIVE", step.unproven), ("plain", step.minor)):
            height = room * count / most
            top -= height
            if count:
                parts.append(Part(name=name, y=round(top, 1), height=round(height, 1)))
        width = min(slot * 0.7, 64)
        x = _LEFT + number * slot + (slot - width) / 2
        drawn.append(Bar(x=round(x, 1), width=round(width, 1), top=round(top, 1), parts=tuple(parts), step=step))
    return tuple(drawn)
