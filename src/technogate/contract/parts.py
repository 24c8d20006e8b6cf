"""The parts of a contract: what it may have, and which keys of `behavior.toml` each of them needs. Pure.

A contract lacks a part by saying nothing of it. What checks the part is then not collected, and an operation that plays
none is held to what holds for any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from technogate.contract.behavior import Behavior

#: Each part, and the keys by which a contract says that it has it; a key with a dot at its end is a whole table.
ANCHORS: Mapping[str, str] = {
    "key": "headers.key",
    "trace": "headers.trace",
    "envelope": "fields.envelope.",
    "execute": "operations.execute",
    "trail": "fields.entry.",
    "audit": "operations.audit",
    "fallback": "operations.fallback",
    "memory": "operations.memory",
    "health": "operations.health",
    "console": "console.",
}

#: Parts that a part rests on.
RESTS_ON: Mapping[str, Sequence[str]] = {
    "execute": ("envelope", "key", "trace"),
    "trail": ("envelope", "trace"),
    "audit": ("trail",),
    "fallback": ("audit",),
    "memory": ("execute",),
    "console": ("execute",),
}

_ENVELOPE = ("status", "ts_utc", "trace_id", "reason_codes", "execution_id", "message")
_ENTRY = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
_SNAPSHOT = ("command", "output", "timestamp", "status", "execution_id")

#: The keys that each part needs, besides its anchor.
KEYS: Mapping[str, Sequence[str]] = {
    "envelope": (
        *("statuses.blocked", "reason_codes.known", "reason_codes.key_refused", "reason_codes.invalid_request"),
        *("schemas.status", "schemas.timestamp", "schemas.trace_id", "schemas.blocked_envelope"),
        *("schemas.error_response", *(f"fields.envelope.{name}" for name in _ENVELOPE)),
    ),
    "execute": (
        *("request.max_body_bytes", "statuses.approved", "statuses.empty_reasons", "statuses.executed"),
        *("reason_codes.unknown_status", "reason_codes.timeout"),
        *("schemas.execute_request", "schemas.execute_response"),
        *("fields.request.command", "fields.request.session_id"),
    ),
    "trail": (
        *("time.trail_visible_s", "statuses.trail_success", "reason_codes.audit_unavailable"),
        *("audit.success", "audit.failure", "schemas.audit_entry"),
        *(f"fields.entry.{name}" for name in _ENTRY),
    ),
    "audit": ("audit.filter_parameter", "audit.filter_all", "audit.limit_parameter", "schemas.audit_list"),
    "memory": ("schemas.memory_snapshot", *(f"fields.snapshot.{name}" for name in _SNAPSHOT)),
    "console": (
        *("time.abort_earliest_s", "time.abort_latest_s", "console.refused_statuses", "console.refused_text"),
        *("console.url_variable", "console.key_variable", "console.functions.execute"),
    ),
}

#: Functions of a console that only a contract with the part has.
_FUNCTIONS = {"audit": "console.functions.audit", "memory": "console.functions.memory"}


def value_of(behavior: Behavior, key: str) -> object:
    """What a key such as `fields.entry.state` is set to; a table that is left out has the empty value everywhere."""
    value: object = behavior
    for name in key.rstrip(".").split("."):
        value = getattr(value, name)
    return value


def parts_of(behavior: Behavior) -> frozenset[str]:
    """The parts that a contract has."""
    return frozenset(part for part, key in ANCHORS.items() if _is_set(value_of(behavior, key)))


def needed_keys(parts: frozenset[str]) -> dict[str, str]:
    """The keys that a contract of these parts needs, each with a part that needs it."""
    keys = {key: part for part in ANCHORS if part in parts for key in KEYS.get(part, ())}
    if "console" in parts:
        keys |= {key: "console" for part, key in _FUNCTIONS.items() if part in parts}
    return keys


def part_problems(behavior: Behavior) -> Iterator[str]:
    """What a part lacks, and what is said of a part that the contract lacks, one line each."""
    parts = parts_of(behavior)
    for part, others in RESTS_ON.items():
        for other in others:
            if part in parts and other not in parts:
                anchor = ANCHORS[other].rstrip(".")
                yield f"the key {anchor} is missing; add it, or remove {ANCHORS[part].rstrip('.')}, which rests on it"
    needed = needed_keys(parts)
    for key in needed:
        if not _is_set(value_of(behavior, key)):
            yield f"the key {key} is missing; add it"
    known = {key: part for part in ANCHORS for key in KEYS.get(part, ())} | {
        key: part for part, key in _FUNCTIONS.items()
    }
    for key, part in known.items():
        # What a limit of a request's size means is clear without an operation that executes.
        if key not in needed and key != "request.max_body_bytes" and _is_set(value_of(behavior, key)):
            anchor = ANCHORS[part].rstrip(".")
            yield f"the key {key} is of a part that the contract lacks ({anchor} is not there); remove it, or add that"


def _is_set(value: object) -> bool:
    """Whether a value, or any within a table, is not empty."""
    fields = getattr(value, "__struct_fields__", None)
    return any(_is_set(getattr(value, name)) for name in fields) if fields is not None else bool(value)
