"""Where a backend may serve an OpenAPI document, and the document in a response, be it JSON or YAML. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from technogate.model.events import Exchange
from technogate.util.strict_json import NotStrictJson, parse

#: The paths at which frameworks serve a document, unless they are told another.
USUAL_PLACES = (
    *("/openapi.json", "/openapi.yaml", "/openapi.yml", "/openapi", "/openapi/v1.json", "/q/openapi"),
    *("/swagger.json", "/swagger.yaml", "/swagger-json", "/swagger/doc.json", "/swagger/v1/swagger.json"),
    *("/v3/api-docs", "/v3/api-docs.yaml", "/v2/api-docs", "/api-docs", "/api-docs.json", "/api-json"),
    *("/api/openapi.json", "/api/openapi.yaml", "/api/v1/openapi.json", "/api/swagger.json", "/api/schema/"),
    *("/docs/openapi.json", "/docs/openapi.yaml", "/docs/json", "/documentation/json", "/apispec_1.json"),
)

#: The member that names the version of a document.
_VERSIONS = ("openapi", "swagger")


def served_document(exchange: Exchange) -> Mapping[str, object] | None:
    """The document in a 200, None when the response holds none: another status, a page, or other data.

    A key of YAML that is a number, as an unquoted status code is, becomes text: it is meant as that.
    """
    response = exchange.response
    if response is None or response.status != 200:
        return None
    raw = response.body.raw
    try:
        value: object = parse(raw)
    except NotStrictJson:
        value = _of_yaml(raw)
    return value if isinstance(value, Mapping) and any(name in value for name in _VERSIONS) else None


def is_too_long(exchange: Exchange) -> bool:
    """Whether a 200 that begins like a document is longer than what is kept of a response."""
    response = exchange.response
    if response is None or response.status != 200 or not response.body.cut:
        return False
    return any(name in response.body.text[:1000] for name in _VERSIONS)


def _of_yaml(raw: bytes) -> object:
    """The value of a YAML text, None for what is no YAML, or is a page."""
    if raw.lstrip()[:1] in (b"<", b""):
        return None
    try:
        return _with_text_keys(yaml.safe_load(raw))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _with_text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(member) for key, member in value.items()}
    return [_with_text_keys(entry) for entry in value] if isinstance(value, list) else value
