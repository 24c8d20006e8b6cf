"""Each kind of change beside schemas, in both directions: operations, behavior, requirements, decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from technogate.authoring.diff.rules import FIXED, MUST_KINDS
from technogate.contract.files import Decision
from technogate.model.requirement import Level, Need, Party
from tests.authoring.small_contract import between, edited, must

Parts = dict[str, Any]
STRING = {"type": "string"}
BODY = {"content": {"application/json": {"schema": STRING}}}


def get(parts: Parts) -> Any:
    """The operation that lists books."""
    return parts["document"]["paths"]["/books"]["get"]


def put(parts: Parts) -> Any:
    """The operation that keeps a book."""
    return parts["document"]["paths"]["/books/{id}"]["put"]


def limit(parts: Parts) -> Any:
    """The parameter `limit`."""
    return get(parts)["parameters"][0]


def ok(parts: Parts) -> Any:
    """The response 200 to the list."""
    return get(parts)["responses"]["200"]


def trace(parts: Parts) -> Any:
    """The header of that response."""
    return ok(parts)["headers"]["X-Trace"]


def assign(find: Callable[[Parts], Any], key: Any, value: Any) -> Callable[[Parts], None]:
    """An edit that gives a key of a part another value."""

    def edit(parts: Parts) -> None:
        find(parts)[key] = value

    return edit


def remove(find: Callable[[Parts], Any], key: Any) -> Callable[[Parts], None]:
    """An edit that takes a key of a part away."""

    def edit(parts: Parts) -> None:
        del find(parts)[key]

    return edit


def parameter(**node: Any) -> Callable[[Parts], None]:
    """An edit that adds a parameter to the list."""
    return lambda parts: get(parts)["parameters"].append({"name": "further", "in": "query", "schema": STRING} | node)


def move(parts: Parts) -> None:
    """The path of the list is another one."""
    parts["document"]["paths"]["/all-books"] = parts["document"]["paths"].pop("/books")


def rename(parts: Parts) -> None:
    """The variable of a path has another name."""
    item = parts["document"]["paths"].pop("/books/{id}")
    item["put"]["parameters"][0]["name"] = "number"
    parts["document"]["paths"]["/books/{number}"] = item


def post(parts: Parts) -> None:
    """The method of an operation is another one."""
    item = parts["document"]["paths"]["/books/{id}"]
    item["post"] = item.pop("put")


def further_scheme(parts: Parts) -> None:
    """A token is as good as the key."""
    parts["document"]["components"]["securitySchemes"]["token"] = {"type": "http", "scheme": "bearer"}
    parts["document"]["security"].append({"token": []})


def behavior(table: str, key: str, value: Any) -> Callable[[Parts], None]:
    """An edit of a key of the behavior."""
    return assign(lambda parts: parts["behavior"][table], key, value)


def requirement(name: str, **fields: Any) -> Callable[[Parts], None]:
    """An edit of a requirement."""

    def edit(parts: Parts) -> None:
        parts["requirements"][name] = msgspec.structs.replace(parts["requirements"][name], **fields)

    return edit


def info(parts: Parts) -> Any:
    """The head of the document."""
    return parts["document"]["info"]


#: Name, edit, the rule and who breaks by it there, the same on the way back.
ROWS: list[tuple[str, Callable[[Parts], Any], str, str]] = [
    ("title", assign(info, "title", "B"), "title-changed nobody", "title-changed nobody"),
    ("version", assign(info, "version", "2"), "version-changed nobody", "version-changed nobody"),
    ("server", assign(lambda parts: parts["document"], "servers", [{"url": "https://two.example/v1"}]),
     "server-changed nobody", "server-changed nobody"),
    ("path of the server", assign(lambda parts: parts["document"], "servers", [{"url": "https://one.example/v2"}]),
     "server-path-changed both", "server-path-changed both"),
    ("operation", assign(lambda parts: parts["document"]["paths"], "/more", {"get": {"responses": {}}}),
     "operation-added backend", "operation-removed console"),
    ("path", move, "operation-path-changed both", "operation-path-changed both"),
    ("method", post, "operation-method-changed both", "operation-method-changed both"),
    ("id", assign(get, "operationId", "all"), "operation-id-changed nobody", "operation-id-changed nobody"),
    ("variable", rename, "path-parameter-renamed nobody", "path-parameter-renamed nobody"),
    ("summary", assign(get, "summary", "All."), "operation-text-changed nobody", "operation-text-changed nobody"),
    ("deprecated", assign(get, "deprecated", True),
     "operation-deprecation-changed nobody", "operation-deprecation-changed nobody"),
    ("optional parameter", parameter(), "optional-parameter-added backend", "optional-parameter-removed console"),
    ("required parameter", parameter(required=True), "required-parameter-added console",
     "required-parameter-removed backend"),
    ("required", assign(limit, "required", True), "parameter-required console", "parameter-optional backend"),
    ("place", assign(limit, "in", "header"), "parameter-moved both", "parameter-moved both"),
    ("style", assign(limit, "explode", False), "parameter-style-changed both", "parameter-style-changed both"),
    ("text of a parameter", assign(limit, "description", "Most."),
     "parameter-description-changed nobody", "parameter-description-changed nobody"),
    ("body", assign(get, "requestBody", BODY), "request-body-added backend", "request-body-removed console"),
    ("required body", assign(get, "requestBody", BODY | {"required": True}),
     "required-request-body-added console", "required-request-body-removed backend"),
    ("optional body", assign(lambda parts: put(parts)["requestBody"], "required", False),
     "request-body-optional backend", "request-body-required console"),
    ("media type", assign(lambda parts: put(parts)["requestBody"]["content"], "text/plain", {"schema": STRING}),
     "request-media-type-added backend", "request-media-type-removed console"),
    ("status", assign(lambda parts: get(parts)["responses"], "404", {"description": "Gone."}),
     "response-status-added console", "response-status-removed backend"),
    ("media type of a response", assign(lambda parts: ok(parts)["content"], "text/plain", {"schema": STRING}),
     "response-media-type-added console", "response-media-type-removed backend"),
    ("body of a response", remove(ok, "content"), "response-body-removed both", "response-body-added both"),
    ("text of a response", assign(ok, "description", "B."), "response-description-changed nobody",
     "response-description-changed nobody"),
    ("required header", assign(lambda parts: ok(parts)["headers"], "X-B", {"required": True, "schema": STRING}),
     "required-header-added backend", "required-header-removed console"),
    ("optional header", assign(lambda parts: ok(parts)["headers"], "X-B", {"schema": STRING}),
     "optional-header-added nobody", "optional-header-removed nobody"),
    ("header", assign(trace, "required", False), "header-optional console", "header-required backend"),
    ("no key", assign(get, "security", []), "security-removed backend", "security-added both"),
    ("key or nothing", assign(get, "security", [{"key": []}, {}]), "security-removed backend", "security-added both"),
    ("scheme", further_scheme, "security-scheme-added backend", "security-scheme-removed console"),
    ("name of the key", assign(lambda parts: parts["document"]["components"]["securitySchemes"]["key"], "name", "X-B"),
     "security-changed both", "security-changed both"),
    ("callbacks", assign(get, "callbacks", {"done": {}}), "callback-changed both", "callback-changed both"),
    ("webhooks", assign(lambda parts: parts["document"], "webhooks", {"done": {}}),
     "callback-changed both", "callback-changed both"),
    ("trace header", behavior("headers", "trace", "X-B"), "header-name-changed both", "header-name-changed both"),
    ("response time", behavior("time", "response_s", 4.5),
     "time-shortened-for-backend backend", "time-lengthened-for-console console"),
    ("no response time", remove(lambda parts: parts["behavior"]["time"], "response_s"),
     "time-lengthened-for-console console", "time-shortened-for-backend backend"),
    ("earliest end", behavior("time", "abort_earliest_s", 4.5),
     "time-window-narrowed console", "time-window-widened backend"),
    ("latest end", behavior("time", "abort_latest_s", 5.5), "time-window-narrowed console", "time-relaxed nobody"),
    ("p99", assign(lambda parts: parts["behavior"]["time"]["p99_s"], "listBooks", 2.0),
     "time-relaxed nobody", "time-shortened-for-backend backend"),
    ("size", behavior("request", "max_body_bytes", 900), "size-lowered console", "size-raised backend"),
    ("statuses", behavior("statuses", "good", ["OK"]), "status-meaning-changed both", "status-meaning-changed both"),
    ("known codes", behavior("reason_codes", "known", ["BAD", "NEW"]),
     "reason-code-known nobody", "reason-code-unknown nobody"),
    ("a code", behavior("reason_codes", "invalid_request", "B"),
     "reason-code-changed both", "reason-code-changed both"),
    ("audit", behavior("audit", "limit_parameter", "b"), "audit-changed both", "audit-changed both"),
    ("part", behavior("operations", "audit", "putBook"), "part-changed both", "part-changed both"),
    ("text", behavior("console", "refused_text", "B."), "console-text-changed console", "console-text-changed console"),
    ("variable of the console", behavior("console", "url_variable", "B"),
     "console-setting-changed console", "console-setting-changed console"),
    ("unknown entry", behavior("further", "entry", 1), "behavior-changed both", "behavior-changed both"),
    ("new entry", behavior("further", "other", 1), "behavior-changed both", "behavior-changed both"),
    ("group", assign(lambda parts: parts["groups"], "all", "B"), "group-changed nobody", "group-changed nobody"),
    ("requirement", assign(lambda parts: parts["requirements"], "ABC-09", must("ABC-09")),
     "requirement-added backend", "requirement-removed console"),
    ("requirement on consoles", assign(lambda parts: parts["requirements"], "ABC-09", must("ABC-09", Party.CONSOLE)),
     "requirement-added console", "requirement-removed backend"),
    ("requirement on pairs", assign(lambda parts: parts["requirements"], "ABC-09", must("ABC-09", Party.PAIR)),
     "requirement-added both", "requirement-removed both"),
    ("should", assign(lambda parts: parts["requirements"], "ABC-09", must("ABC-09", level=Level.SHOULD)),
     "should-changed nobody", "should-changed nobody"),
    ("level", requirement("ABC-04", level=Level.MUST), "requirement-raised backend", "requirement-lowered console"),
    ("sentence", requirement("ABC-02", text="B"), "requirement-text-changed both", "requirement-text-changed both"),
    ("sentence of a should", requirement("ABC-04", text="B"), "should-changed nobody", "should-changed nobody"),
    ("party", requirement("ABC-01", party=Party.CONSOLE),
     "requirement-party-changed console", "requirement-party-changed backend"),
    ("scope", requirement("ABC-01", needs=Need.IMAGES),
     "requirement-scope-narrowed console", "requirement-scope-widened backend"),
    ("note", requirement("ABC-01", not_tested="B"), "requirement-note-changed nobody",
     "requirement-note-changed nobody"),
    ("decision", assign(lambda parts: parts["decisions"], "D2", Decision(id="D2", title="Two", text="B")),
     "decision-changed nobody", "decision-changed nobody"),
    ("decision of a requirement",
     assign(lambda parts: parts["decisions"], "D1", Decision(id="D1", title="B", text="B")),
     "decision-of-requirement-changed both", "decision-of-requirement-changed both"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "there", "back"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_change(edit: Callable[[Parts], Any], there: str, back: str) -> None:
    """There and back: one change, with its rule and who breaks by it."""
    old, new = edited(lambda _: None), edited(edit)
    assert between(old, new) == [tuple(there.split())]
    assert between(new, old) == [tuple(back.split())]


def test_each_rule_is_tried() -> None:
    """The table has every rule."""
    tried = {text.split()[0] for row in ROWS for text in row[2:]}
    assert tried == set(FIXED) | set(MUST_KINDS)
