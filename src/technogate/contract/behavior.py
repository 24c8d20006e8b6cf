"""What a contract states and OpenAPI cannot: `behavior.toml` as frozen records.

Every key of the file is a field here, and no other key is known. A contract has *parts* (`technogate.contract.parts`):
a key of a part that it has is required, and one of a part that it lacks is empty here. What the values mean together
with the OpenAPI document is checked by `technogate.contract.loader`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

#: A length of time in seconds, above zero and at most an hour.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
HeaderName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]+\Z")]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]

_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")
_MISSING = re.compile(r"Object missing required field `(.*?)`")
_PLACE = re.compile(r" - at `\$\.?(.*?)`$")


#: The outcomes that a target file names commands for, each of which has a status.
OUTCOMES = ("approved", "warning", "neutral", "expired", "blocked")


class BehaviorError(ValueError):
    """`behavior.toml` has a wrong key or value; the text names it and the hint."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: frozen, and no unknown keys."""


class Headers(_Table, frozen=True, kw_only=True):
    """Names of the headers: `key` on every request, `trace` on every response of a guarded operation."""

    key: HeaderName = ""
    trace: HeaderName = ""


class Time(_Table, frozen=True, kw_only=True):
    """Times in seconds. `p99_s` is by operation id (TMO-02); the others hold for all."""

    response_s: Seconds
    abort_earliest_s: Seconds = 0.0
    abort_latest_s: Seconds = 0.0
    clock_tolerance_s: Seconds
    trail_visible_s: Seconds = 0.0
    start_s: Seconds
    p99_s: dict[str, Seconds] = {}


class RequestLimits(_Table, frozen=True, kw_only=True):
    """Bounds of a request; `max_body_bytes` is the largest body that is read (EXE-05)."""

    max_body_bytes: Annotated[int, msgspec.Meta(gt=0, le=1 << 30)] = 0


class Statuses(_Table, frozen=True, kw_only=True):
    """What statuses mean. `maybe_executed` is left open: these may move the memory snapshot or not.

    `warning`, `neutral` and `expired` are "" where a contract has no such status.
    """

    approved: Text = ""
    blocked: Text = ""
    warning: str = ""
    neutral: str = ""
    expired: str = ""
    trail_success: Texts = ()
    empty_reasons: Texts = ()
    executed: Texts = ()
    maybe_executed: tuple[Text, ...] = ()

    def of(self, outcome: str) -> str:
        """The status of one of the outcomes that a target file names commands for; "" where there is none."""
        word: str = getattr(self, outcome)
        return word


class ReasonCodes(_Table, frozen=True, kw_only=True):
    """The known codes (an open list), and the code that goes with each kind of refusal."""

    known: Texts = ()
    key_refused: Text = ""
    invalid_request: Text = ""
    unknown_status: Text = ""
    timeout: Text = ""
    audit_unavailable: Text = ""


class Audit(_Table, frozen=True, kw_only=True):
    """Names of the audit query's parameters, the filter that lets every entry through, and the results of entries."""

    filter_parameter: Text = ""
    filter_all: Text = ""
    limit_parameter: Text = ""
    success: Text = ""
    failure: Text = ""


class Operations(_Table, frozen=True, kw_only=True):
    """Which operation (by id) plays which part; `fallback` replaces `audit` when that fails (CON-10)."""

    execute: Text = ""
    audit: Text = ""
    fallback: Text = ""
    memory: Text = ""
    health: Text = ""


class SchemaNames(_Table, frozen=True, kw_only=True):
    """Which of `components/schemas` describes what."""

    status: Text = ""
    timestamp: Text = ""
    trace_id: Text = ""
    execute_request: Text = ""
    execute_response: Text = ""
    blocked_envelope: Text = ""
    error_response: Text = ""
    audit_entry: Text = ""
    audit_list: Text = ""
    memory_snapshot: Text = ""


class EnvelopeFields(_Table, frozen=True, kw_only=True):
    """Names of the fields of an execute response, a blocked envelope and an error."""

    status: Text = ""
    ts_utc: Text = ""
    trace_id: Text = ""
    reason_codes: Text = ""
    execution_id: Text = ""
    message: Text = ""


class RequestFields(_Table, frozen=True, kw_only=True):
    """Names of the fields of an execute request."""

    command: Text = ""
    session_id: Text = ""


class EntryFields(_Table, frozen=True, kw_only=True):
    """Names of the fields of an audit entry."""

    timestamp: Text = ""
    action: Text = ""
    result: Text = ""
    state: Text = ""
    trace_id: Text = ""
    execution_id: Text = ""


class SnapshotFields(_Table, frozen=True, kw_only=True):
    """Names of the fields of a memory snapshot."""

    command: Text = ""
    output: Text = ""
    timestamp: Text = ""
    status: Text = ""
    execution_id: Text = ""


class Fields(_Table, frozen=True, kw_only=True):
    """The names of fields, by what they mean."""

    envelope: EnvelopeFields = EnvelopeFields()
    request: RequestFields = RequestFields()
    entry: EntryFields = EntryFields()
    snapshot: SnapshotFields = SnapshotFields()


class Functions(_Table, frozen=True, kw_only=True):
    """Names of the functions of a client module."""

    execute: Text = ""
    audit: Text = ""
    memory: Text = ""


class Console(_Table, frozen=True, kw_only=True):
    """What the console shows on a refusal, the environment variables it is configured by, its client's functions."""

    refused_statuses: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=400, le=499)], ...], msgspec.Meta(min_length=1)
    ] = ()
    refused_text: Text = ""
    url_variable: Text = ""
    key_variable: Text = ""
    functions: Functions = Functions()


class Behavior(_Table, frozen=True, kw_only=True):
    """The whole of `behavior.toml`."""

    headers: Headers = Headers()
    time: Time
    request: RequestLimits = RequestLimits()
    statuses: Statuses = Statuses()
    reason_codes: ReasonCodes = ReasonCodes()
    audit: Audit = Audit()
    operations: Operations = Operations()
    schemas: SchemaNames = SchemaNames()
    fields: Fields = Fields()
    console: Console = Console()


def field_names(behavior: Behavior) -> dict[str, dict[str, str]]:
    """By shape, the names of those fields that are not called what they mean."""
    fields = behavior.fields
    return {
        shape: {
            meaning: name
            for meaning in table.__struct_fields__
            if (name := getattr(table, meaning)) not in ("", meaning)
        }
        for shape in fields.__struct_fields__
        for table in [getattr(fields, shape)]
    }


def behavior_of(tables: Mapping[str, object]) -> Behavior:
    """The behavior that the parsed TOML `tables` describe; raises BehaviorError naming the key that is wrong."""
    try:
        return msgspec.convert(tables, Behavior)
    except msgspec.ValidationError as error:
        raise BehaviorError(worded(error)) from error


def worded(error: msgspec.ValidationError) -> str:
    """A complaint about a TOML table as one line: the key, what is wrong, the hint."""
    text = str(error)
    place = _PLACE.search(text)
    where = place[1] if place else ""
    text = _PLACE.sub("", text)
    for pattern, hint in ((_UNKNOWN, "is not known; remove it"), (_MISSING, "is missing; add it")):
        if match := pattern.fullmatch(text):
            return f"the key {'.'.join(part for part in (where, match[1]) if part)} {hint}"
    return f"the key {where}: {text[:1].lower()}{text[1:]}" if where else text
