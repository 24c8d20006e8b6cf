"""The routes of a backend that has none of the contract's, and the prefix below which it may have them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import yaml

from technogate.checks.served_document.reading import USUAL_PLACES
from technogate.contract.loader import Contract
from technogate.contract.plain_request import plain_case
from technogate.drivers.http.http_driver import HttpDriver
from technogate.target.spec import BackendSpec
from technogate.util.http_client import http_client
from technogate.util.phrases import few

#: Seconds that the search may take, and one request of it.
SEARCH_S, REQUEST_S = 4.0, 1.0
#: Routes that one line names.
NAMED = 24
#: Paths that many backends answer, tried where there is no document.
_USUAL_ROUTES = ("/", "/health", "/healthz", "/api", "/api/health", "/v1", "/api/v1", "/status", "/docs")
#: Prefixes that many proxies and frameworks use.
_USUAL_PREFIXES = ("/api", "/backend", "/v1", "/api/v1", "/app", "/base", "/server", "/service", "/rest")
_METHODS = ("get", "post", "put", "patch", "delete")
_NOT_FOUND = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRoutes:
    """What a backend has: `routes` as method and path, the `document` that names them, and the `prefix` found.

    `document` is "" where the routes were tried, `prefix` is "" where the operations are below none that was tried.
    """

    routes: tuple[str, ...] = ()
    document: str = ""
    prefix: str = ""

    @property
    def sentence(self) -> str:
        """The routes in a few words."""
        if self.prefix:
            return f"they answer below {self.prefix}"
        if not self.routes:
            return "no route was found that does"
        where = f"by its document {self.document}" if self.document else "by trying a few"
        return f"routes that do exist, {where}: {few(self.routes, NAMED)}"


def existing_routes(driver: HttpDriver, spec: BackendSpec) -> ExistingRoutes:
    """Look for the routes of the backend of `driver`: by its document at the usual places, else by trying a few."""
    search = _Search(driver, spec)
    with http_client(driver.base_url, REQUEST_S) as client:
        return search.run(client)


class _Search:
    """One search, which asks as long as its time lasts."""

    def __init__(self, driver: HttpDriver, spec: BackendSpec) -> None:
        parts = urlsplit(driver.base_url)
        self._contract: Contract = driver.contract
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        self._spec = spec
        self._key = dict(self._contract.words.credential(next(iter(driver.key.values), "")))
        self._until = time.monotonic() + SEARCH_S

    def run(self, client: httpx.Client) -> ExistingRoutes:
        place, document = self._document(client)
        routes = tuple(_routes_of(document)) if document is not None else tuple(self._answering(client))
        prefix = self._prefix(client, routes)
        return ExistingRoutes(routes=routes, document=place, prefix=prefix)

    def _get(self, client: httpx.Client, path: str, query: Mapping[str, str] | None = None) -> httpx.Response | None:
        if time.monotonic() > self._until:
            return None
        try:
            return client.get(self._origin + path, params=dict(query or {}), headers=self._key)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None

    def _document(self, client: httpx.Client) -> tuple[str, Mapping[str, object] | None]:
        """The place of the OpenAPI document that the backend serves, and the document; "" and None without one."""
        for base in dict.fromkeys((self._base, "")):
            for place in filter(None, dict.fromkeys((self._spec.openapi, *USUAL_PLACES))):
                response = self._get(client, base + place)
                document = _document_in(response) if response is not None else None
                if document is not None:
                    return base + place, document
        return "", None

    def _answering(self, client: httpx.Client) -> Iterator[str]:
        """The usual routes that exist."""
        for path in dict.fromkeys((self._spec.ready_at, *_USUAL_ROUTES)):
            if not path.startswith("/"):
                continue
            response = self._get(client, path)
            if response is not None and response.status_code not in _NOT_FOUND:
                yield f"GET {path} ({response.status_code})"

    def _prefix(self, client: httpx.Client, routes: tuple[str, ...]) -> str:
        """The prefix below which two operations that are read answer with JSON, "" where none was found.

        They are the audit list and the memory, in a contract that has them.
        """
        names, operations = self._contract.behavior.operations, self._contract.operations
        read = [operations[name] for name in (names.audit, names.memory) if name in operations]
        read += [one for one in self._contract.judged if one.method == "GET" and one not in read]
        paths = [plain_case(self._contract, one.id).path for one in read][:2]
        for prefix in dict.fromkeys(self._prefixes(routes)):
            if prefix == self._base:
                continue
            answers = [self._get(client, prefix + path) for path in paths]
            if answers and all(answer is not None and _is_api(answer) for answer in answers):
                return prefix
        return ""

    def _prefixes(self, routes: tuple[str, ...]) -> Iterator[str]:
        """The prefixes to try: what the document and the sign of readiness suggest, then the usual ones."""
        for route in routes:
            path = route.split(" ")[1]
            for operation in self._contract.operations.values():
                if path.endswith(operation.path) and path != operation.path:
                    yield path.removesuffix(operation.path)
        described = self._contract.operations.get(self._contract.behavior.operations.health)
        health = described.path if described is not None else ""
        for place in (self._spec.ready_at, urlsplit(self._spec.ready_at).path):
            if health and place.startswith("/") and place.endswith(health) and place != health:
                yield place.removesuffix(health)
        # No prefix at all, for a target file that names a wrong one.
        yield ""
        yield from _USUAL_PREFIXES


def _is_api(response: httpx.Response) -> bool:
    """Whether a response is that of an operation: no page, and nothing that is not there."""
    if response.status_code in _NOT_FOUND:
        return False
    return response.status_code == httpx.codes.NO_CONTENT or "json" in response.headers.get("content-type", "")


def _document_in(response: httpx.Response) -> Mapping[str, object] | None:
    """The OpenAPI document in a response, None for anything else."""
    if response.status_code != httpx.codes.OK or "html" in response.headers.get("content-type", ""):
        return None
    try:
        value: object = json.loads(response.content)
    except (ValueError, RecursionError):
        try:
            value = yaml.safe_load(response.text)
        except (yaml.YAMLError, ValueError, RecursionError):
            return None
    named = isinstance(value, Mapping) and ("openapi" in value or "swagger" in value)
    return value if isinstance(value, Mapping) and named else None


def _routes_of(document: Mapping[str, object]) -> Iterator[str]:
    """The routes that a document describes, below the path of its first server."""
    paths = document.get("paths")
    base = _server_path(document)
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method in _METHODS:
            if isinstance(item, Mapping) and method in item:
                yield f"{method.upper()} {base}{path}"


def _server_path(document: Mapping[str, object]) -> str:
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, Mapping) else document.get("basePath")
    return urlsplit(url).path.rstrip("/") if isinstance(url, str) else ""
