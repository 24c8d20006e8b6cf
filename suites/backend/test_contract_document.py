"""CTR: the contract itself, and the document that the backend serves."""

from technogate.checks.contract_document import document_is_valid, served_document_agrees
from technogate.checks.response_predicates import has_response
from technogate.checks.served_document.contradictions import contradictions, document_problems
from technogate.checks.served_document.reading import USUAL_PLACES, is_too_long, served_document
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, not_exercised, requirement
from technogate.target import Running


@requirement("CTR-01")
def test_contract_is_valid(contract: Contract, must_hold: MustHold) -> None:
    """The OpenAPI document of the contract is valid."""
    must_hold(document_is_valid(document_problems(contract.document)))


@requirement("CTR-02")
def test_served_document_agrees(backend: HttpDriver, running: Running, contract: Contract, must_hold: MustHold) -> None:
    """An OpenAPI document that the backend serves does not contradict the contract; it may serve none."""
    named = running.backend.openapi if running.backend else ""
    unread: dict[str, str] = {}
    for place in dict.fromkeys((named, *USUAL_PLACES) if named else USUAL_PLACES):
        exchange = backend.send(Case(method="GET", path=place))
        must_hold(has_response(exchange))
        document = served_document(exchange)
        if document is not None:
            must_hold(served_document_agrees(exchange, contradictions(contract, document)))
        elif is_too_long(exchange):
            unread[f"the document at {place} is longer than what the gate reads of a response"] = "serve a shorter one"
        elif place == named:
            reason = f"the target file names an OpenAPI document at {place}, and there is none"
            unread[reason] = "correct the path in the target file: [backend] openapi"
    for reason, hint in unread.items():
        not_exercised(reason, hint)
