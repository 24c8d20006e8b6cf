"""The answers that a console is shown conform to the contract: a page that shows none of them is not their fault."""

from __future__ import annotations

import json

import pytest

from technogate.contract.loader import Contract
from technogate.fit import shown_answers
from technogate.mock.scripted_reply import ResponseTemplate
from technogate.runner.run_context import contract_or_default

CONTRACT: Contract = contract_or_default("")


@pytest.mark.parametrize(
    ("operation", "template"),
    [
        ("executeCommand", shown_answers.blocked(CONTRACT).template),
        ("fetchAuditLog", shown_answers.one_entry(CONTRACT).template),
        ("fetchMemory", shown_answers.snapshot(CONTRACT).template),
        ("fetchAuditLog", shown_answers.empty_list().template),
    ],
)
def test_answers_conform(operation: str, template: ResponseTemplate) -> None:
    """Each answer is what the contract documents for its operation and status."""
    value = json.loads(template.body)
    assert CONTRACT.response_problems(operation, template.status, value) == []
