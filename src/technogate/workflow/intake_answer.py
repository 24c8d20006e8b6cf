"""The answer to an intake as a record. Its JSON Schema is `contracts/schemas/intake.schema.json`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

Days = Annotated[float, msgspec.Meta(ge=0, le=1000, description="days of work; a week has five")]
Filled = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class State(StrEnum):
    """Whether a layer or an endpoint exists."""

    EXISTS = "exists"
    PARTIAL = "partial"
    MISSING = "missing"


class Priority(StrEnum):
    """The weight of a gap: the console cannot work with a critical one."""

    CRITICAL = "critical"
    MINOR = "minor"


class Area(StrEnum):
    """What must not be redesigned."""

    AUTHENTICATION = "authentication"
    AUDIT = "audit"
    GOVERNANCE = "governance"


class _AnswerPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the answer's tables."""


class Entry(_AnswerPart, frozen=True):
    """A layer or an endpoint: its state, the evidence, what is missing, and days of work."""

    state: State
    evidence: Text
    gap: Text
    effort_days: Days


class Gap(_AnswerPart, frozen=True):
    """A gap: the layer or endpoint that it concerns, its weight, and how to fix it ("" when unknown)."""

    concerns: Filled
    priority: Priority
    what: Filled
    fix: Text


class Gaps(_AnswerPart, frozen=True):
    """The gaps; `none` is true when there is no gap."""

    none: bool
    list: tuple[Gap, ...] = ()


class IntakeAnswer(_AnswerPart, frozen=True):
    """The whole answer. `digest` is the sha256 of the contract that was answered; `weeks` is the total work."""

    contract: Filled
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    team: Filled
    weeks: Annotated[float, msgspec.Meta(ge=0, le=520)]
    redesign: tuple[Area, ...]
    schema_change: bool
    trace_ids: bool
    layer: dict[str, Entry]
    endpoint: dict[str, Entry]
    gaps: Gaps
