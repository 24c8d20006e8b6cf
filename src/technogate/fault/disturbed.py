"""A pair that is being disturbed: everything that is done to it, written down and taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from technogate.audit.keeper import TrailKeeper
from technogate.check.durable import Survival, traces
from technogate.driver.http import HttpDriver
from technogate.driver.keys import right_key
from technogate.evidence import Event, Exchange, FaultEvent, TrailReading
from technogate.fault.durability import Kill, kill_under_load
from technogate.fault.transport.attack import Attack, exchange_of
from technogate.fault.transport.client import Client
from technogate.fault.transport.script import Hostile, Script
from technogate.fault.transport.wire import Address, RawRequest
from technogate.fault.unwritable import unwritable
from technogate.session import Gate
from technogate.suite import not_exercised
from technogate.target import Program, RunningBackend
from technogate.target.program import probe

#: Seconds over the contract's limit that a client waits, so that a late answer is seen to be late.
ANSWER_GRACE_S = 3.0
#: Clients that put load on a backend which is about to be killed.
LOAD_CLIENTS = 4
#: Seconds that a disturbed backend gets to show that it is alive, before it is restarted.
ALIVE_S = 5.0


@dataclass(slots=True, kw_only=True)
class Disturbed:
    """A pair to be disturbed. Whatever is done to it is an event of the journal, and taken back."""

    gate: Gate
    backend: RunningBackend
    trail: TrailKeeper
    new_id: Callable[[], str]
    quiet: Callable[[], None]
    reads: set[str] = field(default_factory=set)

    # ---- asking ----

    @contextmanager
    def driver(self, disturbed_by: str = "") -> Iterator[HttpDriver]:
        """A client of its own connections, whose exchanges say by what they are disturbed."""
        gate = self.gate

        def record(exchange: Exchange) -> None:
            gate.record(msgspec.structs.replace(exchange, disturbed_by=disturbed_by))

        with client_of(gate, self.backend.url, record, self.new_id, lambda: gate.item) as client:
            yield client

    def request(self, operation: str, command: str = "") -> RawRequest:
        """A conforming request as bytes, with the key; an execute of `command` has its body."""
        gate, found = self.gate, self.gate.contract.operations[operation]
        address = Address.of(self.backend.url)
        headers = [
            ("Host", address.authority),
            ("User-Agent", f"technogate (run {gate.run}; hostile)"),
            (gate.contract.behavior.headers.key, gate.run_key),
        ]
        body = msgspec.json.encode({"command": command}) if command else b""
        if body:
            headers.append(("Content-Type", "application/json"))
        return RawRequest(
            method=found.method.upper(), path=address.prefix + found.path, headers=tuple(headers), body=body
        )

    # ---- disturbing ----

    @contextmanager
    def under(self, hostile: Hostile, request: RawRequest | None, operation: str) -> Iterator[list[Exchange]]:
        """Within the context hostile clients are at work; yields a list of their exchanges, filled at its end.

        Raises NotDelivered when none of them gets through.
        """
        attack = Attack(
            Address.of(self.backend.url), hostile, patience_s=self.gate.contract.behavior.time.answer_s + ANSWER_GRACE_S
        )
        exchanges: list[Exchange] = []
        self._event(hostile.kind, "inject", f"{hostile.clients} clients at once")
        try:
            with attack:
                self._event(hostile.kind, "felt", attack.detail)
                yield exchanges
        finally:
            if request is not None:
                exchanges += [self._hostile(client, request, operation, hostile.kind) for client in attack.clients]
            self._event(hostile.kind, "heal", attack.detail)

    @contextmanager
    def unwritable_trail(self) -> Iterator[str]:
        """Within the context the trail cannot be written; yields the kind of fault.

        Raises NotDelivered and NotHealed. Not exercised without a declared way.
        """
        spec = self.backend.unwritable
        if not spec.declared:
            not_exercised(
                "the target file declares no way to make the audit trail unwritable",
                "add [backend.unwritable] with lock_sqlite, or with command and undo",
            )
        kind = "unwritable trail"
        self._event(kind, "inject", "the SQLite file" if spec.lock_sqlite else spec.command[0])
        try:
            with unwritable(spec, self.backend.folder, lambda text: self.gate.redactor.clean_text(text)[0]) as how:
                self._event(kind, "felt", how)
                yield kind
        finally:
            self._event(kind, "heal", "the trail is writable again")

    def kill(self, kill: Kill, command: str) -> Survival:
        """Kill the backend under load, start it again, and tell what its trail then holds."""
        program = self.program
        kind = f"SIGKILL {kill.moment}"
        execute = self.gate.contract.behavior.operations.execute
        request = self.request(execute, command)
        shot: list[Client] = []

        def shoot() -> None:
            shot.append(Client(Script(opening=request.render())))
            shot[0].begin(Address.of(self.backend.url))

        known = {entry.trace_id for entry in self.trail.read()}
        self._event(kind, "inject", f"kill {kill.number}, after {kill.answers} answers")
        try:
            with ExitStack() as stack:
                clients = [stack.enter_context(self.driver(kind)) for _ in range(LOAD_CLIENTS)]
                exchanges = kill_under_load(program, kill, [executes(client, command) for client in clients], shoot)
            self._event(kind, "felt", f"exit code {program.exit_code}")
        finally:
            exchanges_shot = [self._hostile(client, request, execute, kind) for client in shot]
            program.restart()
            self._event(kind, "heal", "started again")
        exchanges += exchanges_shot
        header = self.gate.contract.behavior.headers.trace
        answered = [traces(one, header) for one in exchanges if one.answer is not None]
        entries = self.trail.read_until(answered)
        return Survival(
            moment=f"kill {kill.number}, {kill.moment}", exchanges=exchanges, entries=entries, known=known | self.reads
        )

    @property
    def program(self) -> Program:
        """The backend's program. Not exercised where the gate did not start it."""
        if self.backend.program is None:
            not_exercised(
                "the gate did not start this backend, so it cannot kill it",
                "give `command` in [backend] of the target file, in place of `url`",
            )
        return self.backend.program

    # ---- afterwards ----

    def recover(self) -> None:
        """Bring a backend back that a fault has ended, so that the next item is judged by itself."""
        program = self.backend.program
        if program is None or (program.alive and not probe(program.launch.url + program.launch.ready, ALIVE_S)):
            return
        program.restart()
        self._event("restart", "heal", "the backend did not answer any more and was started again")

    def watch(self, event: Event) -> None:
        """Remember the trace ids of the reads of the trail: they may be in it."""
        if isinstance(event, TrailReading):
            self.reads.update(event.reads)

    def _hostile(self, client: Client, request: RawRequest, operation: str, kind: str) -> Exchange:
        client.leave()
        exchange = exchange_of(
            client,
            request,
            kind=kind,
            operation=operation,
            item=self.gate.item,
            base_url=self.backend.url,
            key_header=self.gate.contract.behavior.headers.key,
            new_id=self.new_id,
            redactor=self.gate.redactor,
        )
        self.gate.record(exchange)
        return exchange

    def _event(self, kind: str, phase: Literal["inject", "felt", "heal"], detail: str) -> None:
        clean, _ = self.gate.redactor.clean_text(detail)
        self.gate.record(FaultEvent(item=self.gate.item, kind=kind, phase=phase, at=time.time(), detail=clean))


@contextmanager
def client_of(
    gate: Gate, base_url: str, record: Callable[[Exchange], None], new_id: Callable[[], str], item: Callable[[], str]
) -> Iterator[HttpDriver]:
    """A driver with connections of its own, which waits a little longer than an answer may take."""
    client = HttpDriver(
        base_url=base_url,
        key=right_key(gate.run_key),
        contract=gate.contract,
        redactor=gate.redactor,
        record=record,
        item=item,
        new_id=new_id,
        run=gate.run,
        timeout_s=gate.contract.behavior.time.answer_s + ANSWER_GRACE_S,
        note=gate.record,
    )
    try:
        yield client
    finally:
        client.close()


def executes(client: HttpDriver, command: str) -> Callable[[], Exchange]:
    """What sends `command` and returns what came of it."""
    return lambda: client.execute(command)
