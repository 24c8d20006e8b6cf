"""What a run records: the typed events of the journal.

Everything on this page is a frozen record. Acting code creates it, the journal stores it, judging
code and writers only read it. Text that came from a program under test is kept as it was, minus the
secrets (`technogate.journal.redaction`); making it harmless to show is the writers' duty (`technogate.util.text`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

from technogate.model.requirement import Requirement

#: Bytes of one body that the journal keeps; a longer one is cut and says so.
BODY_LIMIT = 1 << 20


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything that goes into a journal: frozen, keyword-only, no unknown fields."""


class Outcome(StrEnum):
    """How one test item ended. `errored` is not `failed`: the check itself broke."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class Ended(StrEnum):
    """How one request ended: `ok` answered in full, `failed` surely not handled, else `indeterminate`."""

    OK = "ok"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


class Body(Record, frozen=True):
    """The bytes of a request's or an answer's body; `text` when they are UTF-8, else `base64`."""

    text: str = ""
    base64: str = ""
    size: int = 0
    cut: bool = False

    @classmethod
    def of(cls, raw: bytes) -> Body:
        """Keep `raw`, at most `BODY_LIMIT` bytes of it."""
        kept = raw[:BODY_LIMIT]
        cut = len(kept) < len(raw)
        try:
            return cls(text=kept.decode("utf-8"), size=len(raw), cut=cut)
        except UnicodeDecodeError:
            return cls(base64=base64.b64encode(kept).decode("ascii"), size=len(raw), cut=cut)

    @property
    def raw(self) -> bytes:
        """The bytes as kept: whole unless `cut`."""
        return base64.b64decode(self.base64) if self.base64 else self.text.encode("utf-8")


Headers = tuple[tuple[str, str], ...]


def header_values(headers: Headers, name: str) -> list[str]:
    """Every value of the header `name`, whatever its case, in the order they came."""
    wanted, size = name.lower(), len(name)
    # A run has millions of headers: most differ in length already.
    return [value for key, value in headers if len(key) == size and key.lower() == wanted]


class Request(Record, frozen=True):
    """One HTTP request as it was sent. `path` has the query and no host."""

    method: str
    path: str
    headers: Headers = ()
    body: Body = Body()


class Response(Record, frozen=True):
    """One HTTP answer as it was received."""

    status: int
    headers: Headers = ()
    body: Body = Body()
    http_version: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first value of the header `name`, or None."""
        values = header_values(self.headers, name)
        return values[0] if values else None


class Exchange(Record, frozen=True, tag_field="event", tag="exchange"):
    """One request and what came of it: the unit of evidence.

    `id` is unique in the run. `answered_by` says who produced the answer: the `backend` under test,
    or the gate's own `double` that stands in for a backend while the console is judged. `key` is the
    API key that was sent, as a shell expression over `$TECHNOGATE_API_KEY` ("" when none was).
    `started` and `ended` are seconds since the epoch. `leaks` names where the answer held the key,
    `problems` what keeps a 5xx of a guarded operation from being the error answer that the contract asks for.
    """

    id: str
    item: str
    responded_by: Literal["backend", "console", "mock"]
    request: Request
    started: float
    ended: float
    operation: str = ""
    case: str = ""
    base_url: str = ""
    key: str = ""
    response: Response | None = None
    end: Ended = Ended.OK
    error: str = ""
    under_fault: str = ""
    leaks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Time from the first byte sent to the end of the answer."""
        return self.ended - self.started


class RenderedOutput(Record, frozen=True, tag_field="event", tag="rendered_output"):
    """What the console showed (or its client function returned) after one call.

    `call` is one of `executeCommand`, `fetchAuditLog`, `fetchMemory`. `fields` holds what was shown,
    by the name of the part of the page; `rows` the audit list as shown.
    """

    id: str
    item: str
    call: str
    driver: Literal["browser", "module"]
    fields: dict[str, str] = {}
    rows: tuple[dict[str, str], ...] = ()
    exchanges: tuple[str, ...] = ()
    started: float = 0.0
    ended: float = 0.0


class TrailEntry(Record, frozen=True):
    """One entry of the audit trail, as its source gave it; a missing field is ""."""

    timestamp: str = ""
    action: str = ""
    result: str = ""
    state: str = ""
    execution_id: str = ""
    trace_id: str = ""
    extra: dict[str, str] = {}


class TrailReading(Record, frozen=True, tag_field="event", tag="trail"):
    """One reading of the audit trail, newest entry first; `error` when it could not be read.

    It began at `at` and was over at `ended`, in seconds since the epoch, and asked for `limit` entries of
    the trail that the backend at `base_url` keeps. `reads` are the trace ids of the reading's own
    requests. A trail is read again and again, so `entries` holds only those that no earlier reading of
    the same pair showed. The entries of all its readings are numbered from 0 on, those of one reading
    from the oldest on, and `layout` tells the whole list that was seen as runs of (first number, count)
    that count down: a trail that only grows is one run. Without it the list is `entries`. `leaks` names
    the fields that held the key.
    """

    id: str
    item: str
    source: str
    at: float
    entries: tuple[TrailEntry, ...] = ()
    error: str = ""
    base_url: str = ""
    ended: float = 0.0
    limit: int = 0
    layout: tuple[tuple[int, int], ...] = ()
    reads: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()


class FaultEvent(Record, frozen=True, tag_field="event", tag="fault"):
    """A deliberate disturbance: injected, felt or healed."""

    item: str
    kind: str
    phase: Literal["injected", "observed", "recovered"]
    at: float
    detail: str = ""


class Output(Record, frozen=True, tag_field="event", tag="output"):
    """What a program under test wrote to its standard output and error."""

    program: str
    text: str
    leaks: tuple[str, ...] = ()
    exit_code: int | None = None


class Finding(Record, frozen=True, tag_field="event", tag="finding"):
    """One violation of one requirement, with all that a reader needs to act on it.

    `example` is the smallest input (or answer) found that shows it, as field and value. `item` and
    `requirement` are filled in by the run; a check leaves them empty. `smallest` is what the item's
    generator needs to play that example again, "" for an item that generates nothing.
    """

    check: str
    expected: str
    observed: str
    item: str = ""
    requirement: str = ""
    operation: str = ""
    example: dict[str, str] = {}
    exchanges: tuple[str, ...] = ()
    rendered_outputs: tuple[str, ...] = ()
    trace_id: str = ""
    smallest: str = ""


class PlannedItem(Record, frozen=True):
    """One test item that the run set out to execute."""

    item: str
    requirement: str
    subject: str
    driver: str = ""


class Plan(Record, frozen=True, tag_field="event", tag="plan"):
    """Every item collected, and every requirement that has a check at all."""

    items: tuple[PlannedItem, ...]
    covered: tuple[str, ...] = ()


class ItemResult(Record, frozen=True, tag_field="event", tag="result"):
    """How one item ended, and how many checks it made on the way."""

    item: str
    requirement: str
    outcome: Outcome
    checks: int
    seconds: float
    reason: str = ""
    hint: str = ""


class Proof(Record, frozen=True):
    """One instrument of the gate, shown what is known; `problem` is what it did not see, "" when it saw all."""

    name: str
    problem: str = ""


class SelfTest(Record, frozen=True, tag_field="event", tag="self_test"):
    """What the gate's own instruments proved before anybody was judged, and how many seconds that took."""

    proofs: tuple[Proof, ...]
    seconds: float = 0.0


class Abort(Record, frozen=True, tag_field="event", tag="abort"):
    """The run could not go on. `configuration` is the user's to mend (exit 2), `crash` is ours."""

    kind: Literal["configuration", "crash"]
    message: str


class RunWarning(Record, frozen=True, tag_field="event", tag="warning"):
    """Something a reader should know that judges nothing: a slowed rate, a retried start."""

    text: str


class ContractRef(Record, frozen=True):
    """Which contract the run was held to; `digest` is the sha256 of the folder's files."""

    id: str
    title: str
    version: str
    digest: str


class ImageRef(Record, frozen=True):
    """A container image: the name with its tag, and the image id (`sha256:` and 64 digits) that it had."""

    name: str
    digest: str


class TargetRef(Record, frozen=True):
    """Which pair was judged and how it was reached; `target_argument` is what the user wrote after `--target`.

    `images` are the images that ran, by party; empty when processes were judged.
    """

    name: str
    kind: Literal["embedded", "compose", "file"]
    parties: tuple[str, ...]
    started_by_gate: bool
    faults: bool
    addresses: dict[str, str] = {}
    target_argument: str = "embedded"
    images: dict[str, ImageRef] = {}


class Waiver(Record, frozen=True):
    """A failure that is put up with for a while: whose, why, and until the end of which day (UTC, ISO 8601).

    With `image` it is for that image alone. `place` is where it is written, for whoever has to mend it.
    """

    requirement: str
    reason: str
    owner: str
    expires: str
    image: str = ""
    place: str = ""


class Header(Record, frozen=True, tag_field="event", tag="header"):
    """First line of a journal: all that judging needs to know besides the events themselves.

    `guarded` are the operations that need a key and carry a trace id; `decisions` and `groups` hold
    titles by id. `execute` is the operation whose every answer owes the trail an entry, `blocked` the
    state of a refusal's, `unaudited` the reason code that says there could be none. Seconds: a complete
    answer takes no longer than `response_s`, an entry is visible `trail_visible_s` after it, 99 of 100
    answers of an operation within `p99_s`. `slow` is the command that hangs on purpose. `gate_digest` is
    the sha256 of the gate's own files. `replays` names the finding that a replay is about.
    """

    format: int
    run: str
    gate_version: str
    contract: ContractRef
    requirements: tuple[Requirement, ...]
    target: TargetRef
    mode: Literal["validate", "check", "replay"]
    profile: str
    seed: int
    started: float
    selection: tuple[str, ...] = ()
    tolerance_s: float = 5.0
    versions: dict[str, str] = {}
    decisions: dict[str, str] = {}
    groups: dict[str, str] = {}
    guarded: tuple[str, ...] = ()
    trace_header: str = "X-Trace-Id"
    execute: str = ""
    blocked: str = "BLOCKED"
    unaudited: str = "AUDIT_UNAVAILABLE"
    response_s: float = 15.0
    trail_visible_s: float = 2.0
    p99_s: dict[str, float] = {}
    slow: str = ""
    waivers: tuple[Waiver, ...] = ()
    gate_digest: str = ""
    replays: str = ""


class Footer(Record, frozen=True, tag_field="event", tag="footer"):
    """Last line of a journal: how the run ended, and the digest of every byte before this line and of its own words.

    The clock was moved by `moved` seconds while the journal was written, held against one that nobody can set.
    """

    end: Literal["finished", "interrupted", "crashed"]
    lines: int
    sha256: str
    ended: float
    moved: float = 0.0


Event = (
    Header
    | Plan
    | Exchange
    | RenderedOutput
    | TrailReading
    | FaultEvent
    | Output
    | Finding
    | ItemResult
    | SelfTest
    | Abort
    | RunWarning
    | Footer
)


def by_id(exchanges: Iterable[Exchange]) -> dict[str, Exchange]:
    """Index exchanges by their id."""
    return {exchange.id: exchange for exchange in exchanges}
