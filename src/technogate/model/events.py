"""The events of a journal, and every record that they are made of.

All of them are frozen. Suites and fixtures create them, the journal stores them, judging and report writers read them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from technogate.model.container_facts import ContainerFacts
from technogate.model.driver_name import DriverName
from technogate.model.exchange import (
    BODY_LIMIT,
    Body,
    Disclosure,
    Ended,
    Exchange,
    Headers,
    Request,
    Response,
    by_id,
    header_values,
)
from technogate.model.fit_check import Blame, FitCheck, FoundPart, Misfit
from technogate.model.item_result import Finding, ItemResult, Outcome, Plan, PlannedItem
from technogate.model.program_isolation import ProgramIsolation
from technogate.model.record import Record
from technogate.model.run_header import ContractRef, Footer, Header, ImageRef, TargetRef, Waiver, WriterEnd
from technogate.model.runtime_proof import RuntimeFault, RuntimeProof
from technogate.model.trail_reading import TrailEntry, TrailReading

# fmt: off
__all__ = [
    "BODY_LIMIT",
    "Abort",
    "Blame",
    "Body",
    "ContainerFacts",
    "ContractRef",
    "Disclosure",
    "Ended",
    "Event",
    "Exchange",
    "FaultEvent",
    "Finding",
    "FitCheck",
    "Footer",
    "FoundPart",
    "Header",
    "Headers",
    "ImageRef",
    "ItemResult",
    "Misfit",
    "Outcome",
    "Output",
    "Plan",
    "PlannedItem",
    "PrintedLines",
    "ProgramExit",
    "ProgramIsolation",
    "Proof",
    "Record",
    "RenderedOutput",
    "Request",
    "Response",
    "RunWarning",
    "RuntimeFault",
    "RuntimeProof",
    "SelfTest",
    "Stuck",
    "TargetRef",
    "TrailEntry",
    "TrailReading",
    "Waiver",
    "WriterEnd",
    "by_id",
    "header_values",
]
# fmt: on


class RenderedOutput(Record, frozen=True, tag_field="event", tag="rendered_output"):
    """What the console showed (or its client function returned) after one call.

    `call` is the name of the client's function. `fields` holds what was shown,
    by the name of the part of the page; `rows` the audit list as shown.
    """

    id: str
    item: str
    call: str
    driver: DriverName
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    rows: tuple[dict[str, str], ...] = ()
    exchanges: tuple[str, ...] = ()
    started: float = 0.0
    ended: float = 0.0


class FaultEvent(Record, frozen=True, tag_field="event", tag="fault"):
    """A fault: injected, observed, or recovered from."""

    item: str
    kind: str
    phase: Literal["injected", "observed", "recovered"]
    at: float
    detail: str = ""


class Output(Record, frozen=True, tag_field="event", tag="output"):
    """What a program under test wrote to its standard output and error.

    `killed` are the signals that ended it in the run and that the gate did not send.
    """

    program: str
    text: str
    leaks: tuple[str, ...] = ()
    exit_code: int | None = None
    killed: tuple[int, ...] = ()


class PrintedLines(Record, frozen=True, tag_field="event", tag="printed"):
    """The last lines that a program under test printed while an item ran, without secrets."""

    program: str
    item: str
    text: str


class ProgramExit(Record, frozen=True, tag_field="event", tag="program_exit"):
    """A program under test ended in the middle of the run, and the gate did not end it.

    `exit_code` is minus the signal's number where one ended it, None where it is not known. `exchange` is the one that
    the program was answering, or had answered last ("" when that is not known). `output` is the end of what it wrote,
    without secrets. `restarted` tells whether the gate started it again.
    """

    program: str
    item: str
    at: float
    exit_code: int | None
    exchange: str = ""
    output: str = ""
    restarted: bool = False


class Stuck(Record, frozen=True, tag_field="event", tag="stuck"):
    """A console that sent nothing until it was started afresh, and then made the same call as it should.

    `after` describes the response before, `exchanges` are the ids of its exchanges, `rendered` is the id of what was
    shown while nothing was sent; `observed` describes that.
    """

    item: str
    call: str
    driver: DriverName
    at: float
    after: str
    observed: str
    rendered: str = ""
    exchanges: tuple[str, ...] = ()


class Proof(Record, frozen=True):
    """One part of the self-test; `problem` is what it did not detect, "" when it passed."""

    name: str
    problem: str = ""


class SelfTest(Record, frozen=True, tag_field="event", tag="self_test"):
    """The result of the self-test, which runs before the target is judged, and how many seconds it took."""

    proofs: tuple[Proof, ...]
    seconds: float = 0.0


class Abort(Record, frozen=True, tag_field="event", tag="abort"):
    """The run could not go on. `configuration` is a user error (exit 2), `crash` an error of the gate."""

    kind: Literal["configuration", "crash"]
    message: str


class RunWarning(Record, frozen=True, tag_field="event", tag="warning"):
    """A warning for the reader that does not affect the verdict: a limited rate, a retried start."""

    text: str


Event = (
    Header
    | Plan
    | Exchange
    | RenderedOutput
    | TrailReading
    | FaultEvent
    | Output
    | PrintedLines
    | ProgramExit
    | Stuck
    | Finding
    | ItemResult
    | SelfTest
    | FitCheck
    | RuntimeProof
    | Abort
    | RunWarning
    | ProgramIsolation
    | ContainerFacts
    | WriterEnd
    | Footer
)
