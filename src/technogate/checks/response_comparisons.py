"""Predicates of two responses that several families share: whether they are the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import finding, has_response, json_object
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party


def same_except_identity(first: Exchange, second: Exchange) -> list[Finding]:
    """Two responses are the same but for times and identifiers: status code and body."""
    if first.response is None or second.response is None:
        return has_response(first) or has_response(second)
    expected, observed = _anonymous(json_object(first)), _anonymous(json_object(second))
    if first.response.status == second.response.status and expected == observed:
        return []
    return finding(
        "same response", second, f"{first.response.status} {expected}", f"{second.response.status} {observed}"
    )


def _anonymous(value: Mapping[str, Any]) -> dict[str, Any]:
    """A body without the members that differ from request to request."""
    return {key: member for key, member in value.items() if key not in ("ts_utc", "trace_id", "execution_id")}


def is_unchanged(first: Exchange, second: Exchange) -> list[Finding]:
    """Two responses are the same to the byte: status code and body."""
    if first.response is None or second.response is None:
        return has_response(first) or has_response(second)
    if (first.response.status, first.response.body) == (second.response.status, second.response.body):
        return []
    expected = f"{first.response.status} {first.response.body.text}, as before"
    return finding("unchanged", second, expected, f"{second.response.status} {second.response.body.text}")


EXAMPLES = (
    Example(
        predicate=same_except_identity,
        good=lambda e: (e.executed(), e.executed(trace_id="t-2")),
        bad=lambda e: (e.executed(), e.executed(status=e.blocked)),
    ),
    Example(
        predicate=is_unchanged,
        good=lambda e: (first := e.executed(), first),
        bad=lambda e: (e.executed(), e.executed(trace_id="t-2")),
    ),
)

FAMILY = Family(prefixes=(), party=Party.BACKEND, examples=EXAMPLES)
