"""A small server that conforms to a contract folder without an audit trail: `python server.py FOLDER PORT`.

It answers each allowed request with the first example that the OpenAPI document has for its first success, and each
other one with the first example of the error. The key is in the variable API_KEY. `BREAK` names a defect to plant.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import yaml

METHODS = ("get", "put", "post", "delete", "patch")
INTEGER, NUMBER = re.compile(r"0|-?[1-9][0-9]*"), re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
BREAK = os.environ.get("BREAK", "")


class Refused(Exception):  # noqa: N818 - what it is
    """The request is refused with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Api:
    """The document of a contract, and what the server needs of it."""

    def __init__(self, folder: Path) -> None:
        self.document: dict[str, Any] = yaml.safe_load((folder / "openapi.yaml").read_text("utf-8"))
        text = (folder / "behavior.toml").read_text("utf-8")
        limit = re.search(r"max_body_bytes = (\d+)", text)
        self.most = int(limit[1]) if limit else 0
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        self.scheme: dict[str, Any] = next(iter(schemes.values()), {})
        self.routes = [
            (re.compile("([^/]+)".join(map(re.escape, re.split(r"\{[^{}]*\}", path)))), path, method.upper())
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]

    def resolved(self, node: Any) -> Any:
        """What a reference leads to."""
        while isinstance(node, dict) and "$ref" in node:
            found: Any = self.document
            for part in node["$ref"][2:].split("/"):
                found = found[unquote(part.replace("~1", "/").replace("~0", "~"))]
            node = found
        return node

    def valid(self, schema: Any, value: object) -> bool:
        """Whether a value is what its schema allows."""
        whole = {"components": self.document.get("components", {}), "allOf": [schema]}
        return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))

    def parameters(self, path: str, method: str) -> list[dict[str, Any]]:
        """The parameters of an operation."""
        item = self.document["paths"][path]
        listed = [*item.get("parameters", ()), *item[method.lower()].get("parameters", ())]
        return [self.resolved(parameter) for parameter in listed]

    def error(self) -> bytes:
        """The body of an error: the first example that there is."""
        for _, path, method in self.routes:
            for code, answer in self.document["paths"][path][method.lower()]["responses"].items():
                if code[0] in "45":
                    return example_of(self.resolved(answer))
        return b'{"message": "It was refused."}'


def example_of(answer: dict[str, Any]) -> bytes:
    """The first example of an answer as JSON; nothing for one without a body."""
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return b""
    value = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
    return json.dumps(value).encode()


def strict(text: str) -> object:
    """The value of JSON without duplicate keys and without constants that JSON does not have."""

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    def constant(word: str) -> object:
        raise ValueError(word)

    return json.loads(text, object_pairs_hook=members, parse_constant=constant)


def read(api: Api, schema: Any, texts: list[str]) -> object:
    """The value of a parameter; raises Refused for none."""
    described = api.resolved(schema)
    wanted = described.get("type", "string")
    wanted = next((one for one in wanted if one != "null"), "string") if isinstance(wanted, list) else wanted
    if wanted == "array":
        return [read(api, described["items"], [text]) for text in texts]
    if len(texts) != 1:
        raise Refused(400)
    [text] = texts
    if wanted in ("integer", "number"):
        if not (INTEGER if wanted == "integer" else NUMBER).fullmatch(text) or len(text) > 300:
            raise Refused(400)
        return json.loads(text)
    if wanted == "boolean":
        if text not in ("true", "false"):
            raise Refused(400)
        return text == "true"
    return text


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    api: Api
    protocol_version = "HTTP/1.1"
    timeout = 20
    body: bytes
    server_version, sys_version = "generic", ""

    def handle_one_request(self) -> None:
        """As the base class does, whatever the method is called."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if len(self.raw_requestline) > 65536:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(414)
                return
            if not self.raw_requestline:
                self.close_connection = True
                return
            if self.parse_request():
                self.answer()
            self.wfile.flush()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def answer(self) -> None:
        """Answer the request that was read."""
        try:
            status, body, more = self.processed()
        except Refused as refusal:
            status, body, more = refusal.status, self.api.error(), {}
            if BREAK == "leak":
                body = b'{"message": "at /srv/app/handlers.py line 7"}'
        self.reply(status, body, more)

    def reply(self, status: int, body: bytes, more: dict[str, str]) -> None:
        """Write a whole answer."""
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("X-Request-Id", str(uuid.uuid4()))
        if body:
            self.send_header("Content-Type", "text/plain" if BREAK == "type" else "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is no request of HTTP."""
        self.close_connection = True
        self.reply(code, self.api.error(), {})

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def processed(self) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and further headers; raises Refused."""
        target, self.body = self.path, b""
        path, _, query = target.partition("?")
        found = [(match, known, method) for route, known, method in self.api.routes if (match := route.fullmatch(path))]
        if not found or urlsplit(target).scheme:
            self.drop()
            raise Refused(404)
        mine = next((one for one in found if one[2] == self.command), None)
        if mine is None:
            self.drop()
            allow = ", ".join(method for _, _, method in found)
            return 405, self.api.error(), {"Allow": allow}
        match, known, method = mine
        operation = self.api.document["paths"][known][method.lower()]
        if operation.get("security", self.api.document.get("security")) and BREAK != "open":
            self.authenticate()
        self.take_body("requestBody" in operation)
        self.hold_parameters(known, method, match.groups(), query)
        self.hold_body(operation)
        code = min(code for code in operation["responses"] if code.startswith("2"))
        answer = self.api.resolved(operation["responses"][code])
        return 500 if BREAK == "fails" and method == "POST" else int(code), example_of(answer), {}

    def drop(self) -> None:
        """Leave the body unread, and the connection with it."""
        if self.headers.get("Content-Length", "0") != "0" or self.headers.get("Transfer-Encoding"):
            self.close_connection = True

    def authenticate(self) -> None:
        """Hold the credential to the right one; raises Refused."""
        bearer = self.api.scheme.get("type") == "http"
        given = self.headers.get_all("Authorization" if bearer else self.api.scheme["name"], [])
        values = [value.removeprefix("Bearer ") if bearer and value.startswith("Bearer ") else value for value in given]
        known = not bearer or all(value.startswith("Bearer") for value in given)
        if not any(value.strip().removeprefix("Bearer").strip() for value in values) or not known:
            self.drop()
            raise Refused(401)
        if values != [os.environ["API_KEY"]]:
            self.drop()
            raise Refused(403)

    def take_body(self, wanted: bool) -> None:
        """Read the body, as far as it may be long; raises Refused."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.body = b"".join(self.chunks())
            return
        length = self.headers.get("Content-Length", "")
        if not length:
            return
        if not length.isdecimal() or int(length) > (self.api.most or 1 << 20):
            self.close_connection = True
            raise Refused(413 if length.isdecimal() else 400)
        self.body = self.rfile.read(int(length))
        if len(self.body) < int(length) or not wanted:
            self.close_connection |= len(self.body) < int(length)

    def chunks(self) -> Iterator[bytes]:
        """The pieces of a chunked body; raises Refused where it is too long, or broken."""
        taken = 0
        while True:
            line = self.rfile.readline(100).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", line):
                self.close_connection = True
                raise Refused(400)
            size = int(line, 16)
            taken += size
            if taken > self.api.most:
                self.close_connection = True
                raise Refused(413)
            yield self.rfile.read(size)
            self.rfile.readline(3)
            if not size:
                return

    def hold_parameters(self, known: str, method: str, values: tuple[str, ...], query: str) -> None:
        """Hold each parameter to its schema; raises Refused."""
        in_path = dict(zip(re.findall(r"\{([^{}]+)\}", known), map(unquote, values), strict=True))
        in_query: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            in_query.setdefault(name, []).append(value)
        for parameter in self.api.parameters(known, method):
            name, place = parameter["name"], parameter["in"]
            if place == "header":
                texts = self.headers.get_all(name, []) if name.lower() not in ("accept", "authorization") else []
            else:
                texts = [in_path[name]] if place == "path" else in_query.get(name, [])
            if (
                texts
                and BREAK != "lax"
                and not self.api.valid(parameter["schema"], read(self.api, parameter["schema"], texts))
            ):
                raise Refused(400)
            if not texts and parameter.get("required") and place != "path":
                raise Refused(400)

    def hold_body(self, operation: dict[str, Any]) -> None:
        """Hold the body to its schema; raises Refused."""
        described = self.api.resolved(operation.get("requestBody"))
        if described is None:
            return
        if not self.body:
            if described.get("required"):
                raise Refused(400)
            return
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415)
        try:
            value = strict(self.body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise Refused(400) from error
        if not self.api.valid(described["content"]["application/json"]["schema"], value):
            raise Refused(400)


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Print nothing of a client that has gone."""


if __name__ == "__main__":
    Handler.api = Api(Path(sys.argv[1]))
    with Server(("127.0.0.1", int(sys.argv[2])), Handler) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()
