"""What ties a contract's files together: examples keep to their schemas, behavior to the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from technogate.contract.behavior import Behavior
from technogate.contract.files import ContractError
from technogate.contract.openapi import resolve
from technogate.contract.operations import Operation, credential_headers
from technogate.contract.parts import part_problems
from technogate.contract.schema_wording import show
from technogate.contract.schemas import Schemas

#: At most so many parts of a schema are read for the names of its properties: `allOf` may lead back to itself.
_MOST_PARTS = 1000
#: Parts of the document that hold values, not descriptions: no schema is looked for within them.
_VALUES = frozenset({"example", "examples", "default", "const", "enum", "value"})


def check_examples(file: Path, document: Mapping[str, object], schemas: Schemas) -> None:
    """Hold every example and default to its schema.

    Raises ContractError for one that is refused, and for a body or a named schema without an example.
    """
    for pointer, schema, values in exampled(document, "#"):
        if not values:
            raise ContractError(f"{file}: {pointer} has no example; add one")
        for name, value in values:
            for problem in schemas.problems(schema, value):
                raise ContractError(f"{file}: {pointer}: the {name} is not valid: {problem}; correct one of them")


def exampled(node: object, pointer: str) -> Iterator[tuple[str, str, list[tuple[str, object]]]]:
    """Every place that should have examples: its pointer, the pointer of its schema, the examples by name."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from exampled(item, f"{pointer}/{index}")
    if not isinstance(node, Mapping):
        return
    names = pointer.endswith("/properties")
    if not names and isinstance(node.get("schema"), Mapping) and _is_carrier(node, pointer):
        yield pointer, f"{pointer}/schema", list(_examples(node))
    elif pointer.startswith("#/components/schemas/") and pointer.count("/") == 3:
        yield pointer, pointer, list(_examples(node))
    elif not names and "default" in node:
        yield pointer, pointer, [("default", node["default"])]
    for key, item in node.items():
        if names or key not in _VALUES:
            yield from exampled(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")


def _is_carrier(node: Mapping[str, object], pointer: str) -> bool:
    """Whether `node` is a media type or a parameter: what has a schema and shows examples beside it."""
    return "in" in node or pointer.rsplit("/", 2)[-2] == "content"


def _examples(node: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Name and value of each example of a schema (a list), a media type or a parameter (a mapping of objects)."""
    if "example" in node:
        yield "example", node["example"]
    examples = node.get("examples")
    if isinstance(examples, list):
        yield from ((f"example {number}", value) for number, value in enumerate(examples, 1))
    elif isinstance(examples, Mapping):
        for name, example in examples.items():
            if isinstance(example, Mapping) and "value" in example:
                yield f"example {name}", example["value"]


def check_behavior(
    folder: Path,
    document: Mapping[str, object],
    operations: Mapping[str, Operation],
    statuses: tuple[str, ...],
    behavior: Behavior,
) -> None:
    """Hold `behavior.toml` to the OpenAPI document; raises ContractError for the first contradiction."""
    # A part that lacks a key cannot be held to anything else.
    for problem in (*part_problems(behavior), *_limits(operations, behavior)):
        raise ContractError(f"{folder / 'behavior.toml'}: {problem}")
    for problem in (
        *_unknown_operations(operations, behavior),
        *_guarding(document, operations, behavior),
        *_statuses(statuses, behavior),
        *_reasons(behavior),
        *_times(behavior),
        *_query(operations, behavior),
        *_parts(behavior),
        *_fields(document, behavior),
    ):
        raise ContractError(f"{folder / 'behavior.toml'}: {problem}")


def _unknown(words: Iterable[str], known: Iterable[str], key: str, hint: str) -> Iterator[str]:
    """A problem for each of `words` that is not among `known`."""
    allowed = set(known)
    for word in words:
        if word not in allowed:
            yield f"the key {key} names {word}; {hint}"


def _unknown_operations(operations: Mapping[str, Operation], behavior: Behavior) -> Iterator[str]:
    hint = "name an operationId of openapi.yaml"
    parts = behavior.operations
    for key in parts.__struct_fields__:
        name = getattr(parts, key)
        yield from _unknown([name] * bool(name), operations, f"operations.{key}", hint)
    yield from _unknown(behavior.time.p99_s, operations, "time.p99_s", hint)


def _limits(operations: Mapping[str, Operation], behavior: Behavior) -> Iterator[str]:
    """An operation that takes a body has a limit to its size."""
    if any(operation.request_pointer for operation in operations.values()) and not behavior.request.max_body_bytes:
        yield "the key request.max_body_bytes is missing; add it"


def _parts(behavior: Behavior) -> Iterator[str]:
    """Each part is another operation's. An operation that plays none is held to what holds for any."""
    played: dict[str, str] = {}
    for key in behavior.operations.__struct_fields__:
        operation = getattr(behavior.operations, key)
        if operation in played:
            yield f"the key operations.{key} names {operation}, and so does {played[operation]}; correct one"
        elif operation:
            played[operation] = key


def _guarding(document: Mapping[str, object], operations: Mapping[str, Operation], behavior: Behavior) -> Iterator[str]:
    """The key's header is the document's, the trace header is on every guarded response, health is public."""
    key, trace = behavior.headers.key, behavior.headers.trace
    known = {name.lower() for name in credential_headers(document)}
    if key and key.lower() not in known:
        yield f"the key headers.key names {key}; name the header of the security scheme in openapi.yaml"
    public = behavior.operations.health
    played = {getattr(behavior.operations, part) for part in behavior.operations.__struct_fields__}
    for operation in operations.values():
        if operation.guarded and not key:
            yield f"the key headers.key is missing, and {operation.id} of openapi.yaml demands a credential; add it"
        if operation.id in played and operation.guarded == (operation.id == public):
            hint = "take the security from it" if operation.guarded else "give it a security"
            yield f"{operation.id} in openapi.yaml: only operations.health is public; {hint}"
        for status, headers in operation.response_headers.items():
            if operation.guarded and trace and trace.lower() not in headers:
                yield f"headers.trace: the response {status} of {operation.id} does not require {trace}; add it"


def _statuses(statuses: tuple[str, ...], behavior: Behavior) -> Iterator[str]:
    part = behavior.statuses
    for key in part.__struct_fields__:
        value = getattr(part, key)
        words = [value] * bool(value) if isinstance(value, str) else value
        yield from _unknown(words, statuses, f"statuses.{key}", f"name one of {', '.join(statuses)}")
    for word in sorted(set(part.executed) & set(part.maybe_executed)):
        yield f"the key statuses.maybe_executed names {word}, and so does executed; remove it from one"
    if part.approved and part.approved == part.blocked:
        yield "the keys statuses.approved and statuses.blocked name the same status; correct one"


def _fields(document: Mapping[str, object], behavior: Behavior) -> Iterator[str]:
    """Each field is a property of its schema, and no two of a shape have one name."""
    names = behavior.schemas
    schemas = {
        "envelope": names.execute_response or names.error_response,
        "request": names.execute_request,
        "entry": names.audit_entry,
        "snapshot": names.memory_snapshot,
    }
    for shape, schema in schemas.items():
        if not schema:
            continue
        table, known = getattr(behavior.fields, shape), set(properties_of(document, schema))
        named: dict[str, str] = {}
        for meaning in table.__struct_fields__:
            name = getattr(table, meaning)
            if not name:
                continue
            yield from _unknown([name], known, f"fields.{shape}.{meaning}", f"name a property of {schema}")
            if name in named:
                yield f"the key fields.{shape}.{meaning} names {name}, and so does {named[name]}; correct one"
            named[name] = meaning


def properties_of(document: Mapping[str, object], schema: str) -> Iterator[str]:
    """The names of the properties of a schema of `components`, those of its `allOf` among them."""
    pending: list[object] = [{"$ref": f"#/components/schemas/{schema}"}]
    seen = 0
    while pending and seen < _MOST_PARTS:
        seen += 1
        node = resolve(document, pending.pop())
        if isinstance(node, Mapping):
            properties, parts = node.get("properties"), node.get("allOf")
            yield from properties if isinstance(properties, Mapping) else ()
            pending += parts if isinstance(parts, list) else []


def _reasons(behavior: Behavior) -> Iterator[str]:
    part = behavior.reason_codes
    for key in part.__struct_fields__:
        if key != "known" and getattr(part, key):
            yield from _unknown([getattr(part, key)], part.known, f"reason_codes.{key}", "add it to known")


def _times(behavior: Behavior) -> Iterator[str]:
    time = behavior.time
    if time.abort_latest_s and not time.abort_earliest_s <= time.response_s <= time.abort_latest_s:
        yield "the key time.response_s must lie between abort_earliest_s and abort_latest_s"


def _query(operations: Mapping[str, Operation], behavior: Behavior) -> Iterator[str]:
    """Audit and fallback take the same query, and it has the parameters that the behavior names."""
    names, audit = behavior.audit, operations.get(behavior.operations.audit)
    if audit is None:
        return
    fallback = operations.get(behavior.operations.fallback)
    if fallback is not None and fallback.parameters != audit.parameters:
        yield "the key operations.fallback names an operation with another query than that of operations.audit"
    for key in ("filter_parameter", "limit_parameter"):
        if audit.parameter(getattr(names, key)) is None:
            yield f"the key audit.{key} names {getattr(names, key)}; name a query parameter of {audit.id}"
    choice = audit.parameter(names.filter_parameter)
    words = choice.schema.get("enum") if choice else None
    if not isinstance(words, list) or names.filter_all not in words:
        yield f"the key audit.filter_all names {show(names.filter_all)}; name a word of the filter's enum"
