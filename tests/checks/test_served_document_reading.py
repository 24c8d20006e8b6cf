"""CTR-02: a served document is read as JSON or YAML, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from technogate.checks.served_document.contradictions import contradictions
from technogate.checks.served_document.reading import USUAL_PLACES, is_too_long, served_document
from technogate.contract.loader import Contract
from technogate.model.events import Body, Exchange, Request, Response
from technogate.model.exchange import BODY_LIMIT
from tests.checks.test_registry import contract as contract

#: A document in YAML as people write it: statuses without quotes, and one that the contract does not have.
YAML = b"""
openapi: 3.0.3
info: {title: t, version: 1.0.0}
paths:
  /api/execute:
    post:
      responses:
        200: {description: done}
        422: {description: invalid}
"""


def answered(body: bytes, status: int = 200) -> Exchange:
    """A request for a document, with its response."""
    response = Response(status=status, body=Body.of(body))
    request = Request(method="GET", path="/openapi.json")
    return Exchange(id="x", item="", responded_by="backend", request=request, response=response, started=0, ended=0)


def test_reads_json() -> None:
    """A document in JSON is read, of version 2 as well."""
    assert served_document(answered(b'{"openapi": "3.1.0"}')) == {"openapi": "3.1.0"}
    assert served_document(answered(b'{"swagger": "2.0"}')) == {"swagger": "2.0"}


def test_reads_yaml(contract: Contract) -> None:
    """A document in YAML is read, and what it says against the contract is found: 422, and nothing about 200."""
    document = served_document(answered(YAML))
    assert document is not None
    lines = [line for line in contradictions(contract, document) if line.startswith("POST /api/execute")]
    assert len(lines) == 1
    assert "422" in lines[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<!doctype html><p>openapi: 3.1.0</p>", 200),
        (b'{"status": "ok"}', 200),
        (b"[]", 200),
        (b"", 200),
        (b"openapi", 200),
        (b"openapi: [", 200),
        (b"a: &a [*a]", 200),
        (b"\xff\xfe\x00", 200),
        (b'{"openapi": "3.1.0"}', 404),
        (b'{"openapi": "3.1.0"}', 401),
    ],
    ids=["page", "json", "list", "empty", "word", "broken", "circle", "bytes", "404", "401"],
)
def test_anything_else_is_no_document(body: bytes, status: int) -> None:
    """A page, other data, broken YAML and an error are no document."""
    assert served_document(answered(body, status)) is None


def test_a_document_that_is_cut_is_noticed() -> None:
    """Of a document that is too long only its beginning is kept: it cannot be judged."""
    assert is_too_long(answered(b'{"openapi": "3.1.0", "x": "' + b"x" * BODY_LIMIT + b'"}'))
    assert not is_too_long(answered(b"<p>" + b"x" * BODY_LIMIT))
    assert not is_too_long(answered(b'{"openapi": "3.1.0"}'))


def test_places_of_frameworks_are_known() -> None:
    """The places of FastAPI, Spring, ASP.NET, NestJS, Fastify and Quarkus are among the usual ones."""
    known = {
        "/openapi.json",
        "/v3/api-docs",
        "/swagger/v1/swagger.json",
        "/api-json",
        "/documentation/json",
        "/q/openapi",
    }
    assert known <= set(USUAL_PLACES)
    assert len(set(USUAL_PLACES)) == len(USUAL_PLACES)
