"""Journals made by hand: what a run would have written, event by event."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from technogate.journal.journal_file import FORMAT, Journal, JournalWriter, read_journal
from technogate.journal.line_marks import KEY_BYTES, JournalKey
from technogate.judging.self_test_result import required
from technogate.model.container_facts import Startup
from technogate.model.contract_words import spoken
from technogate.model.events import (
    Body,
    ContainerFacts,
    ContractRef,
    Event,
    Exchange,
    Finding,
    Header,
    ItemResult,
    Outcome,
    Plan,
    PlannedItem,
    Proof,
    Request,
    Response,
    SelfTest,
    TargetRef,
)
from technogate.model.item_result import MUST_FAIL, SELF_TEST
from technogate.model.requirement import Level, Party, Requirement

#: The key of every journal made by hand.
KEY = JournalKey(bytes(range(KEY_BYTES)))

REQUIREMENTS = (
    Requirement(id="AUT-01", party=Party.BACKEND, level=Level.MUST, group="errors-4xx", text="a key is needed"),
    Requirement(id="EXE-01", party=Party.BACKEND, level=Level.MUST, group="execute", text="commands are executed"),
    Requirement(id="TMO-90", party=Party.BACKEND, level=Level.SHOULD, group="timeout", text="answers are fast"),
    Requirement(id="CON-01", party=Party.CONSOLE, level=Level.MUST, group="execute", text="the key is sent"),
    Requirement(id="STK-03", party=Party.PAIR, level=Level.MUST, group="stack", text="both work together"),
)


def header(
    *,
    parties: tuple[str, ...] = ("backend",),
    requirements: tuple[Requirement, ...] = REQUIREMENTS,
    mode: Literal["validate", "check", "replay"] = "validate",
    selection: tuple[str, ...] = (),
) -> Header:
    """The header of a run against a backend alone, by default."""
    return Header(
        format=FORMAT,
        run="run1",
        gate_version="0",
        contract=ContractRef(id="c", title="A contract", version="1", digest="0" * 64, shipped=True),
        requirements=requirements,
        target=TargetRef(name="embedded", kind="embedded", parties=parties, started_by_gate=True, faults=True),
        mode=mode,
        profile="quick",
        seed=7,
        started=time.time(),
        selection=selection,
        groups={"execute": "Execute", "errors-4xx": "Errors 4xx", "timeout": "Timeouts", "stack": "Stack"},
        guarded=("executeCommand", "fetchMemory"),
        trace_header=spoken().trace_header,
        blocked=spoken().blocked,
        unaudited="AUDIT_UNAVAILABLE",
        words=spoken(),
    )


def plan(*items: tuple[str, str]) -> Plan:
    """A plan of (item, requirement) pairs."""
    return Plan(
        items=tuple(PlannedItem(item=item, requirement=requirement, subject="It holds.") for item, requirement in items)
    )


def result(
    item: str, requirement: str, outcome: Outcome = Outcome.PASSED, checks: int = 1, reason: str = ""
) -> ItemResult:
    """One item's result."""
    return ItemResult(item=item, requirement=requirement, outcome=outcome, checks=checks, seconds=0.1, reason=reason)


def finding(item: str, requirement: str, *exchanges: str) -> Finding:
    """One finding."""
    return Finding(
        check="status",
        expected="status 401",
        observed="status 200",
        item=item,
        requirement=requirement,
        exchanges=exchanges,
    )


def exchange(
    number: int, *, trace_id: str | None = None, body: str = "{}", operation: str = "executeCommand"
) -> Exchange:
    """One answered request to the backend."""
    headers = (("X-Trace-Id", trace_id),) if trace_id is not None else ()
    return Exchange(
        id=f"main-{number}",
        item="one",
        responded_by="backend",
        operation=operation,
        request=Request(method="POST", path="/api/execute"),
        response=Response(status=200, headers=headers, body=Body.of(body.encode())),
        started=1.0,
        ended=2.0,
    )


def container(side: str, image: str) -> ContainerFacts:
    """The container of a side that runs just what its image says."""
    startup = Startup(image=image, command=("serve",), user="10001")
    return ContainerFacts(program=side, side=side, runs=startup, named=startup)


def journal(
    folder: Path,
    *events: Event,
    head: Header | None = None,
    end: Literal["finished", "interrupted", "crashed", "none"] = "finished",
    proofs: tuple[Proof, ...] | None = None,
) -> Journal:
    """Write a journal of `events` between a header, a self-test with all its proofs and a footer, and read it."""
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    writer = JournalWriter(path, "main", KEY.of("main"))
    head = head or header()
    writer.append(head)
    if proofs is None:
        proofs = tuple(Proof(name=name) for name in required(head.target.parties))
    if proofs:
        writer.append(SelfTest(proofs=proofs))
        writer.append(finding(MUST_FAIL, SELF_TEST))
        writer.append(result(MUST_FAIL, SELF_TEST, Outcome.FAILED))
    for event in events:
        writer.append(event)
    if end == "none":
        writer.close()
    else:
        writer.seal(end)
    return read_journal(path, KEY)
