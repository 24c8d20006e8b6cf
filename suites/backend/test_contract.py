"""CTR: the contract itself, and what the backend says of it."""

import pytest

from technogate.checks import response_checks
from technogate.checks.openapi_checks import contradictions, document_problems
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.model.events import Finding
from technogate.runner.suite import MustHold, requirement


@requirement("CTR-01")
def test_contract_is_valid(contract: Contract, must_hold: MustHold) -> None:
    """The OpenAPI document of the contract is valid."""
    problems = document_problems(contract.document)
    must_hold([Finding(check="OpenAPI", expected="a valid document", observed=problems[0])] if problems else [])


@requirement("CTR-02")
@pytest.mark.parametrize("path", ["/openapi.json", "/swagger.json", "/v3/api-docs", "/api/openapi.json"])
def test_served_document_agrees(backend: HttpDriver, contract: Contract, path: str, must_hold: MustHold) -> None:
    """An OpenAPI document that the backend serves under a usual path does not contradict the contract."""
    exchange = backend.send(Case(method="GET", path=path))
    must_hold(response_checks.answered(exchange))
    if exchange.response is None or exchange.response.status != 200:
        return
    served = response_checks.json_value(exchange)
    is_document = isinstance(served, dict) and {"openapi", "swagger"} & set(served)
    problems = contradictions(contract, served) if is_document else []
    must_hold(
        response_checks.finding(
            "served document", exchange, "no contradiction to the contract", "; ".join(problems[:3])
        )
        if problems
        else []
    )
