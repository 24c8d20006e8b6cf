"""A known run without a defect: what a small backend sent, and what its audit trail held. Pure.

The self-test holds it to every run-wide check, as it is and with each defect that the check declares. The checks
of the audit trail are thereby proven to reconcile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from technogate.checks.whole_run import WholeRun
from technogate.journal.journal_file import Journal
from technogate.model.contract_words import ContractWords
from technogate.model.events import (
    Body,
    Exchange,
    Footer,
    Header,
    RenderedOutput,
    Request,
    Response,
    Stuck,
    TrailEntry,
    TrailReading,
)
from technogate.trail.history import Compactor
from technogate.util.timestamps import utc

#: How many requests the known run has: more than a percentile needs. The last two are a refusal and a 500.
COUNT = 24

#: When it began, in seconds since the epoch; any time would do.
START = 1_750_000_000.0

#: The session id that each request of the known run carries.
SESSION = "self-test-session-4711"
_BASE = "http://self-test.invalid"
#: The words of the known run are those of no contract.
_TRACE = "X-Self-Test"


@dataclass(slots=True, kw_only=True)
class KnownRun:
    """The known run, and its trail half way and at the end, oldest entry first; `late` entries show up long after."""

    header: Header
    exchanges: list[Exchange]
    first: list[TrailEntry]
    last: list[TrailEntry]
    late: tuple[int, ...] = ()
    rendered_outputs: list[RenderedOutput] = field(default_factory=list)
    stuck: list[Stuck] = field(default_factory=list)

    def run(self) -> WholeRun:
        """The run as run-wide checks read it, with its audit trail read before, half way, after and long after it."""
        footer = Footer(end="finished", lines=0, sha256="", ended=START + 100)
        journal = Journal(path=Path("self-test"), sha256="", header=self.header, footer=footer, torn="", unproven="")
        journal.exchanges.extend(self.exchanges)
        journal.rendered_outputs.extend(self.rendered_outputs)
        journal.stuck.extend(self.stuck)
        half, end = self.exchanges[len(self.exchanges) // 2 - 1].ended, self.exchanges[-1].ended
        soon = [entry for place, entry in enumerate(self.last) if place not in self.late]
        readings = [(START - 1, []), (half + 0.01, self.first), (end + 4, soon), (end + 9, self.last)]
        compactor = Compactor()
        for number, (at, entries) in enumerate(readings):
            fresh, layout = compactor.fold(entries[::-1], lambda entry: entry)
            reading = TrailReading(
                id=f"main-{900 + number}", item="self-test", source="api of the self-test", base_url=_BASE,
                at=at, ended=at, limit=1000, entries=fresh, layout=layout,
            )  # fmt: skip
            journal.trails.append(reading)
        return WholeRun(journal)

    def exchange(self, place: int, **changes: Any) -> None:
        """Change one exchange."""
        self.exchanges[place] = msgspec.structs.replace(self.exchanges[place], **changes)

    def response(self, place: int, **changes: Any) -> None:
        """Change one response."""
        self.exchange(place, response=msgspec.structs.replace(self.exchanges[place].response, **changes))  # type: ignore[type-var]

    def entry(self, place: int, **changes: Any) -> None:
        """Change one entry in what the audit trail showed at the end."""
        self.last[place] = msgspec.structs.replace(self.last[place], **changes)

    def add_entry(self, trace_id: str) -> None:
        """Add an entry like the last one, with another trace id, to what the audit trail held at the end."""
        self.last.append(msgspec.structs.replace(self.last[-1], trace_id=trace_id))


def known_run(header: Header) -> KnownRun:
    """A run without a defect: commands, two at a time, each with its entry."""
    terms = msgspec.structs.replace(
        header, execute="self-test", guarded=("self-test",), trace_header=_TRACE, blocked="NO", unaudited="UNAUDITED",
        words=ContractWords(trace_header=_TRACE, approved="YES", blocked="NO"), tolerance_s=5.0, response_s=15.0,
        trail_visible_s=2.0, p99_s={"self-test": 1.0}, slow="",
    )  # fmt: skip
    statuses = [200] * (COUNT - 2) + [401, 500]
    exchanges, entries = [], []
    for number, status in enumerate(statuses):
        started = START + number // 2 + 0.001 * (number % 2)
        trace_id, state = f"self-test-{number}", "YES" if status == 200 else "NO"
        body = {"status": state, "trace_id": trace_id, "reason_codes": ["SELF_TEST"]}
        exchanges.append(
            Exchange(
                id=f"main-{number}", item="self-test", responded_by="backend", operation="self-test", base_url=_BASE,
                request=Request(
                    method="POST", path="/self-test", body=Body.of(msgspec.json.encode({"session_id": SESSION}))
                ),
                response=Response(
                    status=status, headers=((_TRACE, trace_id),), body=Body.of(msgspec.json.encode(body))
                ),
                started=started, ended=started + 0.01,
            )
        )  # fmt: skip
        result = "DONE" if status == 200 else ""
        entries.append(
            TrailEntry(
                timestamp=utc(started + 0.005), action="SELF_TEST", result=result, state=state,
                execution_id=f"exec_{number}", trace_id=trace_id,
            )
        )  # fmt: skip
    shown = RenderedOutput(
        id="main-800", item="self-test", call="self-test", driver="module", exchanges=(exchanges[0].id,)
    )
    return KnownRun(
        header=terms, exchanges=exchanges, first=entries[: COUNT // 2], last=entries, rendered_outputs=[shown]
    )
