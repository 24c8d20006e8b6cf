"""Requirements: the numbered sentences that a target must meet."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec


class Party(StrEnum):
    """Whose program must change when a requirement fails."""

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

    def concerns(self, parties: Collection[str]) -> bool:
        """Whether it is judged when `parties` are described: a pair's requirement needs both."""
        if self.party is Party.PAIR:
            return {Party.BACKEND.value, Party.CONSOLE.value} <= set(parties)
        return self.party.value in parties
