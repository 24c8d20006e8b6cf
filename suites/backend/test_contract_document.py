"""CTR: the contract itself, and the document that the backend serves."""

import pytest

from technogate.checks import response_predicates
from technogate.checks.contract_document import document_is_valid, served_document_agrees
from technogate.checks.response_predicates import has_response
from technogate.checks.served_document.contradictions import contradictions, document_problems
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, requirement


@requirement("CTR-01")
def test_contract_is_valid(contract: Contract, must_hold: MustHold) -> None:
    """The OpenAPI document of the contract is valid."""
    must_hold(document_is_valid(document_problems(contract.document)))


@requirement("CTR-02")
@pytest.mark.parametrize("path", ["/openapi.json", "/swagger.json", "/v3/api-docs", "/api/openapi.json"])
def test_served_document_agrees(backend: HttpDriver, contract: Contract, path: str, must_hold: MustHold) -> None:
    """An OpenAPI document that the backend serves under a usual path does not contradict the contract."""
    exchange = backend.send(Case(method="GET", path=path))
    must_hold(has_response(exchange))
    if exchange.response is None or exchange.response.status != 200:
        return
    served = response_predicates.json_value(exchange)
    is_document = isinstance(served, dict) and {"openapi", "swagger"} & set(served)
    must_hold(served_document_agrees(exchange, contradictions(contract, served) if is_document else []))
