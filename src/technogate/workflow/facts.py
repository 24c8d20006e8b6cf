"""What every document of the workflow takes from the contract: endpoints, schemas and examples that validate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from technogate.contract import Contract, ContractError, Operation
from technogate.text import markdown_block, markdown_text

#: Layer -> title: what a backend already has and keeps.
LAYERS = {
    "authentication": "Authentication",
    "audit_log": "Audit log",
    "fail_closed": "Fail-closed errors",
    "memory_diagnostics": "Memory and diagnostics",
    "command_execution": "Command execution",
}


def node_at(contract: Contract, pointer: str) -> Mapping[str, object]:
    """What a JSON pointer such as `#/components/schemas/Health` names; raises ContractError when it is no object."""
    node: object = contract.document
    for part in pointer.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        raise ContractError(f"{contract.id}: {pointer} in openapi.yaml leads to nothing")
    return node


def examples_beside(contract: Contract, pointer: str | None) -> list[object]:
    """The examples of the media type whose schema is at `pointer`; none without a body."""
    if pointer is None:
        return []
    media = node_at(contract, pointer.removesuffix("/schema"))
    if "example" in media:
        return [media["example"]]
    named = media.get("examples")
    members = named.values() if isinstance(named, Mapping) else ()
    return [one["value"] for one in members if isinstance(one, Mapping) and "value" in one]


def exchange_example(contract: Contract, operation: Operation, status: int) -> str:
    """A conforming exchange as lines: the request and the answer `status`, from the contract's own examples."""
    lines = [f"{operation.method} {operation.path} HTTP/1.1"]
    if operation.guarded and status != 401:
        lines.append(f"{contract.behavior.headers.key}: {'(a wrong key)' if status == 403 else '(the key)'}")
    asked = examples_beside(contract, operation.request_pointer)
    if asked:
        lines += ["Content-Type: application/json", "", json.dumps(asked[0], ensure_ascii=False)]
    answers = examples_beside(contract, operation.answer_schemas[status])
    value = answers[0] if answers else None
    lines += ["", f"HTTP/1.1 {status}"]
    if operation.guarded:
        trace = value.get("trace_id") if isinstance(value, Mapping) else None
        lines.append(f"{contract.behavior.headers.trace}: {trace or '(a trace id of its own)'}")
    if answers:
        lines += ["Content-Type: application/json", "", json.dumps(value, indent=2, ensure_ascii=False)]
    return "\n".join(lines)


def endpoint_section(contract: Contract) -> Iterator[str]:
    """Every operation: its request, its answers, and an exchange that conforms, as Markdown."""
    for operation in contract.operations.values():
        yield f"### {markdown_text(operation.id)}: `{operation.method} {operation.path}`\n"
        key = contract.behavior.headers.key
        yield f"- Key: {f'`{key}` on every request' if operation.guarded else 'none, it is public'}"
        for one in operation.parameters:
            yield f"- Parameter `{one.name}` ({one.location}{', required' if one.required else ''}): {_code(one.schema)}"
        yield f"- Answers: {', '.join(str(status) for status in operation.answers)}; any other is a violation\n"
        yield markdown_block(exchange_example(contract, operation, operation.answers[0]), language="http")


def schema_section(contract: Contract) -> Iterator[str]:
    """Every named schema with its examples, as Markdown; the examples are held to it when the contract is loaded."""
    for name, schema in node_at(contract, "#/components/schemas").items():
        yield f"### `{name}`\n"
        plain = dict(schema) if isinstance(schema, Mapping) else {}
        examples = plain.pop("examples", [plain["example"]] if "example" in plain else [])
        yield markdown_block(json.dumps(plain, indent=2, ensure_ascii=False), language="json")
        for value in examples if isinstance(examples, list) else ():
            if problems := contract.schema_problems(name, value):
                raise ContractError(f"{contract.id}: an example of {name} is not valid: {problems[0]}")
            yield markdown_block(json.dumps(value, indent=2, ensure_ascii=False), language="json")


def about(contract: Contract) -> str:
    """The contract that a document was made from, on one line of Markdown."""
    counted = f"{len(contract.guarded)} guarded endpoints, {len(contract.requirements)} requirements"
    return f"Contract `{contract.id}` {markdown_text(contract.version)} ({counted}), sha256 `{contract.digest}`.\n"


def row(*cells: str) -> str:
    """One row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def page(parts: Sequence[str]) -> str:
    """The parts of a document as one text."""
    return "\n".join(parts).rstrip("\n") + "\n"


def _code(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
