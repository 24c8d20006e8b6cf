"""What `behavior.toml` contradicts, in itself and in the OpenAPI document. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from technogate.authoring.diff.operation_view import OperationView, located, mapping, views_of
from technogate.authoring.diff.schema_level import Node, escaped
from technogate.authoring.lint.problem import Finding
from technogate.contract.openapi import RefError


def behavior_findings(behavior: Mapping[str, Any], document: Node) -> Iterator[Finding]:
    """Every contradiction; a table that is missing is not looked into."""
    yield from _times(mapping(behavior.get("time")))
    yield from _codes(mapping(behavior.get("reason_codes")))
    if not document:
        return
    try:
        views = {view.id: view for view in views_of(document)}
    except RefError:
        # The rules of operations report it.
        return
    yield from _names(behavior, document, views)
    yield from _statuses(behavior, document)
    yield from _headers(mapping(behavior.get("headers")), document, views)


def _times(time: Node) -> Iterator[Finding]:
    """Times that cannot all be kept."""

    def number(key: str) -> float | None:
        value = time.get(key)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    earliest, response, latest = (number(f"{key}_s") for key in ("abort_earliest", "response", "abort_latest"))
    for (low, less), (high, more) in (
        (("abort_earliest_s", earliest), ("abort_latest_s", latest)),
        (("abort_earliest_s", earliest), ("response_s", response)),
        (("response_s", response), ("abort_latest_s", latest)),
    ):
        if less is not None and more is not None and less > more:
            text, hint = f"{low} ({less:g} s) is later than {high} ({more:g} s)", "correct one of them"
            yield Finding(rule="times-contradict", pointer=f"#/time/{low}", text=text, hint=hint)
    for key in ("response_s", "abort_earliest_s", "abort_latest_s", "trail_visible_s", "start_s"):
        if (value := number(key)) is not None and value <= 0:
            text = f"{key} is {value:g} s"
            yield Finding(rule="times-contradict", pointer=f"#/time/{key}", text=text, hint="allow some time")
    for name, limit in mapping(time.get("p99_s")).items():
        if isinstance(limit, int | float) and response is not None and limit > response:
            text = f"p99_s of {name} ({limit:g} s) is longer than response_s ({response:g} s)"
            pointer = f"#/time/p99_s/{escaped(name)}"
            yield Finding(rule="times-contradict", pointer=pointer, text=text, hint="correct one of them")


def _codes(codes: Node) -> Iterator[Finding]:
    """Reason codes that the list of known ones lacks."""
    known = codes.get("known")
    for key, code in codes.items():
        if key != "known" and isinstance(known, list) and isinstance(code, str) and code not in known:
            text = f"the reason code {code} is not among the known ones"
            yield Finding(rule="reason-code-unknown", pointer=f"#/reason_codes/{key}", text=text, hint="add it there")


def _names(behavior: Mapping[str, Any], document: Node, views: Mapping[str, OperationView]) -> Iterator[Finding]:
    """Operations, schemas and parameters that the document does not have."""
    hint = "name one of openapi.yaml"
    parts = mapping(behavior.get("operations"))
    played: dict[str, str] = {}
    for key, name in parts.items():
        pointer = f"#/operations/{escaped(key)}"
        if name not in views:
            text = f"there is no operation {name}"
            yield Finding(rule="operation-unknown", pointer=pointer, text=text, hint=hint)
        elif name in played:
            text = f"{name} has two parts: {played[name]} and {key}"
            yield Finding(rule="part-twice", pointer=pointer, text=text, hint="correct one of them")
        played[str(name)] = key
    for name in mapping(mapping(behavior.get("time")).get("p99_s")):
        if name not in views:
            pointer, text = f"#/time/p99_s/{escaped(name)}", f"there is no operation {name}"
            yield Finding(rule="operation-unknown", pointer=pointer, text=text, hint=hint)
    schemas = mapping(mapping(document.get("components")).get("schemas"))
    for key, name in mapping(behavior.get("schemas")).items():
        if name not in schemas:
            pointer, text = f"#/schemas/{escaped(key)}", f"there is no schema {name}"
            yield Finding(rule="schema-unknown", pointer=pointer, text=text, hint=hint)
    audit = views.get(str(parts.get("audit")))
    for key, name in mapping(behavior.get("audit")).items():
        if key.endswith("_parameter") and audit is not None and ("query", name) not in audit.parameters:
            pointer, text = f"#/audit/{escaped(key)}", f"{audit.id} has no query parameter {name}"
            yield Finding(rule="parameter-unknown", pointer=pointer, text=text, hint="name one of its parameters")


def _statuses(behavior: Mapping[str, Any], document: Node) -> Iterator[Finding]:
    """Status words that the enum of statuses does not have."""
    name = mapping(behavior.get("schemas")).get("status", "")
    schemas = mapping(mapping(document.get("components")).get("schemas"))
    words = mapping(schemas.get(str(name))).get("enum")
    if not isinstance(words, list):
        return
    for key, value in mapping(behavior.get("statuses")).items():
        for word in value if isinstance(value, list) else [value]:
            if word and word not in words:
                pointer, text = f"#/statuses/{escaped(key)}", f"the status {word} is not in the enum of {name}"
                hint = f"name one of {', '.join(map(str, words))}"
                yield Finding(rule="status-unknown", pointer=pointer, text=text, hint=hint)


def _headers(headers: Node, document: Node, views: Mapping[str, OperationView]) -> Iterator[Finding]:
    """The header of the key is a security scheme's, and each guarded answer has that of the trace."""
    key, trace = headers.get("key"), headers.get("trace")
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    names = {str(located(document, scheme, "")[1].get("name")).lower() for scheme in schemes.values()}
    if isinstance(key, str) and key.lower() not in names | {"authorization"}:
        text = f"no security scheme is a key in the header {key}"
        yield Finding(rule="key-header-unknown", pointer="#/headers/key", text=text, hint="name the scheme's header")
    if not isinstance(trace, str):
        return
    for view in views.values():
        for code, (pointer, node) in view.responses.items():
            found = {
                name.lower(): located(document, header, f"{pointer}/headers/{escaped(name)}")[1]
                for name, header in mapping(node.get("headers")).items()
            }
            if view.security and found.get(trace.lower(), {}).get("required") is not True:
                text = f"the answer {code} of {view.label} does not require {trace}"
                hint = "add the header to it in openapi.yaml, required"
                yield Finding(rule="trace-header-missing", pointer="#/headers/trace", text=text, hint=hint)
