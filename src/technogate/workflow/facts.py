"""The facts of the contract that the workflow documents share: endpoints, schemas, and valid examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from technogate.contract.loader import Contract, ContractError, Operation
from technogate.util.text import markdown_block, markdown_code, markdown_text

#: Layer -> title: what a backend already has, and keeps.
LAYERS = {
    "authentication": "Authentication",
    "audit_log": "Audit log",
    "fail_closed": "Fail-closed errors",
    "memory_diagnostics": "Memory and diagnostics",
    "command_execution": "Command execution",
}


def node_at(contract: Contract, pointer: str) -> Mapping[str, object]:
    """The object at a JSON pointer such as `#/components/schemas/Health`; raises ContractError when there is none."""
    node: object = contract.document
    for part in pointer.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        raise ContractError(f"{contract.id}: {pointer} in openapi.yaml leads to nothing")
    return node


def examples_beside(contract: Contract, pointer: str | None) -> list[object]:
    """The examples of the media type whose schema is at `pointer`; none without a body.

    The contract loader has validated them against the schema.
    """
    if pointer is None:
        return []
    media = node_at(contract, pointer.removesuffix("/schema"))
    if "example" in media:
        return [media["example"]]
    named = media.get("examples")
    members = named.values() if isinstance(named, Mapping) else ()
    return [member["value"] for member in members if isinstance(member, Mapping) and "value" in member]


def exchange_example(contract: Contract, operation: Operation, status: int) -> str:
    """A conforming exchange as lines: a request, and the response `status` with the example of the contract."""
    lines = [f"{operation.method} {operation.path} HTTP/1.1"]
    if operation.guarded and status != 401:
        lines.append(f"{contract.behavior.headers.key}: {'(a wrong key)' if status == 403 else '(the key)'}")
    sent = examples_beside(contract, operation.request_pointer)
    refused = 400 <= status < 500 and status not in (401, 403)
    lines += ["Content-Type: application/json"] if sent else []
    if refused:
        lines += ["", "(a request that is refused with this status)"]
    elif sent:
        lines += ["", json.dumps(sent[0], ensure_ascii=False)]
    bodies = examples_beside(contract, operation.response_schemas[status])
    value = bodies[0] if bodies else None
    lines += ["", f"HTTP/1.1 {status}"]
    if operation.guarded:
        trace = value.get("trace_id") if isinstance(value, Mapping) else None
        lines.append(f"{contract.behavior.headers.trace}: {trace or '(a unique trace id)'}")
    if bodies:
        lines += ["Content-Type: application/json", "", json.dumps(value, indent=2, ensure_ascii=False)]
    return "\n".join(lines)


def endpoint_section(contract: Contract) -> Iterator[str]:
    """Every operation: its request, its responses, and a conforming exchange, as Markdown."""
    for operation in contract.operations.values():
        yield f"### {markdown_text(operation.id)}: {markdown_code(f'{operation.method} {operation.path}')}\n"
        key = markdown_code(contract.behavior.headers.key)
        yield f"- Key: {f'{key} on every request' if operation.guarded else 'none, the endpoint is public'}"
        for parameter in operation.parameters:
            required = ", required" if parameter.required else ""
            schema = json.dumps(parameter.schema, ensure_ascii=False)
            name = markdown_code(parameter.name)
            yield f"- Parameter {name} ({parameter.location}{required}): {markdown_code(schema)}"
        yield f"- Body: {markdown_code(_schema_of(contract, operation.request_pointer))}"
        yield "- Responses (any other status is a violation):"
        by_schema: dict[str, list[str]] = {}
        for status, pointer in operation.response_schemas.items():
            by_schema.setdefault(_schema_of(contract, pointer), []).append(str(status))
        for named, statuses in by_schema.items():
            yield f"  - {', '.join(statuses)}: {markdown_code(named)}"
        yield ""
        yield markdown_block(exchange_example(contract, operation, operation.responses[0]), language="http")


def _schema_of(contract: Contract, pointer: str | None) -> str:
    """The name of a body's schema, the schema itself where it has no name, and "no body" without one."""
    if pointer is None:
        return "no body"
    schema = node_at(contract, pointer)
    named = [str(choice["$ref"]).rpartition("/")[2] for choice in _choices(schema) if "$ref" in choice]
    return " or ".join(named) if named else json.dumps(schema, ensure_ascii=False)


def _choices(schema: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The schema itself, or its alternatives."""
    members = schema.get("oneOf", schema.get("anyOf"))
    return [member for member in members if isinstance(member, Mapping)] if isinstance(members, list) else [schema]


def schema_examples(contract: Contract) -> dict[str, list[object]]:
    """Schema -> its examples; raises ContractError for one that is not valid."""
    examples_of = {}
    for name, schema in node_at(contract, "#/components/schemas").items():
        examples = schema.get("examples", []) if isinstance(schema, Mapping) else []
        examples_of[name] = examples if isinstance(examples, list) else []
        for value in examples_of[name]:
            if problems := contract.schema_problems(name, value):
                raise ContractError(f"{contract.id}: an example of {name} is not valid: {problems[0]}")
    return examples_of


def schema_section(contract: Contract) -> Iterator[str]:
    """Every named schema with its examples, as Markdown."""
    for name, examples in schema_examples(contract).items():
        schema = node_at(contract, f"#/components/schemas/{name}")
        plain = {key: value for key, value in schema.items() if key != "examples"}
        yield f"### {markdown_code(name)}\n"
        yield markdown_block(json.dumps(plain, indent=2, ensure_ascii=False), language="json")
        if examples:
            yield "Valid examples:\n"
            yield markdown_block(
                "\n".join(json.dumps(example, ensure_ascii=False) for example in examples), language="json"
            )


def about(contract: Contract) -> str:
    """The contract that a document was generated from, on one line of Markdown."""
    counted = f"{len(contract.guarded)} guarded endpoints, {len(contract.requirements)} requirements"
    version = markdown_text(contract.version)
    return f"Contract {markdown_code(contract.id)} {version} ({counted}), sha256 `{contract.digest}`.\n"


def row(*cells: str) -> str:
    """One row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table(head: str, *rows: str) -> Iterator[str]:
    """A Markdown table: column names separated by `|` (a colon at the end aligns right), and rows."""
    names = [name.strip() for name in head.split("|")]
    yield row(*(name.removesuffix(":") for name in names))
    yield f"|{'|'.join('--:' if name.endswith(':') else '---' for name in names)}|"
    yield from rows
    yield ""


def page(parts: Sequence[str]) -> str:
    """The parts of a document as one text."""
    return "\n".join(parts).rstrip("\n") + "\n"
