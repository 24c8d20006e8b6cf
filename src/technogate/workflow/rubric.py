"""The rubric of an evaluation: a table of rules over counted facts. The strictest rule that applies decides.

GO asks for fewer than 2 weeks: the bands of GO (up to 3) and CAUTION (2 to 4) overlap, and the stricter wins.
One or two critical gaps, three minor ones, and a minor one without a fix fit neither GO nor CAUTION: HOLD.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

DAYS_A_WEEK = 5
MONTHS_WEEKS = 8


class Decision(StrEnum):
    """What an evaluation comes to."""

    GO = "GO"
    CAUTION = "CAUTION"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the rules look at: counts, weeks of work, and yes or no."""

    incomplete: int
    details_missing: int
    critical: int
    minor: int
    minor_without_fix: int
    weeks: float
    redesigns: int
    schema_change: bool
    trace_ids: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: it leads to `decision` when `applies`. `red_flag` rules are named as such."""

    id: str
    decision: Decision
    text: str
    applies: Callable[[Measured], bool]
    red_flag: bool = False


RULES: tuple[Rule, ...] = (
    Rule(id="H1", decision=Decision.HOLD, text="a section is incomplete", applies=lambda m: m.incomplete > 0),
    Rule(id="H2", decision=Decision.HOLD, text="3 or more critical gaps", applies=lambda m: m.critical >= 3),
    Rule(
        id="H3", decision=Decision.HOLD, red_flag=True, text="a redesign of authentication, audit or governance",
        applies=lambda m: m.redesigns > 0,
    ),
    Rule(id="H4", decision=Decision.HOLD, red_flag=True, text="a schema change", applies=lambda m: m.schema_change),
    Rule(id="H5", decision=Decision.HOLD, red_flag=True, text="no trace ids", applies=lambda m: not m.trace_ids),
    Rule(
        id="H6", decision=Decision.HOLD, red_flag=True, text=f"months of work ({MONTHS_WEEKS} weeks or more)",
        applies=lambda m: m.weeks >= MONTHS_WEEKS,
    ),
    Rule(id="H7", decision=Decision.HOLD, text="4 weeks of work or more", applies=lambda m: m.weeks >= 4),
    Rule(
        id="H8", decision=Decision.HOLD, text="1 or 2 critical gaps: neither GO nor CAUTION allows one",
        applies=lambda m: 1 <= m.critical <= 2,
    ),
    Rule(
        id="H9", decision=Decision.HOLD, text="3 or more minor gaps: neither GO nor CAUTION allows them",
        applies=lambda m: m.minor >= 3,
    ),
    Rule(
        id="H10", decision=Decision.HOLD, text="a minor gap without a fix: CAUTION asks for one",
        applies=lambda m: m.minor_without_fix > 0,
    ),
    Rule(id="C1", decision=Decision.CAUTION, text="details are missing", applies=lambda m: m.details_missing > 0),
    Rule(id="C2", decision=Decision.CAUTION, text="1 or 2 minor gaps with fixes", applies=lambda m: 1 <= m.minor <= 2),
    Rule(
        id="C3", decision=Decision.CAUTION, text="2 weeks of work or more, less than 4",
        applies=lambda m: 2 <= m.weeks < 4,
    ),
    Rule(
        id="G1", decision=Decision.GO,
        text="three sections complete, no gap, less than 2 weeks, no redesign, no red flag",
        applies=lambda m: (
            not (m.incomplete or m.details_missing or m.critical or m.minor or m.redesigns or m.schema_change)
            and m.trace_ids and 0 <= m.weeks < 2
        ),
    ),
)  # fmt: skip


def applied(measured: Measured) -> tuple[Rule, ...]:
    """Every rule that applies, the deciding one first; raises ValueError when none does, which is no decision."""
    found = tuple(rule for rule in RULES if rule.applies(measured))
    if not found:
        raise ValueError("no rule of the rubric applies")
    return found
