"""CTR: the OpenAPI document of the contract is valid, and one that the backend serves does not contradict it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import finding
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party


def document_is_valid(problems: Sequence[str]) -> list[Finding]:
    """The OpenAPI document of the contract has no `problems` (CTR-01)."""
    if not problems:
        return []
    return [Finding(check="OpenAPI", expected="a valid document", observed=problems[0])]


def served_document_agrees(exchange: Exchange, contradictions: Sequence[str]) -> list[Finding]:
    """The OpenAPI document that the backend serves has no `contradictions` to the contract (CTR-02)."""
    if not contradictions:
        return []
    return finding("served document", exchange, "no contradiction to the contract", "; ".join(contradictions[:3]))


EXAMPLES = (
    Example(
        requirement="CTR-01",
        predicate=document_is_valid,
        good=lambda _: ([],),
        bad=lambda _: (["self-test"],),
    ),
    Example(
        requirement="CTR-02",
        predicate=served_document_agrees,
        good=lambda e: (e.exchange(200, {}), []),
        bad=lambda e: (e.exchange(200, {}), ["self-test"]),
    ),
)

FAMILY = Family(prefixes=("CTR",), party=Party.BACKEND, examples=EXAMPLES)
