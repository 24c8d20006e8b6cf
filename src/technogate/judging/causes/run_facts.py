"""What a whole run shows that explains many findings at once: absent and open operations, repeated answers. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property

from technogate.journal.journal_file import Journal
from technogate.judging.causes.fact import Fact, json_value
from technogate.model.events import Exchange, header_values

#: An operation is judged as a whole by at least so many of its responses: fewer prove nothing of the rest.
_ENOUGH = 3

#: Times that are off by one constant differ by no more than so many seconds.
CLOCK_SPREAD_S = 30.0

#: Status codes of an operation that is not there.
_ABSENT = frozenset({404, 405, 501})


class RunFacts:
    """A journal and its findings, with what the rules of causes need of both computed once."""

    def __init__(self, journal: Journal, facts: Sequence[Fact]) -> None:
        self.journal = journal
        self.facts = facts
        self.guarded = journal.header.guarded

    @cached_property
    def responses(self) -> dict[str, list[Exchange]]:
        """The exchanges with the backend that have a response, by guarded operation."""
        by_operation: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self.journal.exchanges:
            if exchange.responded_by == "backend" and exchange.response and exchange.operation in self.guarded:
                by_operation[exchange.operation].append(exchange)
        return by_operation

    @cached_property
    def routes(self) -> dict[str, str]:
        """Method and path of each guarded operation that was requested."""
        return {
            operation: f"{exchanges[0].request.method} {exchanges[0].request.path.partition('?')[0]}"
            for operation, exchanges in self.responses.items()
        }

    @cached_property
    def absent(self) -> dict[str, int]:
        """The operations that do not exist, with the one status code of all their responses."""
        absent: dict[str, int] = {}
        for operation, exchanges in self.responses.items():
            codes = {exchange.response.status for exchange in exchanges if exchange.response}
            if len(exchanges) >= _ENOUGH and len(codes) == 1 and codes <= _ABSENT:
                absent[operation] = codes.pop()
        return absent

    @cached_property
    def nothing_exists(self) -> bool:
        """Whether no guarded operation exists."""
        return bool(self.guarded) and set(self.absent) == set(self.guarded)

    @cached_property
    def constant(self) -> int:
        """The one status code that every guarded operation answers whatever is asked, 0 when there is none."""
        codes = {e.response.status for exchanges in self.responses.values() for e in exchanges if e.response}
        every = set(self.responses) == set(self.guarded) and bool(self.guarded)
        many = sum(map(len, self.responses.values())) >= _ENOUGH * len(self.guarded)
        return codes.pop() if every and many and len(codes) == 1 else 0

    @cached_property
    def open_operations(self) -> frozenset[str]:
        """The operations that need no key, at least on a connection where an earlier request had it.

        Most of their requests without a key were not refused; few of those that the gate sends are on a new connection.
        """
        is_open: set[str] = set()
        for operation in self.responses:
            taken, refused = self.without_key(operation)
            if taken > refused and any(e.response.status < 300 for e in self._without_key(operation) if e.response):
                is_open.add(operation)
        return frozenset(is_open)

    def without_key(self, operation: str) -> tuple[int, int]:
        """How many requests of an operation without a key were not refused for that, and how many were."""
        codes = [e.response.status for e in self._without_key(operation) if e.response]
        refused = sum(code in (401, 403) for code in codes)
        return len(codes) - refused, refused

    def _without_key(self, operation: str) -> list[Exchange]:
        return [e for e in self.responses.get(operation, ()) if "no key" in e.defects]

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The exchanges whose response is an earlier one of the operation again: same trace id, same body."""
        seen: set[tuple[str, str, str]] = set()
        repeated: set[str] = set()
        for exchange in self._in_order:
            trace_id = self.trace_id(exchange)
            if not trace_id or self.took_trace_id(exchange) or exchange.response is None:
                continue
            response = (exchange.operation, trace_id, exchange.response.body.text)
            if response in seen:
                repeated.add(exchange.id)
            seen.add(response)
        return frozenset(repeated)

    def trace_id(self, exchange: Exchange) -> str:
        """The trace id in the header of a response, "" without one."""
        if exchange.response is None:
            return ""
        return next(iter(header_values(exchange.response.headers, self.journal.header.trace_header)), "")

    def took_trace_id(self, exchange: Exchange) -> bool:
        """Whether a response has a trace id that its request named, in whatever header."""
        trace_id = self.trace_id(exchange)
        return bool(trace_id) and trace_id in [value for _, value in exchange.request.headers]

    @cached_property
    def member_spelling(self) -> dict[str, str]:
        """The usual spelling of each member's name in valid request bodies, by the name in lower case."""
        counts = Counter(name for exchange in self._in_order if not exchange.defects for name in members(exchange))
        spelling: dict[str, str] = {}
        for name, _ in counts.most_common():
            spelling.setdefault(name.lower(), name)
        return spelling

    @cached_property
    def clock_offset_s(self) -> float:
        """By how many seconds the backend's clock is off in all that is found of its times; 0 when it is not."""
        offsets = [offset for fact in self.facts if (offset := fact.offset_s)]
        return offsets[0] if offsets and max(offsets) - min(offsets) < CLOCK_SPREAD_S else 0.0

    @cached_property
    def misshaped(self) -> dict[str, str]:
        """The operations whose every 200 has a body of the wrong outer shape, with that shape."""
        shapes: dict[str, set[str]] = defaultdict(set)
        wrong: dict[str, set[str]] = defaultdict(set)
        for fact in self.facts:
            if fact.check == "documented response" and fact.status == 200 and "$: expected" in fact.finding.observed:
                wrong[fact.operation].add(fact.shape)
        for operation in wrong:
            for exchange in self.responses.get(operation, ()):
                if exchange.response and exchange.response.status == 200 and not exchange.defects:
                    shapes[operation].add(_outer(exchange))
        return {name: shape for name in wrong if len(shapes[name]) <= 1 for shape in sorted(wrong[name])[:1]}

    @cached_property
    def entries_die_with_process(self) -> bool:
        """Whether entries of the audit trail were gone after the backend was killed."""
        return any(fact.check == "entry after a kill" for fact in self.facts)

    @cached_property
    def query_ignored(self) -> frozenset[str]:
        """The operations that honour neither filter nor limit."""
        checks: dict[str, set[str]] = defaultdict(set)
        for fact in self.facts:
            checks[fact.operation].add(fact.check)
        return frozenset(name for name, found in checks.items() if {"filter", "limit"} <= found)

    @cached_property
    def by_trace_id(self) -> dict[str, Exchange]:
        """The first exchange of each trace id."""
        first: dict[str, Exchange] = {}
        for exchange in self._in_order:
            first.setdefault(self.trace_id(exchange), exchange)
        return first

    @cached_property
    def _in_order(self) -> Sequence[Exchange]:
        return sorted(
            (exchange for exchanges in self.responses.values() for exchange in exchanges),
            key=lambda exchange: exchange.started,
        )


def members(exchange: Exchange) -> tuple[str, ...]:
    """The names of the members of a request's body, none when it is no JSON object."""
    value = json_value(exchange.request.body.text)
    return tuple(value) if isinstance(value, dict) else ()


def _outer(exchange: Exchange) -> str:
    """The first character of a body: what its outer value is."""
    return exchange.response.body.text.lstrip()[:1] if exchange.response else ""
