"""CORS: what allows a page of another origin to send requests to the mock backend, which allows everything."""

from __future__ import annotations

from technogate.model.contract_words import spoken
from technogate.model.events import Headers


def cors_headers(request: Headers) -> Headers:
    """The headers that let a page of another origin read the response; none for a request without an Origin."""
    origin = next((value for name, value in request if name.lower() == "origin"), None)
    if origin is None:
        return ()
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", spoken().trace_header),
    )


def preflight_response(request: Headers, max_age: int) -> bytes:
    """The response to a preflight: whatever it requests is allowed."""
    requested = {name.lower(): value for name, value in request}
    lines = ["HTTP/1.1 204 No Content", *(f"{name}: {value}" for name, value in cors_headers(request))]
    lines.append(f"Access-Control-Allow-Methods: {requested.get('access-control-request-method', 'GET, POST')}")
    usual = f"{spoken().key_header}, Content-Type"
    lines.append(f"Access-Control-Allow-Headers: {requested.get('access-control-request-headers', usual)}")
    lines += [f"Access-Control-Max-Age: {max_age}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")
