"""The operations of a contract's OpenAPI document as records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import cast

from technogate.contract.behavior import OUTCOMES, Behavior, SchemaNames, field_names
from technogate.contract.files import ContractError
from technogate.contract.openapi import RefError, locate, operations_of, resolve
from technogate.model.contract_words import ContractWords

#: The one media type of the contract's bodies.
JSON = "application/json"
Node = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation; `location` is query, header, path or cookie; `schema` has its `$ref` followed."""

    name: str
    location: str
    required: bool
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method and a path. `guarded` ones require the API key; `responses` are the documented statuses, ascending.

    `response_schemas` maps each status to the pointer of its schema, None for a response without a body;
    `response_headers` to the names, in lower case, of the headers that it must have.
    """

    id: str
    method: str
    path: str
    guarded: bool
    parameters: tuple[Parameter, ...]
    request_schema: Mapping[str, object] | None
    responses: tuple[int, ...]
    request_pointer: str | None = field(repr=False)
    response_schemas: Mapping[int, str | None] = field(repr=False)
    response_headers: Mapping[int, frozenset[str]] = field(repr=False)

    def parameter(self, name: str) -> Parameter | None:
        """The query parameter `name`, or None."""
        return next(
            (parameter for parameter in self.parameters if parameter.name == name and parameter.location == "query"),
            None,
        )


def statuses_in(file: Path, document: Node, names: SchemaNames) -> tuple[str, ...]:
    """The words of the statuses; raises ContractError when a schema of `names` is missing or no enum is there."""
    schemas = _node(_node(document.get("components")).get("schemas"))
    for key in names.__struct_fields__:
        if not isinstance(schemas.get(getattr(names, key)), Mapping):
            name = getattr(names, key)
            raise ContractError(
                f"{file}: components/schemas/{name} is missing; schemas.{key} of behavior.toml names it"
            )
    words = _node(schemas[names.status]).get("enum")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ContractError(f"{file}: components/schemas/{names.status} has no enum; list the statuses there")
    return tuple(words)


def words_of(behavior: Behavior, operations: Mapping[str, Operation], statuses: tuple[str, ...]) -> ContractWords:
    """The words of a contract that keeps to itself: `check_behavior` has held its behavior to its operations."""
    query, console, audit = behavior.audit, behavior.console, operations[behavior.operations.audit]
    limit = audit.parameter(query.limit_parameter)
    usual, most = (limit.schema.get(key) if limit else None for key in ("default", "maximum"))
    return ContractWords(
        **field_names(behavior),
        snapshots=behavior.operations.memory,
        statuses=statuses,
        approved=behavior.statuses.approved,
        blocked=behavior.statuses.blocked,
        outcomes={name: word for name in OUTCOMES if (word := behavior.statuses.of(name))},
        results=(query.success, query.failure),
        audit_path=audit.path,
        health_path=operations[behavior.operations.health].path,
        key_header=behavior.headers.key,
        trace_header=behavior.headers.trace,
        url_variable=console.url_variable,
        key_variable=console.key_variable,
        functions={part: getattr(console.functions, part) for part in console.functions.__struct_fields__},
        filter_parameter=query.filter_parameter,
        filter_usual=query.filter_all,
        limit_parameter=query.limit_parameter,
        limit_usual=usual if isinstance(usual, int) else 0,
        limit_most=most if isinstance(most, int) else 0,
    )


def operations_in(file: Path, document: Node) -> dict[str, Operation]:
    """Every operation by its id, in the order of the document; raises ContractError naming the one that is wrong."""
    operations: dict[str, Operation] = {}
    for path, method, raw in operations_of(document):
        name = raw.get("operationId")
        if not isinstance(name, str) or not name:
            raise ContractError(f"{file}: {method} {path} has no operationId; give it one")
        try:
            operations[name] = _operation(document, name, path, method, raw)
        except (RefError, ValueError) as error:
            raise ContractError(f"{file}: {name}: {error}") from error
    return operations


def _operation(document: Node, name: str, path: str, method: str, raw: Node) -> Operation:
    """One operation; raises RefError or ValueError with the reason."""
    base = f"#/paths/{_escaped(path)}/{method.lower()}"
    item = _node(_node(document["paths"])[path])
    request_pointer = None
    if "requestBody" in raw:
        pointer, body = locate(document, raw["requestBody"], f"{base}/requestBody")
        request_pointer = _content(pointer, _node(body), "the request")
    schemas: dict[int, str | None] = {}
    headers: dict[int, frozenset[str]] = {}
    for code, response in sorted(_node(raw.get("responses")).items()):
        if not (len(code) == 3 and code.isdecimal()):
            raise ValueError(f"the response {code} must be one status; list each status by itself")
        pointer, described = locate(document, response, f"{base}/responses/{code}")
        schemas[int(code)] = _content(pointer, _node(described), f"the response {code}")
        headers[int(code)] = frozenset(_required_headers(document, _node(described)))
    return Operation(
        id=name,
        method=method,
        path=path,
        guarded=bool(raw.get("security", document.get("security"))),
        parameters=tuple(
            _parameter(document, _node(resolve(document, parameter)))
            for parameter in [*_list(item.get("parameters")), *_list(raw.get("parameters"))]
        ),
        request_schema=_node(locate(document, {"$ref": request_pointer}, "")[1]) if request_pointer else None,
        responses=tuple(schemas),
        request_pointer=request_pointer,
        response_schemas=MappingProxyType(schemas),
        response_headers=MappingProxyType(headers),
    )


def _content(pointer: str, node: Node, what: str) -> str | None:
    """The pointer of the schema of a request or response, None without a body; raises ValueError unless it is JSON."""
    content = _node(node.get("content"))
    if not content:
        return None
    if list(content) != [JSON] or not isinstance(_node(content[JSON]).get("schema"), Mapping):
        raise ValueError(f"{what} must have a schema for {JSON} and for nothing else")
    return f"{pointer}/content/{_escaped(JSON)}/schema"


def _required_headers(document: Node, response: Node) -> Iterator[str]:
    """The headers that a response must have, in lower case."""
    for name, header in _node(response.get("headers")).items():
        if _node(resolve(document, header)).get("required") is True:
            yield name.lower()


def _parameter(document: Node, raw: Node) -> Parameter:
    schema = _node(resolve(document, raw.get("schema")))
    return Parameter(
        name=str(raw.get("name")), location=str(raw.get("in")), required=raw.get("required") is True, schema=schema
    )


def _escaped(part: str) -> str:
    """A part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _node(value: object) -> Node:
    """`value` as a mapping, an empty one for anything else (a valid document has only what is optional missing)."""
    return cast(Node, value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
