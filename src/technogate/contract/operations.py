"""The operations of a contract's OpenAPI document as records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import cast

from technogate.contract.behavior import OUTCOMES, Behavior, SchemaNames, field_names
from technogate.contract.files import ContractError
from technogate.contract.openapi import RefError, locate, operations_of, resolve
from technogate.contract.stand_in import filled
from technogate.model.contract_words import ContractWords

#: The one media type of the contract's bodies.
JSON = "application/json"
Node = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation; `location` is query, header, path or cookie; `schema` has its `$ref` followed.

    `pointer` is that of its schema. `explode` is whether each member of a list is a parameter of its own, `examples`
    are its example values, first those that stand beside the schema.
    """

    name: str
    location: str
    required: bool
    schema: Mapping[str, object]
    pointer: str = field(default="", compare=False)
    explode: bool = True
    examples: tuple[object, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method and a path. `guarded` ones require a credential; `responses` are the documented statuses, ascending.

    `request_required` is whether a request must have a body, `request_examples` are examples of it.
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
    request_required: bool = False
    request_examples: tuple[object, ...] = field(default=(), repr=False)

    @property
    def successes(self) -> tuple[int, ...]:
        """The documented statuses of success, ascending."""
        return tuple(status for status in self.responses if 200 <= status < 300)

    @property
    def answers(self) -> tuple[int, ...]:
        """The statuses of success that come with a body."""
        return tuple(status for status in self.successes if self.response_schemas[status] is not None)

    @property
    def empty_answers(self) -> tuple[int, ...]:
        """The statuses of success that come without a body."""
        return tuple(status for status in self.successes if self.response_schemas[status] is None)

    @property
    def is_repeatable(self) -> bool:
        """Whether the same request may be sent again, and means the same."""
        return self.method == "GET"

    def is_at(self, path: str) -> bool:
        """Whether a request's path is this operation's; a parameter in it is any text without a slash."""
        return path == self.path if "{" not in self.path else re.fullmatch(self._pattern(), path) is not None

    def end_of(self, path: str) -> str:
        """The end of a path that is this operation's, "" where it is another's."""
        found = re.search(f"{self._pattern()}$", path)
        return found[0] if found is not None else ""

    def _pattern(self) -> str:
        """What matches the path, with any text without a slash in the place of each parameter."""
        return "[^/]+".join(map(re.escape, re.split(r"\{[^{}]*\}", self.path)))

    def parameter(self, name: str) -> Parameter | None:
        """The query parameter `name`, or None."""
        return next(
            (parameter for parameter in self.parameters if parameter.name == name and parameter.location == "query"),
            None,
        )


def credential_headers(document: Node) -> dict[str, str]:
    """The headers in which the security schemes have a key or a bearer token, and what stands before that."""
    return dict(_credentials(document))


def key_prefix_of(document: Node, header: str) -> str:
    """What stands before the key in its header: "Bearer " for a bearer token."""
    known = {name.lower(): prefix for name, prefix in credential_headers(document).items()}
    return known.get(header.lower(), "")


def _credentials(document: Node) -> Iterator[tuple[str, str]]:
    for scheme in _node(_node(document.get("components")).get("securitySchemes")).values():
        described = _node(resolve(document, scheme))
        if described.get("type") == "apiKey" and described.get("in") == "header":
            yield str(described.get("name")), ""
        elif described.get("type") == "http" and str(described.get("scheme")).lower() == "bearer":
            yield "Authorization", "Bearer "


def statuses_in(file: Path, document: Node, names: SchemaNames) -> tuple[str, ...]:
    """The words of the statuses, none where a contract has no statuses.

    Raises ContractError when a schema that `names` has is missing, or that of the statuses has no enum.
    """
    schemas = _node(_node(document.get("components")).get("schemas"))
    for key in names.__struct_fields__:
        if getattr(names, key) and not isinstance(schemas.get(getattr(names, key)), Mapping):
            name = getattr(names, key)
            raise ContractError(
                f"{file}: components/schemas/{name} is missing; schemas.{key} of behavior.toml names it"
            )
    if not names.status:
        return ()
    words = _node(schemas[names.status]).get("enum")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ContractError(f"{file}: components/schemas/{names.status} has no enum; list the statuses there")
    return tuple(words)


def words_of(
    behavior: Behavior, operations: Mapping[str, Operation], statuses: tuple[str, ...], key_prefix: str
) -> ContractWords:
    """The words of a contract that keeps to itself: `check_behavior` has held its behavior to its operations.

    A part that it lacks has the words of the stand-in, which are in no evidence.
    """
    whole = filled(behavior, statuses)
    query, console = whole.audit, whole.console
    audit, health = operations.get(behavior.operations.audit), operations.get(behavior.operations.health)
    limit = audit.parameter(query.limit_parameter) if audit is not None else None
    usual, most = (limit.schema.get(key) if limit else None for key in ("default", "maximum"))
    return ContractWords(
        **field_names(behavior),
        snapshots=behavior.operations.memory,
        statuses=statuses,
        approved=whole.statuses.approved,
        blocked=whole.statuses.blocked,
        outcomes={name: word for name in OUTCOMES if (word := whole.statuses.of(name))},
        results=(query.success, query.failure),
        audit_path=audit.path if audit is not None else "",
        health_path=health.path if health is not None else "",
        answers={
            name: operation.answers for name, operation in operations.items() if operation.answers not in ((), (200,))
        },
        key_header=behavior.headers.key,
        key_prefix=key_prefix,
        trace_header=behavior.headers.trace,
        url_variable=console.url_variable,
        key_variable=console.key_variable,
        functions={
            part: name
            for part in console.functions.__struct_fields__
            if (name := getattr(behavior.console.functions, part))
        },
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
    request_pointer, request_required = None, False
    request_examples: tuple[object, ...] = ()
    if "requestBody" in raw:
        pointer, body = locate(document, raw["requestBody"], f"{base}/requestBody")
        request_pointer = _content(pointer, _node(body), "the request")
        request_required = _node(body).get("required") is True
        request_examples = _examples(document, _node(_node(_node(body).get("content")).get(JSON)))
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
        guarded=_is_guarded(raw.get("security", document.get("security"))),
        parameters=_parameters(document, path, item, raw, method.lower()),
        request_schema=_node(locate(document, {"$ref": request_pointer}, "")[1]) if request_pointer else None,
        responses=tuple(schemas),
        request_pointer=request_pointer,
        response_schemas=MappingProxyType(schemas),
        response_headers=MappingProxyType(headers),
        request_required=request_required,
        request_examples=request_examples,
    )


def _parameters(document: Node, path: str, item: Node, raw: Node, method: str) -> tuple[Parameter, ...]:
    """The parameters of an operation: its own take the place of those of its path."""
    found: dict[tuple[str, str], Parameter] = {}
    base = f"#/paths/{_escaped(path)}"
    for holder, at in ((item, f"{base}/parameters"), (raw, f"{base}/{method}/parameters")):
        for number, parameter in enumerate(_list(holder.get("parameters"))):
            pointer, node = locate(document, parameter, f"{at}/{number}")
            made = _parameter(document, pointer, _node(node))
            found[made.location, made.name] = made
    return tuple(found.values())


def _examples(document: Node, node: Node) -> tuple[object, ...]:
    """The examples of a media type or a parameter, then those of its schema."""
    schema = _node(resolve(document, node.get("schema")))
    named = (resolve(document, example) for example in _node(node.get("examples")).values())
    shown = [node[key] for key in ("example",) if key in node]
    shown += [_node(example)["value"] for example in named if "value" in _node(example)]
    return (*shown, *_list(schema.get("examples")), *(schema[key] for key in ("example", "default") if key in schema))


def _is_guarded(security: object) -> bool:
    """Whether a credential is demanded: one of the alternatives may be none."""
    return bool(security) and {} not in _list(security)


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


def _parameter(document: Node, pointer: str, raw: Node) -> Parameter:
    explode = raw.get("explode")
    return Parameter(
        name=str(raw.get("name")),
        location=str(raw.get("in")),
        required=raw.get("required") is True,
        schema=_node(resolve(document, raw.get("schema"))),
        pointer=f"{pointer}/schema",
        explode=explode is True if explode is not None else raw.get("in") in ("query", "cookie"),
        examples=_examples(document, raw),
    )


def _escaped(part: str) -> str:
    """A part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _node(value: object) -> Node:
    """`value` as a mapping, an empty one for anything else (a valid document has only what is optional missing)."""
    return cast(Node, value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
