"""The operations of an OpenAPI document as a contract needs them: ids, single status codes, JSON, errors with a body.

What is added or left out is a question to the author.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, cast

from technogate.authoring.diff.operation_view import located, mapping
from technogate.authoring.new.questions import Questions
from technogate.contract.openapi import operations_of

JSON = "application/json"
_ERROR_NAME = "ErrorResponse"
#: What is meant where an error is described for several codes at once.
_MEANINGS = {
    "400": "The request is not valid.",
    "401": "There is no credential.",
    "403": "The credential is not the right one.",
    "404": "There is no such thing.",
    "500": "The backend failed.",
}


class Operations:
    """The operations of a document of version 3.1, changed in place."""

    def __init__(self, document: dict[str, Any], questions: Questions) -> None:
        self._document, self._questions = document, questions

    def complete(self) -> None:
        """Give each operation what a contract needs."""
        self._leave_out_untestable()
        self._credentials()
        for path, method, operation in list(self._all()):
            self._name(path, method, operation)
            self._bodies(operation)
        envelope = self._envelope()
        for path, _, operation in self._all():
            self._answers(path, operation, envelope)

    def _all(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        return cast(Iterator[tuple[str, str, dict[str, Any]]], operations_of(self._document))

    def is_guarded(self, operation: Mapping[str, Any]) -> bool:
        """Whether the operation demands a credential."""
        listed = operation.get("security", self._document.get("security"))
        return bool(listed) and {} not in listed

    def takes_input(self, path: str, operation: Mapping[str, Any]) -> bool:
        """Whether a request can be invalid."""
        item = self._document["paths"][path]
        return bool("requestBody" in operation or operation.get("parameters") or item.get("parameters"))

    def _leave_out_untestable(self) -> None:
        """Operations whose requests are not JSON."""
        for path, method, operation in list(self._all()):
            body = located(self._document, operation.get("requestBody", {}), "")[1]
            content = mapping(body.get("content"))
            if content and not any(_is_json(media) for media in content):
                name = operation.get("operationId", f"{method} {path}")
                text = f"{name} takes {', '.join(content)}, and only JSON is tested. Does the contract need it?"
                self._questions.ask("openapi.yaml", text, "it is left out")
                del self._document["paths"][path][method.lower()]
        paths = self._document["paths"]
        methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
        self._document["paths"] = {path: item for path, item in paths.items() if methods & set(item)}

    def _credentials(self) -> None:
        """Tokens of OAuth 2 and OpenID Connect are sent as bearer tokens."""
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        for name, scheme in schemes.items():
            if scheme.get("type") in ("oauth2", "openIdConnect"):
                schemes[name] = {"type": "http", "scheme": "bearer"}
                text = f"How is a token of the scheme {name} obtained, and sent?"
                self._questions.ask(f"openapi.yaml securitySchemes {name}", text, "sent as a bearer token")
                for holder in (self._document, *(operation for _, _, operation in self._all())):
                    for wanted in holder.get("security", ()):
                        if name in wanted:
                            wanted[name] = []

    def _name(self, path: str, method: str, operation: dict[str, Any]) -> None:
        if not operation.get("operationId"):
            words = re.findall(r"[A-Za-z0-9]+", path)
            operation["operationId"] = method.lower() + "".join(word[:1].upper() + word[1:] for word in words)
            text = f"What is {method} {path} called?"
            self._questions.ask(f"openapi.yaml {method} {path}", text, operation["operationId"])

    def _bodies(self, operation: dict[str, Any]) -> None:
        """Keep JSON alone of the media types of requests and answers."""
        holders = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
        for holder in holders:
            node = located(self._document, holder, "")[1]
            content = node.get("content")
            if not isinstance(content, dict) or list(content) == [JSON]:
                continue
            chosen = next((media for media in content if _is_json(media)), None)
            name = operation["operationId"]
            others = ", ".join(media for media in content if media != JSON)
            if chosen is None:
                text = f"{name} answers in {others}, and only JSON is tested. What may a console rely on?"
                self._questions.ask(f"openapi.yaml {name}", text, "an answer without a described body")
                del node["content"]  # type: ignore[attr-defined]
            else:
                text = f"{name} names the media types {others}. Does every answer come as {JSON}?"
                self._questions.ask(f"openapi.yaml {name}", text, f"{JSON} alone")
                node["content"] = {JSON: content[chosen]}  # type: ignore[index]

    def _envelope(self) -> dict[str, Any]:
        """The schema of errors: the one that most of them have, or a new one."""
        found: Counter[str] = Counter()
        schemas: dict[str, Any] = {}
        for _, _, operation in self._all():
            for code, response in operation.get("responses", {}).items():
                if str(code)[0] in "45d":
                    content = mapping(located(self._document, response, "")[1].get("content"))
                    schema = mapping(content.get(JSON)).get("schema")
                    if isinstance(schema, Mapping):
                        found[str(schema)] += 1
                        schemas[str(schema)] = schema
        if found:
            return dict(schemas[found.most_common(1)[0][0]])
        components = self._document.setdefault("components", {}).setdefault("schemas", {})
        name = next(
            name for name in (_ERROR_NAME, *map("ErrorResponse{}".format, range(2, 99))) if name not in components
        )
        components[name] = {
            "title": "an error",
            "type": "object",
            "required": ["message"],
            "properties": {"message": {"title": "safe to show a person", "type": "string", "minLength": 1}},
            "examples": [{"message": "The request is not valid."}],
        }
        text = "What is the body of an error?"
        self._questions.ask(f"openapi.yaml components/schemas/{name}", text, "an object with a text `message`")
        return {"$ref": f"#/components/schemas/{name}"}

    def _answers(self, path: str, operation: dict[str, Any], envelope: dict[str, Any]) -> None:
        """Single status codes, and the errors that each operation can have, each with a body."""
        responses: dict[str, Any] = {str(code): answer for code, answer in operation.get("responses", {}).items()}
        name = operation["operationId"]
        ranges = {code: responses.pop(code) for code in list(responses) if not code.isdecimal()}
        for code, answer in ranges.items():
            if code.upper() == "2XX" and not any(known.startswith("2") for known in responses):
                responses["200"] = answer
        if not any(code.startswith("2") for code in responses):
            responses["200"] = {"description": "The request was processed."}
            self._questions.ask(f"openapi.yaml {name}", "What is the answer to a valid request?", "200 without a body")
        guarded = self.is_guarded(operation)
        wanted = {
            "400": self.takes_input(path, operation),
            "401": guarded,
            "403": guarded,
            "404": "{" in path,
            "500": True,
        }
        added = [code for code, is_wanted in wanted.items() if is_wanted and code not in responses]
        for code in added:
            general = ranges.get(f"{code[0]}XX") or ranges.get(f"{code[0]}xx") or ranges.get("default")
            responses[code] = dict(general) if general else {"description": _MEANINGS[code]}
        if added and not ranges:
            text = f"{name} documents no {', '.join(added)}. Which errors can it have?"
            self._questions.ask(f"openapi.yaml {name}", text, f"{', '.join(added)}, each with the body of an error")
        elif ranges:
            text = f"{name} documents {', '.join(ranges)}. Which single status codes are meant?"
            self._questions.ask(f"openapi.yaml {name}", text, ", ".join(sorted(responses)))
        for code, answer in responses.items():
            node = located(self._document, answer, "")[1]
            if code[0] in "45" and not node.get("content"):
                node["content"] = {JSON: {"schema": dict(envelope)}}  # type: ignore[index]
        operation["responses"] = dict(sorted(responses.items()))


def _is_json(media: str) -> bool:
    """Whether a media type is JSON, or any."""
    kind = media.split(";")[0].strip().lower()
    return kind in (JSON, "*/*", "application/*") or kind.endswith("+json")
