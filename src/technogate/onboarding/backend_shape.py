"""How a backend is asked: its ready path, the path that its operations begin with, its key, its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import yaml

from technogate.checks.served_document.reading import USUAL_PLACES
from technogate.onboarding.asking import Answer, Backend

#: The four operations, with a body that none of them executes.
OPERATIONS: tuple[tuple[str, str, object], ...] = (
    ("POST", "/api/execute", {}),
    ("GET", "/api/audit", None),
    ("GET", "/api/diagnostic/metrics", None),
    ("GET", "/api/memory", None),
)
#: Paths at which programs say that they are ready, those without a side effect on the operations first.
READY_PATHS = (
    "/health", "/healthz", "/api/health", "/ready", "/readyz", "/livez", "/health/ready", "/actuator/health",
    "/q/health", "/status", "/ping", "/_health", "/",
)  # fmt: skip
#: Paths that an API is usually below.
USUAL_PREFIXES = ("", "/api", "/backend", "/v1", "/api/v1", "/rest", "/service", "/console", "/techno", "/app", "/core")
#: A path that no program has.
_NOWHERE = "/technogate-asks-for-nothing"
#: How many of the places where a document is usually served are asked, and how many prefixes that the text names.
_MOST_PLACES, _MOST_PREFIXES = 30, 20
_REFUSED = (401, 403)
_FOUND_NOTHING = (0, 404, 429)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """A path that operations begin with, how many of the four exist below it, and how each answered."""

    path: str
    found: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """What the backend does with the key: `works` with the right one, and refuses none and a wrong one."""

    works: bool
    none_refused: bool
    wrong_refused: bool
    said: str


def find_prefix(backend: Backend, named: Iterable[str]) -> Prefix:
    """The path below which the most of the four operations exist; the one of `named` and the usual ones."""
    best = Prefix(path="", found=0, said="none of the four operations exists below the usual paths")
    for path in dict.fromkeys([*list(named)[:_MOST_PREFIXES], *USUAL_PREFIXES]):
        tried = _below(replace(backend, prefix=path))
        if tried.found > best.found:
            best = tried
        if best.found == len(OPERATIONS):
            break
    return best


def _below(backend: Backend) -> Prefix:
    """How many of the four exist below one prefix: they answer otherwise than a path that does not exist."""
    answers = []
    nowhere: Answer | None = None
    for method, path, body in OPERATIONS:
        answer = backend.ask(method, path, body=body)
        answers.append((f"{method} {backend.prefix}{path}", answer))
        if answer.status in _FOUND_NOTHING and len(answers) == 1:
            # One operation that is not there is enough not to ask for the others, unless it is the only one.
            other = backend.ask("GET", "/api/audit")
            if other.status in _FOUND_NOTHING:
                return Prefix(path=backend.prefix, found=0, said="")
    found = [name for name, answer in answers if answer.status not in _FOUND_NOTHING]
    if found:
        nowhere = backend.ask("GET", _NOWHERE)
        if nowhere.status in (200, 204) and backend.prefix:
            return Prefix(path=backend.prefix, found=0, said="")
    told = ", ".join(f"{name} {answer.status}" for name, answer in answers)
    return Prefix(path=backend.prefix, found=len(found), said=f"{told} with the key")


def find_ready(backend: Backend, named: str = "") -> tuple[str, str]:
    """The path that says that the program is ready, asked below the prefix and then at the root, and the evidence."""
    for path in (named,) if named else READY_PATHS:
        for at in dict.fromkeys([backend.prefix + path, path]):
            answer = backend.ask_at(at, key="")
            if answer.status // 100 in (2, 3):
                return path, f"GET {at} answers {answer.status} without a key"
    return "", ""


def key_rule(backend: Backend) -> KeyRule:
    """What the backend does with the right key, none, and a wrong one; three requests that execute nothing."""
    right = backend.ask("GET", "/api/audit")
    none = backend.ask("GET", "/api/audit", key="")
    wrong = backend.ask("GET", "/api/audit", key=backend.key[::-1])
    answers = f"{right.status} with the key, {none.status} without, {wrong.status} with a wrong one"
    said = f"GET {backend.prefix}/api/audit: {answers}"
    return KeyRule(
        works=right.status not in (*_REFUSED, 0),
        none_refused=none.status in _REFUSED,
        wrong_refused=wrong.status in _REFUSED,
        said=said,
    )


def find_document(backend: Backend, named: str = "") -> tuple[str, Mapping[str, Any] | None]:
    """The path of the OpenAPI document that the backend serves, and the document; "" and None without one."""
    for path in (named,) if named else USUAL_PLACES[:_MOST_PLACES]:
        for at in dict.fromkeys([path, backend.prefix + path]):
            answer = backend.ask_at(at, key="")
            if answer.status == 200 and (document := _document(answer)) is not None:
                return at, document
    return "", None


def _document(answer: Answer) -> Mapping[str, Any] | None:
    value = answer.value
    if value is None and "openapi" in answer.text[:2000]:
        try:
            value = yaml.safe_load(answer.text)
        except yaml.YAMLError:
            return None
    return value if isinstance(value, dict) and ("openapi" in value or "swagger" in value) else None


def document_prefixes(document: Mapping[str, Any]) -> Iterator[str]:
    """The paths that a document's operations begin with: of its servers, and before `/api/execute`."""
    servers = document.get("servers")
    paths = document.get("paths")
    bases = (
        [urlsplit(str(server.get("url", ""))).path for server in servers if isinstance(server, dict)]
        if isinstance(servers, list)
        else []
    )
    bases.append(str(document.get("basePath", "")))
    for path in paths if isinstance(paths, dict) else ():
        if str(path).endswith("/api/execute"):
            before = str(path).removesuffix("/api/execute")
            yield from (base.rstrip("/") + before for base in [*bases, ""])


def document_routes(document: Mapping[str, Any]) -> list[str]:
    """The operations that a document names, as `POST /path`."""
    paths = document.get("paths")
    return [
        f"{str(method).upper()} {path}"
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        for method in (item if isinstance(item, dict) else ())
        if str(method) in ("get", "post", "put", "delete", "patch")
    ]
