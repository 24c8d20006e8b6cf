"""The rubric of an evaluation: rules over the counts of an answer. Of the rules that apply, the strictest decides.

The ranges overlap: GO allows up to 3 weeks and CAUTION begins at 2; CAUTION ends at 4 and HOLD begins there; GO forbids
only critical gaps and CAUTION is for minor ones. Where two rules apply, the stricter one wins. Cases that the rubric
does not cover (one or two critical gaps, three minor ones, a minor one without a fix) have rules of their own: HOLD.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from technogate.util.phrases import many

DAYS_A_WEEK = 5

#: Two months, the least that counts as "months of work".
MONTHS_WEEKS = 8


class RubricDecision(StrEnum):
    """The result of an evaluation."""

    GO = "GO"
    CAUTION = "CAUTION"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The counts, weeks of work and yes-or-no values of a complete answer."""

    details: int
    critical: int
    minor: int
    minor_without_fix: int
    weeks: float
    redesign: tuple[str, ...]
    schema_change: bool
    trace_ids: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricRule:
    """One rule: it leads to `decision` when it `applies`; `observed` gives the values that it is applied to."""

    id: str
    decision: RubricDecision
    text: str
    observed: Callable[[Measured], str]
    applies: Callable[[Measured], bool]
    red_flag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A rule and whether it applies; `applies` is None when the answer is too incomplete to know."""

    rule: RubricRule
    observed: str
    applies: bool | None


def _critical(m: Measured) -> str:
    return f"{m.critical} critical"


def _minor(m: Measured) -> str:
    return f"{m.minor} minor, {m.minor_without_fix} without a fix"


def _weeks(m: Measured) -> str:
    return f"{m.weeks:g} weeks"


def _all(m: Measured) -> str:
    return f"{_critical(m)}, {_weeks(m)}, {len(red_flags(m))} red flags"


#: The only rule that applies to an incomplete answer.
INCOMPLETE = RubricRule(
    id="H1", decision=RubricDecision.HOLD, text="a section is incomplete", observed=lambda _: "nothing is missing",
    applies=lambda _: False,
)  # fmt: skip

RULES: tuple[RubricRule, ...] = (
    INCOMPLETE,
    RubricRule(
        id="H2", decision=RubricDecision.HOLD, red_flag=True, text="a redesign of authentication, audit or governance",
        observed=lambda m: ", ".join(m.redesign) or "none", applies=lambda m: bool(m.redesign),
    ),
    RubricRule(
        id="H3", decision=RubricDecision.HOLD, red_flag=True, text="a schema change",
        observed=lambda m: "yes" if m.schema_change else "no", applies=lambda m: m.schema_change,
    ),
    RubricRule(
        id="H4", decision=RubricDecision.HOLD, red_flag=True, text="no trace ids",
        observed=lambda m: "trace ids" if m.trace_ids else "no trace ids", applies=lambda m: not m.trace_ids,
    ),
    RubricRule(
        id="H5", decision=RubricDecision.HOLD, red_flag=True, text=f"months of work: {MONTHS_WEEKS} weeks or more",
        observed=_weeks, applies=lambda m: m.weeks >= MONTHS_WEEKS,
    ),
    RubricRule(
        id="H6", decision=RubricDecision.HOLD, text="3 or more critical gaps",
        observed=_critical, applies=lambda m: m.critical >= 3,
    ),
    RubricRule(
        id="H7", decision=RubricDecision.HOLD, text="4 weeks of work or more",
        observed=_weeks, applies=lambda m: m.weeks >= 4,
    ),
    RubricRule(
        id="H8", decision=RubricDecision.HOLD, text="1 or 2 critical gaps: CAUTION is for minor gaps only",
        observed=_critical, applies=lambda m: 1 <= m.critical <= 2,
    ),
    RubricRule(
        id="H9", decision=RubricDecision.HOLD, text="3 or more minor gaps: CAUTION is for 1 or 2",
        observed=_minor, applies=lambda m: m.minor >= 3,
    ),
    RubricRule(
        id="H10", decision=RubricDecision.HOLD, text="a minor gap without a fix: CAUTION is for gaps with a fix",
        observed=_minor, applies=lambda m: m.minor_without_fix > 0,
    ),
    RubricRule(
        id="C1", decision=RubricDecision.CAUTION, text="details are missing",
        observed=lambda m: f"{m.details} missing", applies=lambda m: m.details > 0,
    ),
    RubricRule(
        id="C2", decision=RubricDecision.CAUTION, text="1 or 2 minor gaps, each with a fix",
        observed=_minor, applies=lambda m: 1 <= m.minor <= 2 and not m.minor_without_fix,
    ),
    RubricRule(
        id="C3", decision=RubricDecision.CAUTION, text="2 to 4 weeks of work",
        observed=_weeks, applies=lambda m: 2 <= m.weeks <= 4,
    ),
    RubricRule(
        id="G1", decision=RubricDecision.GO,
        text="three sections complete, no critical gap, 3 weeks of work or less, no redesign, no red flag",
        observed=_all,
        applies=lambda m: not m.details and not m.critical and m.weeks <= 3 and not red_flags(m),
    ),
)  # fmt: skip


def red_flags(measured: Measured) -> tuple[RubricRule, ...]:
    """The red flags that an answer raises."""
    return tuple(rule for rule in RULES if rule.red_flag and rule.applies(measured))


def ruled(measured: Measured | None, missing: int) -> tuple[Ruling, ...]:
    """Every rule and whether it applies; with something `missing`, only the first rule is known to apply."""
    if measured is None or missing:
        first = Ruling(rule=INCOMPLETE, observed=f"{many(missing, 'thing')} missing or unreadable", applies=True)
        return (first, *(Ruling(rule=rule, observed="not known", applies=None) for rule in RULES[1:]))
    return tuple(Ruling(rule=rule, observed=rule.observed(measured), applies=rule.applies(measured)) for rule in RULES)


def deciding(rulings: tuple[Ruling, ...]) -> RubricRule:
    """The rule that decides: the first one that applies, because the strictest come first.

    Raises ValueError when none applies.
    """
    rule = next((ruling.rule for ruling in rulings if ruling.applies), None)
    if rule is None:
        raise ValueError("no rule of the rubric applies")
    return rule
