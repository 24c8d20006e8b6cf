"""A small contract of these tests' own: books, with a key in a header, as a value that tests change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from technogate.authoring.diff.change import Change, ContractVersion
from technogate.authoring.diff.compare import changes_between
from technogate.authoring.diff.folder_text import FolderText
from technogate.contract.files import Decision
from technogate.model.requirement import Level, Party, Requirement

#: What a test does to the parts of the contract: `document`, `behavior`, `requirements`, `decisions`, `groups`.
Edit = Callable[[dict[str, Any]], object]


def must(name: str, party: Party = Party.BACKEND, **other: Any) -> Requirement:
    """A requirement of the small contract."""
    values = {"level": Level.MUST, "group": "all", "text": f"the sentence of {name}"} | other
    return Requirement(id=name, party=party, **values)


def parts() -> dict[str, Any]:
    """The contract's parts, made anew."""
    return {
        "document": document(),
        "behavior": {
            "headers": {"trace": "X-Trace"},
            "time": {"response_s": 5.0, "abort_earliest_s": 4.0, "abort_latest_s": 6.0, "p99_s": {"listBooks": 1.0}},
            "request": {"max_body_bytes": 1000},
            "statuses": {"good": ["OK", "FINE"]},
            "reason_codes": {"known": ["BAD"], "invalid_request": "BAD"},
            "audit": {"limit_parameter": "limit"},
            "operations": {"audit": "listBooks"},
            "console": {"refused_text": "No.", "url_variable": "URL"},
            "further": {"entry": True},
        },
        "groups": {"all": "All"},
        "requirements": {
            one.id: one
            for one in (
                must("ABC-01"),
                must("ABC-02", Party.CONSOLE),
                must("ABC-03", Party.PAIR),
                must("ABC-04", level=Level.SHOULD),
                must("ABC-05", decisions=("D1",)),
            )
        },
        "decisions": {
            "D1": Decision(id="D1", title="One", text="Decided."),
            "D2": Decision(id="D2", title="Two", text="Decided."),
        },
    }


def document() -> dict[str, Any]:
    """The OpenAPI document: two operations, one with a body, and a schema that refers to itself."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": "1"},
        "servers": [{"url": "https://one.example/v1"}],
        "security": [{"key": []}],
        "paths": {
            "/books": {
                "get": {
                    "operationId": "listBooks",
                    "summary": "List books.",
                    "parameters": [
                        {"name": "limit", "in": "query", "description": "How many.", "schema": {"type": "integer"}},
                    ],
                    "responses": {
                        "200": {
                            "description": "The books.",
                            "headers": {"X-Trace": {"required": True, "schema": {"type": "string"}}},
                            "content": {
                                "application/json": {
                                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Book"}}
                                }
                            },
                        },
                        "401": {"description": "No key."},
                    },
                }
            },
            "/books/{id}": {
                "put": {
                    "operationId": "putBook",
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Draft"}}},
                    },
                    "responses": {"204": {"description": "Kept."}},
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            "schemas": {
                "Book": {
                    "type": "object",
                    "required": ["title"],
                    "properties": {
                        "title": {"type": "string"},
                        "pages": {"type": "integer"},
                        "sequel": {"$ref": "#/components/schemas/Book"},
                    },
                },
                "Draft": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}},
            },
        },
    }


def text_of(values: Mapping[str, Any]) -> FolderText:
    """The parts as a folder that was read."""
    version = ContractVersion(folder="books", title="Books", version="1", digest="0" * 64)
    return FolderText(version=version, **values)


def edited(edit: Edit) -> FolderText:
    """The contract after an edit."""
    values = parts()
    edit(values)
    return text_of(copy.deepcopy(values))


def between(old: FolderText, new: FolderText) -> list[tuple[str, str]]:
    """Rule and who breaks of each change, in order."""
    return [(change.rule, change.breaks.value) for change in changes_between(old, new)]


def changes(edit: Edit) -> tuple[Change, ...]:
    """The changes that an edit of the contract makes."""
    return changes_between(edited(lambda _: None), edited(edit))
