"""The items of a run: what was planned, how each ended, and what it found."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from technogate.model.record import Record

#: The beginning of the name of the item that must fail, one in each process of a run, and what stands for its
#: requirement: no contract has it, so that the item counts as no result of a target.
MUST_FAIL, SELF_TEST = "::must-fail", "self-test"


class Outcome(StrEnum):
    """How one test item ended. `errored` is not `failed`: the check itself broke."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class PlannedItem(Record, frozen=True):
    """One test item that the run planned."""

    item: str
    requirement: str
    subject: str
    driver: str = ""


class Plan(Record, frozen=True, tag_field="event", tag="plan"):
    """Every item collected, and every requirement that has a check at all."""

    items: tuple[PlannedItem, ...]
    covered: tuple[str, ...] = ()


class ItemResult(Record, frozen=True, tag_field="event", tag="result"):
    """How one item ended, and how many checks it made."""

    item: str
    requirement: str
    outcome: Outcome
    checks: int
    seconds: float
    reason: str = ""
    hint: str = ""


class Finding(Record, frozen=True, tag_field="event", tag="finding"):
    """One violation of one requirement, with all that is needed to reproduce it.

    `example` is the smallest input (or response) found that shows it, as field and value. `item` and
    `requirement` are filled in by the run; a check leaves them empty. `smallest` is what the item's
    generator needs to run that example again, "" for an item that generates nothing.
    """

    check: str
    expected: str
    observed: str
    item: str = ""
    requirement: str = ""
    operation: str = ""
    example: dict[str, str] = msgspec.field(default_factory=dict)
    exchanges: tuple[str, ...] = ()
    rendered_outputs: tuple[str, ...] = ()
    trace_id: str = ""
    smallest: str = ""
