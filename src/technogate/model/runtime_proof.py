"""What a run proved of the runtime that a console runs in: the Node of its client module, the browser of its page."""

from __future__ import annotations

import msgspec

from technogate.model.driver_name import DriverName
from technogate.model.record import Record


class RuntimeFault(Record, frozen=True):
    """A kind of response that the runtime itself gets wrong: no console is judged by one.

    `behaviour` is its name among the known answers, `problem` what the runtime does, as the rest of a sentence about
    it. With `stand_in`, an equivalent response that it gets right is sent instead.
    """

    behaviour: str
    problem: str
    stand_in: str = ""


class RuntimeProof(Record, frozen=True, tag_field="event", tag="runtime"):
    """A runtime that was tried on known answers before a console was judged in it, and what it gets wrong.

    `proven` names the behaviours that it gets right; what is neither there nor replaced is not judged. `problem` is
    why the known answers could not be tried at all, "" when they were.
    """

    driver: DriverName
    program: str
    proven: tuple[str, ...] = ()
    faults: tuple[RuntimeFault, ...] = msgspec.field(default=())
    problem: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the report must know about it, one line each."""
        if self.problem:
            return (f"{self.program} could not be tried on known answers: {self.problem}; nothing is judged in it",)
        lines: dict[str, None] = {}
        for fault in self.faults:
            instead = f": {fault.stand_in}" if fault.stand_in else ""
            lines[f"{self.program} {fault.problem}; responses of this kind are not judged{instead}"] = None
        return tuple(lines)
