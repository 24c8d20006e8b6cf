"""The `behavior.toml` of a new contract: what the document says, and an assumption with a question for the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from technogate.authoring.diff.operation_view import located, mapping, views_of
from technogate.authoring.diff.schema_level import escaped
from technogate.authoring.new.operations import Operations
from technogate.authoring.new.questions import Questions
from technogate.contract.openapi import operations_of

_HEALTH = re.compile(r"/(?:api/)?(?:health|healthz|healthcheck|status|ping|ready|readyz|live|livez)/?")
_RESPONSE_S, _P99_S, _BODY = 15.0, 1.0, 1 << 20


def behavior_text(document: Mapping[str, Any], operations: Operations, questions: Questions) -> str:
    """The text of the file; what is assumed becomes a question."""
    health = _health(document, operations)
    lines = [
        "# What the contract says and OpenAPI cannot. Seconds are seconds, bytes are bytes.",
        "# QUESTIONS.md lists what was assumed.",
        "",
        *_headers(document, questions),
        "",
        *_times(document, health, questions),
    ]
    if any("requestBody" in operation for _, _, operation in operations_of(document)):
        lines += ["", "[request]", f"max_body_bytes = {_BODY}     # a larger body is refused"]
        text = "How many bytes may a request body have?"
        questions.ask("behavior.toml [request] max_body_bytes", text, str(_BODY))
    if health:
        lines += ["", "[operations]", f"health = {json.dumps(health)}     # public, for start-up only"]
    text = (
        "Is there an operation for start-up alone, and does one of the operations list what was done (an audit trail)?"
    )
    questions.ask("behavior.toml [operations]", text, f"{health or 'no'} health check, no audit trail")
    text = "Does the backend keep an audit trail, where is it read, and what must be in it?"
    questions.ask("requirements.toml", text, "no requirement on one")
    text = "Is there a console, and what does it show on a refusal, a failure and a late answer?"
    questions.ask("behavior.toml [console]", text, "no console: no requirement on one")
    text = "Which rules of the domain does neither a schema nor a general requirement state?"
    questions.ask("requirements.toml", text, "none")
    return "\n".join(lines) + "\n"


def _headers(document: Mapping[str, Any], questions: Questions) -> Iterator[str]:
    """The header of the credential, and the one that identifies a request in every answer."""
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    keys = [
        str(scheme.get("name"))
        for scheme in map(mapping, schemes.values())
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header"
    ]
    bearer = any(str(mapping(scheme).get("scheme")).lower() == "bearer" for scheme in schemes.values())
    yield "[headers]"
    if keys or bearer:
        yield f"key = {json.dumps(keys[0] if keys else 'Authorization')}"
    trace = _trace(document)
    if trace:
        yield f"trace = {json.dumps(trace)}"
    else:
        yield '# trace = "X-Request-Id"     # on every answer of an operation that demands a credential'
        text = "Which header identifies the request in every answer?"
        questions.ask("behavior.toml [headers] trace", text, "none")


def _trace(document: Mapping[str, Any]) -> str:
    """A header that each answer must have, "" where there is none; of several the one that looks like an id."""
    common: set[str] | None = None
    for view in views_of(document):
        for pointer, node in view.responses.values():
            names = {
                name
                for name, header in mapping(node.get("headers")).items()
                if located(document, header, f"{pointer}/headers/{escaped(name)}")[1].get("required") is True
            }
            common = names if common is None else common & names
    return min(common or (), key=lambda name: ("id" not in name.lower(), name), default="")


def _times(document: Mapping[str, Any], health: str, questions: Questions) -> Iterator[str]:
    """What takes how long; nobody measures the operation for start-up."""
    yield "[time]"
    yield f"response_s = {_RESPONSE_S}          # a complete answer takes no longer"
    yield "clock_tolerance_s = 5.0    # how far the clocks of provider and gate may differ"
    yield "start_s = 60.0             # from start to healthy"
    yield ""
    yield "[time.p99_s]               # a SHOULD: 99 of 100 answers are this fast"
    for _, _, operation in operations_of(document):
        if operation["operationId"] != health:
            yield f"{json.dumps(operation['operationId'])} = {_P99_S}"
    text = "Within how many seconds is an answer complete, at the latest?"
    questions.ask("behavior.toml [time] response_s", text, f"{_RESPONSE_S:g}")
    text = "How fast are 99 of 100 answers of each operation?"
    questions.ask("behavior.toml [time.p99_s]", text, f"{_P99_S:g} s")


def _health(document: Mapping[str, Any], operations: Operations) -> str:
    """The operation that looks like a health check: public, a GET, with such a path; "" for none."""
    for path, method, operation in operations_of(document):
        if method == "GET" and _HEALTH.fullmatch(path) and not operations.is_guarded(operation):
            return str(operation["operationId"])
    return ""
