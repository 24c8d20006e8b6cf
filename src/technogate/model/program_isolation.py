"""Whether a program under test was kept from the gate: from its files, its memory and its processes."""

from __future__ import annotations

from collections.abc import Iterable

from technogate.model.record import Record

#: What a verdict says when every program that the gate started was.
ISOLATED = "isolated"


class ProgramIsolation(Record, frozen=True, tag_field="event", tag="isolation"):
    """How one program under test was kept from the gate: `isolated`, or why it was not."""

    program: str
    isolation: str


def isolation_of_run(programs: Iterable[ProgramIsolation], *, started_by_gate: bool) -> str:
    """What a verdict says of a whole run: `isolated`, or `not isolated` and why, program by program."""
    known = dict.fromkeys((one.program, one.isolation) for one in programs)
    open_ones = [f"{program}: {why}" for program, why in known if why != ISOLATED]
    if not started_by_gate:
        open_ones.append("a side that the gate did not start may be of its own user")
    if open_ones:
        return f"not isolated: {'; '.join(open_ones)}"
    return ISOLATED if known else "not isolated: the run started no program"
