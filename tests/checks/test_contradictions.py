"""OpenAPI documents: a valid one passes, and a served one is reported only where it contradicts the contract."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.checks.served_document.contradictions import contradictions, document_problems
from technogate.contract.loader import Contract, load_contract
from technogate.contract.openapi import RefError, resolve

CONSOLE = Path(__file__).resolve().parents[2] / "contracts" / "console-v0.1"
JSON = "application/json"
STATUSES = ["APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"]


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract of console and backend."""
    return load_contract(CONSOLE)


def response(schema: object) -> dict[str, Any]:
    """A documented JSON response."""
    return {"description": "An answer.", "content": {JSON: {"schema": schema}}}


def served() -> dict[str, Any]:
    """Return a document as a framework writes it: OpenAPI 3.0, other names, and only the required parts."""
    error = {"$ref": "#/components/schemas/Problem"}
    query = [
        {
            "name": "filter",
            "in": "query",
            "schema": {"allOf": [{"$ref": "#/components/schemas/Filter"}], "default": "all"},
        },
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 1000, "default": 50},
        },
    ]
    entries = {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Backend", "version": "7"},
        "security": [{"key": []}],
        "paths": {
            "/health": {"get": {"security": [], "responses": {"200": {"description": "Up."}}}},
            "/api/execute": {
                "post": {
                    "requestBody": {
                        "required": True,
                        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Command"}}},
                    },
                    "responses": {
                        "200": response({"$ref": "#/components/schemas/Result"}),
                        "400": response(error),
                        "405": response(error),
                        "5XX": response(error),
                        "default": response(error),
                    },
                }
            },
            "/api/audit": {"parameters": query, "get": {"responses": {"200": response(entries)}}},
            "/api/diagnostic/metrics": {"get": {"parameters": query, "responses": {"200": response(entries)}}},
            "/api/memory": {
                "get": {
                    "responses": {
                        "200": response({"$ref": "#/components/schemas/Snapshot"}),
                        "204": {"description": "Nothing yet."},
                    }
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": {
                "Status": {"type": "string", "enum": STATUSES[::-1]},
                "Filter": {"type": "string", "enum": ["all", *STATUSES]},
                "Command": {
                    "type": "object",
                    "required": ["command"],
                    "properties": {
                        "command": {"type": "string"},
                        "session_id": {"type": "string", "nullable": True},
                    },
                },
                "Result": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {"$ref": "#/components/schemas/Status"},
                        "reason_codes": {"type": "array", "items": {"type": "string"}},
                        "message": {"type": "string", "nullable": True},
                        "took_ms": {"type": "number"},
                    },
                },
                "Problem": {"type": "object", "properties": {"status": {"$ref": "#/components/schemas/Status"}}},
                "Entry": {
                    "type": "object",
                    "properties": {
                        "state": {"$ref": "#/components/schemas/Status"},
                        "result": {"type": "string", "enum": ["SUCCESS", "FAILED"]},
                    },
                },
                "Snapshot": {"type": "object", "properties": {"status": {"$ref": "#/components/schemas/Status"}}},
            },
        },
    }


def changed(path: str, value: object) -> dict[str, Any]:
    """The served document with one place set (a blank separates keys); None removes the place."""
    document = served()
    *way, last = path.split()
    node: Any = document
    for key in way:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    if value is None:
        del node[int(last) if isinstance(node, list) else last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return document


def test_the_contract_itself_is_valid_and_agrees_with_itself(contract: Contract) -> None:
    """The contract's own document has no problem and does not contradict the contract."""
    assert document_problems(contract.document) == []
    assert contradictions(contract, contract.document) == []


def test_a_document_in_other_words_is_no_contradiction(contract: Contract) -> None:
    """A framework's document of a conforming backend, in OpenAPI 3.0, is valid and contradicts nothing."""
    assert document_problems(served()) == []
    assert contradictions(contract, served()) == []


TEAPOT = {"get": {"responses": {"418": {"description": "No."}}}}
FIVE = '"APPROVED", "BLOCKED", "EXPIRED", "NEUTRAL", "WARNING"'
EXECUTE = "paths /api/execute post"
AUDIT = "paths /api/audit get"
SILENT: dict[str, tuple[str, object]] = {
    "no paths at all": ("paths", {}),
    "only the health check": ("paths", {"/health": {"get": {"responses": {}}}}),
    "only pages outside": ("paths", {"/health": {}, "/docs": {"get": {}}}),
    "no schemes": ("security", None),
    "anonymous allowed as well": ("security", [{"bearer": []}, {}]),
    "schemes not defined": ("components securitySchemes", None),
    "a second scheme to choose": ("security", [{"bearer": []}, {"key": []}]),
    "answer without content": (f"{EXECUTE} responses 200", {"description": "Something."}),
    "answer of any shape": (f"{EXECUTE} responses 200", response({})),
    "not found": (f"{EXECUTE} responses 404", {"description": "Nothing there."}),
    "extension": (f"{EXECUTE} responses x-more", {"any": 1}),
    "media type with a parameter": (
        f"{EXECUTE} responses 200 content",
        {"application/json; charset=utf-8": {"schema": {}}},
    ),
    "a path with a name in it": ("paths", {"/api/{name}": TEAPOT, "/api/{group}/{name}": TEAPOT}),
    "status as any text": ("components schemas Status", {"type": "string"}),
    "parameters left out": ("paths /api/audit parameters", None),
    "limit without bounds": ("paths /api/audit parameters 1 schema", {"type": "integer"}),
    "optional limit": (
        "paths /api/audit parameters 1 schema",
        {"anyOf": [{"type": "integer", "exclusiveMinimum": 0, "maximum": 1000}, {"type": "null"}], "default": 50},
    ),
    "another optional parameter": ("paths /api/audit parameters 0", {"name": "page", "in": "query", "schema": {}}),
    "key as a required header": (
        "paths /api/audit parameters 0",
        {"name": "X-Api-Key", "in": "header", "required": True, "schema": {"type": "string"}},
    ),
    "a blocked envelope beside the list": (
        f"{AUDIT} responses 200",
        response({"oneOf": [{"type": "array"}, {"$ref": "#/components/schemas/Problem"}]}),
    ),
    "a schema within itself": (
        "components schemas Snapshot properties",
        {"again": {"$ref": "#/components/schemas/Snapshot"}},
    ),
}


@pytest.mark.parametrize(("path", "value"), SILENT.values(), ids=SILENT)
def test_a_missing_part_is_no_contradiction(contract: Contract, path: str, value: object) -> None:
    """A part that a document omits, leaves open or makes incomparable is skipped."""
    assert contradictions(contract, changed(path, value)) == []


def test_a_server_prefix_is_part_of_the_path(contract: Contract) -> None:
    """Paths behind a server's path, or a base path of older documents, are found."""
    document = served()
    document["paths"] = {path.removeprefix("/api"): item for path, item in document["paths"].items()}
    for prefix in (
        {"servers": [{"url": "https://[broken"}, {"url": "https://host.example/api/"}]},
        {"basePath": "/api"},
    ):
        assert contradictions(contract, document | prefix) == []
        wrong = copy.deepcopy(document) | prefix
        del wrong["paths"]["/memory"]
        assert contradictions(contract, wrong) == [
            "GET /api/memory: expected among the paths, found other paths without it"
        ]


CONTRADICTING: dict[str, tuple[str, object, str]] = {
    "path missing": (
        "paths /api/memory",
        None,
        "GET /api/memory: expected among the paths, found other paths without it",
    ),
    "method missing": (
        "paths /api/memory",
        {"post": {"responses": {}}},
        "GET /api/memory: expected the method, found the path without it",
    ),
    "422 (D9)": (
        f"{EXECUTE} responses 422",
        {"description": "Invalid."},
        'POST /api/execute: responses: expected only 200, 400, 401, 403, 413, 415, 429, 500, 503, found "422"',
    ),
    "another success (D14)": (
        f"{AUDIT} responses 206",
        {"description": "Some."},
        'GET /api/audit: responses: expected only 200, 400, 401, 403, 429, 500, 503, found "206"',
    ),
    "redirects": (
        f"{AUDIT} responses 3XX",
        {"description": "Elsewhere."},
        "GET /api/audit: responses: expected only 200, 400, 401, 403, 429, 500, 503, found 3XX",
    ),
    "answer that is no JSON": (
        f"{EXECUTE} responses 200 content",
        {"text/html": {}},
        'POST /api/execute: response 200: expected application/json, found "text/html"',
    ),
    "body with 204": (
        "paths /api/memory get responses 204 content",
        {JSON: {}},
        'GET /api/memory: response 204: expected no body, found "application/json"',
    ),
    "a sixth status (D16)": (
        "components schemas Result properties status",
        {"enum": [*STATUSES, "PENDING"]},
        f'POST /api/execute: response 200, status: expected only {FIVE}, found "PENDING"',
    ),
    "a status in lower case": (
        "components schemas Entry properties state",
        {"enum": [*STATUSES, "approved"]},
        f'GET /api/audit: response 200, [].state: expected only {FIVE}, found "approved"',
    ),
    "a status that is missing": (
        "components schemas Result properties status",
        {"anyOf": [{"enum": STATUSES[:3]}, {"const": "WARNING"}]},
        f'POST /api/execute: response 200, status: expected {FIVE}, found none of "NEUTRAL"',
    ),
    "a status that may be null": (
        "components schemas Result properties status",
        {"anyOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}]},
        f"POST /api/execute: response 200, status: expected only {FIVE}, found null",
    ),
    "an error that is never BLOCKED": (
        "components schemas Problem properties status",
        {"const": "FAILED"},
        'POST /api/execute: response 400, status: expected "BLOCKED", found none of "BLOCKED"',
    ),
    "a status that is a number": (
        "components schemas Result properties status",
        {"type": "integer"},
        "POST /api/execute: response 200, status: expected string, found integer",
    ),
    "an envelope for the list (D1)": (
        f"{AUDIT} responses 200",
        response({"type": "object", "properties": {"entries": {"type": "array"}}}),
        "GET /api/audit: response 200: expected an array, found object alone",
    ),
    "sessionId required (D6)": (
        "components schemas Command required",
        ["command", "sessionId"],
        'POST /api/execute: request, field "sessionId": expected not to be required, found required',
    ),
    "session_id required": (
        "components schemas Command required",
        ["session_id"],
        'POST /api/execute: request, field "session_id": expected not to be required, found required',
    ),
    "session_id as a number": (
        "components schemas Command properties session_id",
        {"type": "integer"},
        "POST /api/execute: request, session_id: expected string, found integer",
    ),
    "a form": (
        f"{EXECUTE} requestBody content",
        {"application/x-www-form-urlencoded": {}},
        "POST /api/execute: request: expected application/json, found application/x-www-form-urlencoded",
    ),
    "a body to read": (
        f"{AUDIT} requestBody",
        {"required": True, "content": {}},
        "GET /api/audit: request: expected no body, found a required one",
    ),
    "another required parameter": (
        "paths /api/audit parameters 0",
        {"name": "tenant", "in": "query", "required": True, "schema": {}},
        'GET /api/audit: query parameter "tenant": expected not to be required, found required',
    ),
    "a required filter": (
        "paths /api/audit parameters 0",
        {"name": "filter", "in": "query", "required": True},
        'GET /api/audit: query parameter "filter": expected not to be required, found required',
    ),
    "another required header": (
        "paths /api/audit parameters 0",
        {"name": "X-Tenant", "in": "header", "required": True},
        'GET /api/audit: header parameter "X-Tenant": expected not to be required, found required',
    ),
    "default limit (D11)": (
        "paths /api/audit parameters 1 schema",
        {"type": "integer", "default": 100},
        'GET /api/audit: parameter "limit", default: expected 50, found 100',
    ),
    "maximum (D11)": (
        "paths /api/audit parameters 1 schema",
        {"type": "integer", "exclusiveMaximum": 1000},
        'GET /api/audit: parameter "limit", maximum: expected 1000, found 999',
    ),
    "minimum": (
        "paths /api/audit parameters 1 schema",
        {"type": "integer", "minimum": 0},
        'GET /api/audit: parameter "limit", minimum: expected 1, found 0',
    ),
    "filter words (D7)": (
        "components schemas Filter enum",
        ["all", "PENDING"],
        f'GET /api/audit: parameter "filter", enum: expected {FIVE}, "all", found "PENDING", "all"',
    ),
    "key in another header": (
        "components securitySchemes key name",
        "X-Token",
        'POST /api/execute: key: expected the header X-API-Key, found the "header" parameter "X-Token"',
    ),
    "key in the query": (
        "components securitySchemes key",
        {"type": "apiKey", "in": "query", "name": "X-API-Key"},
        'POST /api/execute: key: expected the header X-API-Key, found the "query" parameter "X-API-Key"',
    ),
    "bearer": (
        "components securitySchemes key",
        {"type": "http", "scheme": "bearer"},
        'POST /api/execute: key: expected the header X-API-Key, found the scheme "http"',
    ),
    "circle": (
        "components schemas Result",
        {"$ref": "#/components/schemas/Result"},
        'POST /api/execute: $ref "#/components/schemas/Result" goes in a circle',
    ),
    "reference to nothing": (
        f"{EXECUTE} responses 400",
        {"$ref": "#/components/responses/None"},
        'POST /api/execute: $ref "#/components/responses/None" leads to nothing',
    ),
    "reference to elsewhere": (
        "paths /api/memory",
        {"$ref": "file:///etc/passwd"},
        'GET /api/memory: $ref "file:///etc/passwd" leaves the document',
    ),
}


@pytest.mark.parametrize(("path", "value", "line"), CONTRADICTING.values(), ids=CONTRADICTING)
def test_a_contradiction_is_reported_in_one_line(contract: Contract, path: str, value: object, line: str) -> None:
    """Each planted contradiction is reported with operation, place, expected and found."""
    assert contradictions(contract, changed(path, value))[0] == line


def nested(levels: int) -> object:
    """Return lists nested to a depth."""
    value: object = []
    for _ in range(levels):
        value = [value]
    return value


HOSTILE: dict[str, object] = {
    "null": None,
    "text": "openapi: 3.1.0",
    "list": [[]],
    "number": 3,
    "no paths": {"openapi": "3.1.0"},
    "paths of the wrong type": {"openapi": "3.1.0", "paths": []},
    "keys that are no text": {"paths": {1: {}}},
    "a thousand levels": {
        "paths": {"/api/memory": {"get": {"x": __import__("functools").reduce(lambda a, _: [a], range(900), [])}}}
    },
    "a hundred thousand parts": {"paths": {}, "x": [0] * 200_000},
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_anything_but_a_document_is_a_problem(contract: Contract, document: object) -> None:
    """Anything but a document is a problem for both checks, and crashes neither."""
    for lines in (document_problems(document), contradictions(contract, document)):
        assert lines
        assert all(line.isprintable() and len(line) < 500 for line in lines)


def test_a_schema_that_multiplies_is_a_problem(contract: Contract) -> None:
    """A schema that refers to itself many times ends in a problem within bounded time."""
    again = {"$ref": "#/components/schemas/Result"}
    lines = contradictions(contract, changed("components schemas Result", {"anyOf": [again, *[again] * 50]}))
    assert lines == ["POST /api/execute: a schema is too large to compare"]


def test_many_contradictions_are_cut(contract: Contract) -> None:
    """A document with contradictions everywhere gives a bounded number of lines."""
    responses = {str(status): {"description": "No."} for status in range(100, 199)}
    lines = contradictions(contract, changed(f"{EXECUTE} responses", responses))
    assert len(lines) == 51
    assert lines[-1] == "there are more contradictions"


INVALID: dict[str, tuple[str, object, str]] = {
    "no info": ("info", None, '"info" is a required property'),
    "version": ("openapi", "4.0.0", 'openapi: expected version 3.0 or 3.1, found "4.0.0"'),
    "answer without a description": (f"{EXECUTE} responses 400", {"content": {}}, "paths/~1api~1execute/post"),
    "operation id twice": ("paths /api/memory get operationId", "same", "same"),
    "reference to nothing": (f"{EXECUTE} responses 400", {"$ref": "#/components/responses/None"}, "None"),
    "reference to elsewhere": (
        f"{EXECUTE} responses 400",
        {"$ref": "http://127.0.0.1:9/x"},
        '$ref "http://127.0.0.1:9/x" leaves the document',
    ),
    "schema in a circle": ("components schemas Result", {"$ref": "#/components/schemas/Result"}, "without end"),
}


@pytest.mark.parametrize(("path", "value", "part"), INVALID.values(), ids=INVALID)
def test_an_invalid_document_is_reported(path: str, value: object, part: str) -> None:
    """Each planted mistake makes the document invalid, and is reported in printable lines."""
    document = changed(path, value)
    if part == "same":
        document["paths"]["/api/audit"]["get"]["operationId"] = "same"
    lines = document_problems(document)
    assert any(part in line for line in lines), lines
    assert all("\n" not in line for line in lines)


KEYS = [
    JSON,
    *re.findall(
        r"\S+",
        """
    get post responses 200 204 400 content schema type properties status items enum const anyOf allOf required
    parameters name in default minimum exclusiveMinimum requestBody security
""",
    ),
]
SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 600)
    | st.sampled_from(["string", "object", "array", "200", "query", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
        | st.sampled_from(["#/paths", "#", "#/a~1b", "", "#/components/schemas/A"]).map(lambda ref: {"$ref": ref})
    ),
    max_leaves=25,
)


@given(SHAPES, st.sampled_from(["/api/execute", "/api/audit", "/api/memory"]), SHAPES, SHAPES)
def test_no_shape_of_a_document_crashes(contract: Contract, item: object, path: str, part: object, top: object) -> None:
    """With any value at any place, both checks return lines and raise no exception."""
    document = {
        "openapi": "3.1.0",
        "info": top,
        "security": part,
        "servers": top,
        "paths": {path: {"get": item, "post": {"responses": {"200": item, "400": {"content": {JSON: item}}}}}},
        "components": {"schemas": {"A": part}, "securitySchemes": top},
    }
    assert isinstance(contradictions(contract, document), list)
    assert document_problems(document)


def test_references_are_followed_step_by_step() -> None:
    """A chain is followed to its end, escapes and list places are read, and a scalar is returned unchanged."""
    document: dict[str, object] = {"a/b": [{"$ref": "#/c~0d"}], "c~d": 7}
    assert resolve(document, {"$ref": "#/a~1b/0"}) == 7
    assert resolve(document, "text") == "text"
    for ref in ("#/a~1b/1", "#/a~1b/x", "#/nothing", "#", "other.json", "#/c~0d/deeper"):
        with pytest.raises(RefError):
            resolve(document, {"$ref": ref})
