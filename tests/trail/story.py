"""Stories of a backend and its audit trail: the requests, the entries, and the entries that each reading shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec

from technogate.model.events import Body, Ended, Exchange, Request, Response, TrailEntry, TrailReading
from technogate.trail.history import Compactor
from technogate.trail.reconcile.expected_entries import TrailTerms

EXECUTE, AUDIT, MEMORY = "executeCommand", "fetchAuditLog", "fetchMemory"
TERMS = TrailTerms(
    execute=EXECUTE,
    guarded=frozenset({EXECUTE, AUDIT, MEMORY}),
    trace_header="X-Trace-Id",
    blocked="BLOCKED",
    unaudited="AUDIT_UNAVAILABLE",
)
BASE = "http://backend.test"
START = 1_750_000_000.0

#: What a request can be: approved, blocked, refused for its key, invalid, a read that leaves no entry, one that
#: leaves one, an unknown path, no answer and no entry, no answer and an entry, a trail that could not be
#: written, and a browser's request with its unseen preflight, which is in the trail too.
Kind = Literal[
    "approved", "blocked", "key", "invalid", "read", "kept-read", "nowhere", "gone", "silent", "unwritten", "page"
]
KINDS: tuple[Kind, ...] = (
    "approved", "blocked", "key", "invalid", "read", "kept-read", "nowhere", "gone", "silent", "unwritten", "page",
)  # fmt: skip
#: Kinds that owe the trail an entry.
OWING: tuple[Kind, ...] = ("approved", "blocked", "key", "invalid", "page")
#: Kinds after which an entry of nobody's could be somebody's after all.
LOOSE: tuple[Kind, ...] = ("gone", "silent", "page")

_STATUS = {"approved": 200, "blocked": 200, "key": 401, "invalid": 400, "read": 200, "kept-read": 200}
_STATUS |= {"nowhere": 404, "unwritten": 503, "page": 200}


def utc(at: float) -> str:
    """Format a time as the contract requires."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(kw_only=True)
class Row:
    """One entry of the audit trail; readings show it from `visible` on."""

    entry: TrailEntry
    at: float
    visible: float
    owner: int | None = None


@dataclass(kw_only=True)
class Story:
    """A story, built request by request; `limit` is how many entries a reading shows."""

    limit: int = 1000
    pair: str = "main"
    exchanges: list[Exchange] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    reading_times: list[float] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)

    def send(self, kind: Kind, *, started: float, took: float = 0.01, lag: float = 0.0) -> int:
        """One request; its entry becomes visible `lag` seconds after the response. Returns its place."""
        place = len(self.exchanges)
        trace_id = f"t-{self.pair}-{place}"
        ended = started + took
        operation = "" if kind == "nowhere" else MEMORY if kind in ("read", "kept-read") else EXECUTE
        response, end = None, Ended.INDETERMINATE
        state = "APPROVED" if kind in ("approved", "page") else "BLOCKED"
        if kind not in ("gone", "silent"):
            codes = ["AUDIT_UNAVAILABLE"] if kind == "unwritten" else []
            content = {"status": state, "trace_id": trace_id, "reason_codes": codes}
            body = b"{}" if operation == MEMORY else msgspec.json.encode(content)
            response = Response(status=_STATUS[kind], headers=(("X-Trace-Id", trace_id),), body=Body.of(body))
            end = Ended.OK
        headers = (("Origin", "http://console.test"),) if kind == "page" else ()
        self.exchanges.append(
            Exchange(
                id=f"{self.pair}-{place}",
                item="one",
                responded_by="backend",
                operation=operation,
                base_url=BASE,
                request=Request(method="POST", path="/api/execute", headers=headers),
                response=response,
                end=end,
                started=started,
                ended=ended,
            )
        )
        self.kinds.append(kind)
        if kind in (*OWING, "kept-read", "silent"):
            self.keep(place, trace_id, state, at=started + took / 2, visible=ended + lag)
        if kind == "page":
            self.keep(None, f"preflight-{place}", "NEUTRAL", at=started, visible=started)
        return place

    def keep(self, owner: int | None, trace_id: str, state: str, *, at: float, visible: float) -> Row:
        """Add one entry to the audit trail."""
        row = Row(
            entry=TrailEntry(
                timestamp=utc(at),
                action="EXECUTE",
                result="SUCCESS" if state == "APPROVED" else "FAILED",
                state=state,
                execution_id=f"exec_{len(self.rows)}",
                trace_id=trace_id,
            ),
            at=at,
            visible=visible,
            owner=owner,
        )
        self.rows.append(row)
        return row

    def row_of(self, place: int) -> Row:
        """The entry of a request."""
        return next(row for row in self.rows if row.owner == place)

    def expecting_entries(self) -> list[int]:
        """The requests that the audit trail must have an entry of."""
        return [place for place, kind in enumerate(self.kinds) if kind in OWING]

    def read(self, at: float) -> None:
        """Read the audit trail."""
        self.reading_times.append(at)

    def shown(self, at: float) -> list[TrailEntry]:
        """Return what a reading shows: the newest entries, newest first."""
        seen = sorted((row for row in self.rows if row.visible <= at), key=lambda row: (row.at, row.entry.execution_id))
        return [row.entry for row in reversed(seen)][: self.limit]

    def readings(self, lists: list[list[TrailEntry]] | None = None, source: str = "api x") -> list[TrailReading]:
        """The readings as a run records them; `lists` replaces the entries that they show."""
        compactor = Compactor()
        readings = []
        for number, at in enumerate(self.reading_times):
            entries = self.shown(at) if lists is None else lists[number]
            fresh, layout = compactor.fold(entries, lambda entry: entry)
            readings.append(
                TrailReading(
                    id=f"{self.pair}-{9000 + number}",
                    item="one",
                    source=source,
                    at=at,
                    ended=at,
                    limit=self.limit,
                    entries=fresh,
                    layout=layout,
                    base_url=BASE,
                )
            )
        return readings

    def lists(self) -> list[list[TrailEntry]]:
        """Return what every reading shows."""
        return [self.shown(at) for at in self.reading_times]
