"""Builds the known-good and known-bad evidence that checks are proven with. Nothing of it was ever sent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.console_interaction import Interaction
from technogate.generation.requests.request_oracle import Auth, Expectation, RequestDefect, Validity
from technogate.generation.requests.sent_request import WHOLE, RuleTerms, SentRequest
from technogate.model.case import Case, Key
from technogate.model.events import Body, Exchange, RenderedOutput, Request, Response, TrailEntry
from technogate.util.timestamps import utc

if TYPE_CHECKING:
    from technogate.contract.loader import Contract
    from technogate.journal.redaction import Redactor

#: The command of every request made here; it is unknown to a backend, as any that begins so.
COMMAND = "ZZ_SELF_TEST"

_OK = 200

Members = dict[str, object]
Headers = tuple[tuple[str, str], ...]


class NoExampleError(Exception):
    """This contract's schemas refuse the built-in body, so that no known-good evidence can be made for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleEvidence:
    """Makes evidence under one contract; `key` is the run's API key, which `redactor` finds in any spelling."""

    contract: Contract
    redactor: Redactor
    key: str

    # ---- words ----

    @property
    def approved(self) -> str:
        """The status of what was approved."""
        return self.contract.behavior.statuses.approved

    @property
    def blocked(self) -> str:
        """The status of what was refused."""
        return self.contract.behavior.statuses.blocked

    # ---- bodies ----

    def execute_body(self, **members: object) -> Members:
        """The body of a 200 to an execute request: approved unless `members` differ; None leaves a member out.

        This and every other body takes its members by what they mean, and has the contract's names for them.
        """
        body: Members = {"status": self.approved, "ts_utc": utc(time.time()), "trace_id": "t-1", "reason_codes": ["A"]}
        kept = {name: value for name, value in (body | members).items() if value is not None}
        return self.contract.words.written("envelope", kept)

    def error_body(self, *reasons: str, **members: object) -> Members:
        """The body of an error response with these reason codes."""
        return self.execute_body(
            status=self.blocked, reason_codes=list(reasons or ("A",)), message="Refused.", **members
        )

    def snapshot_body(self, **members: object) -> Members:
        """The body of a 200 to a read of the memory."""
        body: Members = {"command": COMMAND, "output": "", "timestamp": utc(time.time()), "status": self.approved}
        return self.contract.words.written("snapshot", body | members)

    def entry_body(self, age_s: float = 0.0, **members: object) -> Members:
        """One entry of an audit list, `age_s` seconds old."""
        at = utc(time.time() - age_s)
        success = self.contract.behavior.audit.success
        body: Members = {"timestamp": at, "action": "PING", "result": success, "state": self.approved}
        return self.contract.words.written("entry", {**body, "trace_id": "t-1", **members})

    # ---- exchanges ----

    def exchange(
        self,
        status: int,
        body: object,
        *,
        headers: Headers = (),
        operation: str = "",
        key: str = "",
        seconds: float = 0.1,
        content_type: str = "application/json",
    ) -> Exchange:
        """A request with its response, which took `seconds`; `body` is sent as JSON unless it is bytes.

        A `status` of 200 stands for the one with which the operation answers what it did.
        """
        status = self.contract.words.answers_of(operation)[0] if status == _OK else status
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        now = time.time()
        return Exchange(
            id="self-test-1",
            item="self-test",
            responded_by="mock",
            operation=operation,
            key=key,
            request=Request(method="POST", path="/self-test"),
            response=Response(status=status, headers=(("Content-Type", content_type), *headers), body=Body.of(raw)),
            started=now - seconds,
            ended=now,
        )

    def executed(self, **members: object) -> Exchange:
        """An execute request with its 200, as `execute_body` has it, and the trace header of its body."""
        body = self.execute_body(**members)
        trace_id = body.get(self.contract.words.name("envelope", "trace_id"))
        headers = ((self.contract.behavior.headers.trace, str(trace_id)),)
        return self.exchange(200, body, headers=headers, operation=self.contract.behavior.operations.execute)

    def refused(self, status: int, *reasons: str) -> Exchange:
        """An execute request with an error response."""
        return self.exchange(status, self.error_body(*reasons), operation=self.contract.behavior.operations.execute)

    def no_response(self) -> Exchange:
        """An execute request that nothing came of."""
        return msgspec.structs.replace(self.executed(), response=None, error="the connection was closed")

    def leaking(self, *places: str) -> Exchange:
        """An execute request whose response held the key in these places."""
        return msgspec.structs.replace(self.executed(), leaks=places)

    def conforming(self, exchange: Exchange) -> Exchange:
        """The exchange itself; raises NoExampleError when this contract's schema refuses its body."""
        response = exchange.response
        value = msgspec.json.decode(response.body.raw) if response and response.body.raw else None
        if response is None or self.contract.response_problems(exchange.operation, response.status, value):
            raise NoExampleError
        return exchange

    def unknown_route(self) -> Exchange:
        """A request to no operation, with its 404; raises NoExampleError when the contract refuses such an error."""
        if self.contract.schema_problems(self.contract.behavior.schemas.error_response, self.error_body()):
            raise NoExampleError
        return self.exchange(404, self.error_body())

    # ---- generated requests ----

    def sent(
        self,
        exchange: Exchange,
        *,
        auth: Auth = Auth.RIGHT,
        validity: Validity = Validity.ALLOWED,
        responses: frozenset[int] = frozenset({_OK}),
        defects: frozenset[RequestDefect] = frozenset(),
        body: Members | None = None,
        query: tuple[tuple[str, str], ...] = (),
        deserves: str = "",
    ) -> SentRequest:
        """A generated request as it was sent: with the right key and allowed, unless stated otherwise."""
        raw = msgspec.json.encode(self.request_body() if body is None else body)
        key = {Auth.RIGHT: self.key, Auth.WRONG: "self-test-wrong-key"}.get(auth)
        return SentRequest(
            case=Case(method="POST", path="/self-test", operation=exchange.operation, query=query, body=raw),
            key=Key(name=auth.value, values=(key,) if key else (), expressions=()),
            auth=auth,
            expectation=Expectation(validity=validity, responses=responses, faults=defects),
            exchange=exchange,
            deserves=deserves,
        )

    def request_body(self, **members: object) -> Members:
        """The body of an execute request."""
        return self.contract.words.written("request", {"command": COMMAND, **members})

    def terms(self) -> RuleTerms:
        """What rules judge by: the command alone was executed."""
        return RuleTerms(contract=self.contract, plain={COMMAND: self.executed()})

    def executions(self, *trace_ids: str) -> list[SentRequest]:
        """Execute requests that were executed, each with its trace id."""
        return [self.sent(self.executed(trace_id=trace_id)) for trace_id in trace_ids]

    def whole_trail(self, *entries: Members) -> SentRequest:
        """The read of the whole audit trail at the end of a sequence."""
        limit = (self.contract.behavior.audit.limit_parameter, str(WHOLE))
        return self.read(self.contract.behavior.operations.audit, 200, list(entries), limit)

    def read(self, operation: str, status: int, body: object, *query: tuple[str, str]) -> SentRequest:
        """A generated read that is allowed, with its response."""
        exchange = self.exchange(status, body, operation=operation)
        return self.sent(exchange, query=query, responses=frozenset({200, 204}))

    # ---- what a console showed, and what an audit trail held ----

    def interaction(self, *exchanges: Exchange, rows: Sequence[Mapping[str, str]] = (), **fields: str) -> Interaction:
        """One call of a console's function: the requests it made, and what it showed."""
        rendered = RenderedOutput(
            id="self-test",
            item="self-test",
            call=self.contract.words.function("execute"),
            driver="module",
            fields=fields,
            rows=tuple(map(dict, rows)),
        )
        return Interaction(rendered=rendered, exchanges=exchanges)

    def entry(self, **changes: object) -> TrailEntry:
        """One entry of an audit trail, approved and as old as now unless `changes` differ."""
        success = self.contract.behavior.audit.success
        entry = TrailEntry(
            timestamp=utc(time.time()), action="PING", result=success, state=self.approved, trace_id="t-1"
        )
        return msgspec.structs.replace(entry, **changes)
