"""A finding as the rules of causes read it: beside the decisive exchange, with its texts normalised. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property

from technogate.model.events import Exchange, Finding
from technogate.model.verdict import Sample

#: Statuses of a finding's text: `status 401 or 403`.
_CODES = re.compile(r"\b[1-5][0-9]{2}\b")
_STATUS_TEXT = re.compile(r"status [1-5][0-9]{2}( or [1-5][0-9]{2})*")
#: The checks that read the shape of a body.
ABOUT_SHAPE = frozenset(
    {"error response", "documented response", "media type", "strict JSON", "trace_id", "UTC time", "reason code"}
)
_OFFSET = re.compile(r"(\d+(?:\.\d+)?) s (?:off|outside of it)")
#: What differs from case to case: times, identifiers, quoted values, numbers.
_VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{20,}\b"), "<id>"),
    (re.compile(r"\[[^\[\]]{40,}\]"), "<list>"),
    (re.compile(r"\{[^{}]{20,}\}"), "<object>"),
    (re.compile(r"\[\d+\]"), "[]"),
    (re.compile(r"\d+(\.\d+)?"), "#"),
)


def normalised(text: str) -> str:
    """`text` without what differs from case to case: times, ids, numbers, long lists and objects."""
    for pattern, word in _VARIABLE:
        text = pattern.sub(word, text)
    return text


def json_value(text: str) -> object:
    """`text` as JSON, however a lax reader takes it; None when it is none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def codes_of(text: str) -> tuple[int, ...]:
    """The HTTP status codes of a text such as `status 401 or 403`; empty for any other text."""
    return tuple(int(code) for code in _CODES.findall(text)) if _STATUS_TEXT.fullmatch(text) else ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A finding, the exchanges that it rests on, and what its rules ask of both.

    `exchanges` are those with the backend under test, in the order sent.
    """

    sample: Sample
    exchanges: tuple[Exchange, ...]

    @property
    def finding(self) -> Finding:
        """The finding itself."""
        return self.sample.finding

    @property
    def check(self) -> str:
        """The check that reported it."""
        return self.sample.finding.check

    @property
    def exchange(self) -> Exchange | None:
        """The last exchange that it rests on: the decisive one."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def operation(self) -> str:
        """The operation, "" when it is about none."""
        return self.finding.operation or (self.exchange.operation if self.exchange else "")

    @property
    def status(self) -> int:
        """The HTTP status of the decisive response, 0 without one."""
        return self.exchange.response.status if self.exchange and self.exchange.response else 0

    @property
    def defects(self) -> frozenset[str]:
        """What is wrong with the decisive request by the contract; where that leaves it open, by the finding."""
        if self.exchange is None:
            return frozenset()
        refused = bool(self.expected_codes) and min(self.expected_codes) >= 400
        by_finding = refused and not self.exchange.defects and "?" in self.exchange.request.path
        return frozenset({"query"}) if by_finding else frozenset(self.exchange.defects)

    @property
    def unauthenticated(self) -> bool:
        """Whether the decisive request came without the right key."""
        return bool(self.defects & {"no key", "wrong key"})

    @cached_property
    def expected_codes(self) -> tuple[int, ...]:
        """The status codes that were expected, for a finding about a status code."""
        return codes_of(self.finding.expected)

    @cached_property
    def observed_code(self) -> int:
        """The status code that was observed in their place, 0 for a finding about something else."""
        if not self.expected_codes and self.check != "no failure":
            return 0
        return next(iter(codes_of(self.finding.observed)), 0)

    @cached_property
    def offset_s(self) -> float:
        """By how many seconds a time is off, for a finding about that; else 0."""
        found = _OFFSET.search(self.finding.observed)
        return float(found[1]) if found else 0.0

    @cached_property
    def body(self) -> object:
        """The decisive response's body as JSON; None when it is none."""
        if self.exchange is None or self.exchange.response is None:
            return None
        return json_value(self.exchange.response.body.text)

    @cached_property
    def shape(self) -> str:
        """The decisive response's body in short: `{"detail"}`, `an array`, `text/html`, `no body`."""
        if self.exchange is None or self.exchange.response is None:
            return "no response"
        response = self.exchange.response
        if isinstance(self.body, dict):
            return "{" + ", ".join(f'"{name}"' for name in sorted(map(str, self.body))) + "}"
        if isinstance(self.body, list):
            return "an array"
        if not response.body.size:
            return "no body"
        if self.body is not None:
            return f"the JSON value {response.body.text[:20]}"
        return (response.header("content-type") or "text").partition(";")[0]

    @property
    def expected(self) -> str:
        """What was expected, normalised."""
        return normalised(self.finding.expected)

    @property
    def observed(self) -> str:
        """What was observed, normalised."""
        return normalised(self.finding.observed)

    @property
    def text(self) -> str:
        """Expected and observed, as they were recorded."""
        return f"{self.finding.expected} {self.finding.observed}"
