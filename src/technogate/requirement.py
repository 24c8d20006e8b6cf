"""Requirements: the numbered sentences a target is held to."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Party(StrEnum):
    """Who must act when a requirement fails."""

    BACKEND = "backend"
    CONSOLE = "console"
    PAIR = "pair"


class Level(StrEnum):
    """MUST decides the verdict; SHOULD is reported and decides nothing."""

    MUST = "must"
    SHOULD = "should"


class Requirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One requirement of a contract, as `requirements.toml` has it.

    `decisions` are ids of decision records the text rests on; `not_tested` is the reviewed reason
    why no check exists (it explains a gap in a report and never closes it).
    """

    id: str
    party: Party
    level: Level
    group: str
    text: str
    decisions: tuple[str, ...] = ()
    not_tested: str = ""

