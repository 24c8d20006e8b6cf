"""Compare requests, or responses of the mock backend, without what is new in every run."""

from __future__ import annotations

import re

from technogate.model.events import Exchange

#: Headers that name the run, the connection or the address, or follow from the body or from an earlier response.
_OF_THE_RUN = frozenset({
    "host", "user-agent", "content-length", "origin", "referer", "date",
    "if-none-match", "if-modified-since", "if-range",
})  # fmt: skip

#: Timestamps, addresses and the trace ids that the mock backend counts up: new in every run.
_NEW = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?|(?:127\.0\.0\.1|localhost|\[::1\]):\d+|\b(?:harness|mock)-\d+\b"
)

Likeness = tuple[object, ...]


def request_of(exchange: Exchange) -> Likeness:
    """Return the request in a form that is equal for the same case in another run."""
    request = exchange.request
    headers = tuple((name.lower(), _plain(value)) for name, value in request.headers if name.lower() not in _OF_THE_RUN)
    body = request.body
    return request.method, _plain(request.path), headers, _plain(body.text), body.base64, exchange.key


def response_of(exchange: Exchange) -> Likeness:
    """Return the mock backend's response and its fault, equal for the same case in another run."""
    response = exchange.response
    if response is None:
        return exchange.operation, exchange.under_fault
    headers = tuple(
        (name.lower(), _plain(value)) for name, value in response.headers if name.lower() not in _OF_THE_RUN
    )
    body = response.body
    return exchange.operation, exchange.under_fault, response.status, headers, _plain(body.text), body.base64


def _plain(text: str) -> str:
    """Return `text` without what is new in every run."""
    return _NEW.sub("…", text)
