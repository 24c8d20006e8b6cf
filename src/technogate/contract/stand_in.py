"""Supply what a contract lacks, so that every check can be tried on known evidence, whatever the contract has. Pure.

A run's self-test proves each check before it judges anything. A check of a part that the contract lacks is never
collected, and it is proven all the same: with the words and schemas here, which are those of no real contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from technogate.contract.behavior import Behavior
from technogate.contract.parts import ANCHORS, needed_keys, parts_of, value_of

GRANTED, DENIED = "STAND_IN_GRANTED", "STAND_IN_DENIED"
_SCHEME = "standIn"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z$"

#: What stands for a key of `behavior.toml`; a field that is not here has the name of its meaning.
_VALUES: Mapping[str, object] = {
    "headers.key": "X-Stand-In-Key",
    "headers.trace": "X-Stand-In-Trace",
    "time.trail_visible_s": 2.0,
    "time.abort_earliest_s": 14.0,
    "time.abort_latest_s": 16.0,
    "request.max_body_bytes": 65536,
    "statuses.approved": GRANTED,
    "statuses.blocked": DENIED,
    "statuses.trail_success": [GRANTED],
    "statuses.empty_reasons": [GRANTED],
    "statuses.executed": [GRANTED],
    "reason_codes.known": ["STAND_IN"],
    "reason_codes.key_refused": "STAND_IN",
    "reason_codes.invalid_request": "STAND_IN",
    "reason_codes.unknown_status": "STAND_IN",
    "reason_codes.timeout": "STAND_IN",
    "reason_codes.audit_unavailable": "STAND_IN",
    "audit.filter_parameter": "filter",
    "audit.filter_all": "all",
    "audit.limit_parameter": "limit",
    "audit.success": "STAND_IN_DONE",
    "audit.failure": "STAND_IN_UNDONE",
    "console.refused_statuses": [401, 403],
    "console.refused_text": "refused by the stand-in",
    "console.url_variable": "STAND_IN_URL",
    "console.key_variable": "STAND_IN_KEY",
}


def filled(behavior: Behavior, statuses: tuple[str, ...]) -> Behavior:
    """The behavior with a value for each key of every part; `statuses` are the words that the contract has."""
    tables: dict[str, Any] = msgspec.to_builtins(behavior)
    every = {**needed_keys(frozenset(ANCHORS)), **{key: "" for key in ANCHORS.values() if not key.endswith(".")}}
    for key in every:
        if not value_of(behavior, key):
            *path, name = key.split(".")
            table = tables
            for step in path:
                table = table[step]
            table[name] = _VALUES.get(key, f"standIn_{name}" if path[0] in ("operations", "schemas") else name)
    if behavior.statuses.blocked and not behavior.statuses.approved:
        # The schema of statuses is the contract's: what is approved must be one of its words.
        approved = next((word for word in statuses if word != behavior.statuses.blocked), GRANTED)
        mine = tables["statuses"]
        mine["approved"] = approved
        for key in ("trail_success", "empty_reasons", "executed"):
            mine[key] = [word.replace(GRANTED, approved) for word in mine[key]]
    return msgspec.convert(tables, Behavior, strict=False)


def completed_document(document: Mapping[str, Any], behavior: Behavior, whole: Behavior) -> dict[str, Any]:
    """The document with the operations and schemas that `whole` names and `behavior` does not."""
    names, parts = whole.schemas, parts_of(behavior)
    envelope, entry, snapshot = whole.fields.envelope, whole.fields.entry, whole.fields.snapshot
    status, timestamp, trace = _ref(names.status), _ref(names.timestamp), _ref(names.trace_id)
    said: dict[str, Any] = {
        envelope.status: status,
        envelope.ts_utc: timestamp,
        envelope.trace_id: trace,
        envelope.reason_codes: {"type": "array", "items": {"type": "string"}},
    }
    refused = {**said, envelope.status: {"const": whole.statuses.blocked}}
    schemas = {
        "status": {"type": "string", "enum": [whole.statuses.approved, whole.statuses.blocked]},
        "timestamp": {"type": "string", "pattern": _TIME},
        "trace_id": {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64},
        "blocked_envelope": _object(refused),
        "error_response": _object({**refused, envelope.message: {"type": "string", "minLength": 1}}),
        "execute_request": _object(
            {whole.fields.request.command: {"type": "string", "pattern": "^[A-Z_]+$", "minLength": 3, "maxLength": 32}},
            {whole.fields.request.session_id: {"type": "string", "maxLength": 128}},
        ),
        "execute_response": _object(said),
        "audit_entry": _object(
            {
                entry.timestamp: timestamp,
                entry.action: {"type": "string"},
                entry.result: {"enum": [whole.audit.success, whole.audit.failure]},
                entry.state: status,
            }
        ),
        "audit_list": {"type": "array", "items": _ref(names.audit_entry)},
        "memory_snapshot": _object(
            {
                snapshot.command: {"type": "string"},
                snapshot.output: {"type": "string"},
                snapshot.timestamp: timestamp,
                snapshot.status: status,
            }
        ),
    }
    missing = {
        getattr(names, key): schema for key, schema in schemas.items() if not value_of(behavior, f"schemas.{key}")
    }
    operations: dict[str, tuple[str, dict[str, Any]]] = {
        "execute": ("post", _operation(whole, names.execute_response, request=names.execute_request)),
        "audit": ("get", _operation(whole, names.audit_list, query=_query(whole))),
        "fallback": ("get", _operation(whole, names.audit_list, query=_query(whole))),
        "memory": ("get", _operation(whole, names.memory_snapshot, empty=True)),
        "health": ("get", {"security": [], "responses": {"200": {"description": "It is up."}}}),
    }
    paths = {
        f"/stand-in/{part}": {method: {"operationId": getattr(whole.operations, part), **described}}
        for part, (method, described) in operations.items()
        if part not in parts
    }
    components: Mapping[str, Any] = document.get("components", {})
    scheme = {"type": "apiKey", "in": "header", "name": whole.headers.key}
    return {
        **document,
        "paths": {**document.get("paths", {}), **paths},
        "components": {
            **components,
            "securitySchemes": {**components.get("securitySchemes", {}), _SCHEME: scheme},
            "schemas": {**components.get("schemas", {}), **missing},
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, object]:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def _query(whole: Behavior) -> list[dict[str, object]]:
    """The parameters of an audit list."""
    words = [whole.audit.filter_all, whole.statuses.approved, whole.statuses.blocked]
    return [
        {"name": whole.audit.filter_parameter, "in": "query", "schema": {"enum": words, "default": words[0]}},
        {
            "name": whole.audit.limit_parameter,
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
        },
    ]


def _operation(
    whole: Behavior,
    schema: str,
    *,
    request: str = "",
    query: list[dict[str, object]] | None = None,
    empty: bool = False,
) -> dict[str, object]:
    """An operation that answers 200 with `schema`, and its errors."""
    headers = {whole.headers.trace: {"required": True, "schema": _ref(whole.schemas.trace_id)}}

    def answer(name: str) -> dict[str, object]:
        content = {"application/json": {"schema": _ref(name)}}
        return {"description": "An answer.", "headers": headers, "content": content}

    responses: dict[str, object] = {
        str(code): answer(whole.schemas.error_response) for code in (400, 401, 403, 413, 415, 429, 500, 503)
    }
    described: dict[str, object] = {"security": [{_SCHEME: []}], "responses": {"200": answer(schema), **responses}}
    if empty:
        responses |= {"200": answer(schema), "204": {"description": "None.", "headers": headers}}
        described["responses"] = responses
    if request:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(request)}}}
    return {**described, "parameters": query} if query else described
