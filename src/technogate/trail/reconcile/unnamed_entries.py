"""Entries that name no known request, assigned to the requests that could have left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from technogate.model.events import TrailReading, header_values
from technogate.trail.history import TrailHistory
from technogate.trail.reconcile.expected_entries import ExpectedEntries, TrailTerms
from technogate.trail.reconcile.matching import Slot, match

#: The request of a slot that belongs to no request of the run, but to one beside it.
_BESIDE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`entries` are the numbers that have found a request; `requests` the places, among the unnamed, of those found."""

    entries: frozenset[int]
    requests: frozenset[int]


class UnnamedEntries:
    """The requests of one pair as slots of time; `assign` fills them."""

    def __init__(
        self,
        requests: Sequence[ExpectedEntries],
        history: TrailHistory,
        times: Sequence[float | None],
        terms: TrailTerms,
    ) -> None:
        self._requests = requests
        self._history = history
        self._times = times
        self._terms = terms
        #: Whether there was any request, after `assign`, that may have left an entry of which only the time would tell.
        self.room = False

    def assign(
        self,
        stray: Sequence[tuple[str, int]],
        unnamed: Sequence[ExpectedEntries],
        without: Sequence[ExpectedEntries],
    ) -> Assignment:
        """Assign the entries `stray` (trace id, number) to requests.

        `unnamed` are the requests whose trace id is unknown, `without` those that have one and got no entry by it.
        """
        times = self._times
        must = [self._slot(request, place) for place, request in enumerate(unnamed) if request.least]
        may = [self._slot(request, place) for place, request in enumerate(unnamed) if not request.least]
        may += [self._slot(request, _BESIDE) for request in self._requests if _may_have_sent_more(request)]
        may += [self._slot_of_reading(reading) for reading in self._history.failed if not reading.reads]
        named = [(at, number) for trace_id, number in stray if trace_id and (at := times[number]) is not None]
        nameless = [(at, number) for trace_id, number in stray if not trace_id and (at := times[number]) is not None]
        placed = match([*named, *nameless], must)
        placed |= match([pair for pair in (*named, *nameless) if pair[1] not in placed], may)
        self.room = bool(unnamed or without or may)
        taken = frozenset(place for place in placed.values() if place != _BESIDE)
        # An entry without a trace id is what a request has that lacks one of its own: lost, and no phantom besides.
        room = [self._slot(request, len(unnamed) + place) for place, request in enumerate(without)]
        placed |= match([pair for pair in nameless if pair[1] not in placed], room)
        return Assignment(entries=frozenset(placed), requests=taken)

    def _slot(self, expected: ExpectedEntries, place: int) -> Slot:
        """The time in which an entry of a request can lie; a request without a response may still be at work."""
        exchange, tolerance = expected.exchange, self._terms.tolerance_s
        end = exchange.ended
        if exchange.response is None:
            end = max(end, exchange.started + self._terms.response_s)
        return Slot(start=exchange.started - tolerance, end=end + tolerance, request=place)

    def _slot_of_reading(self, reading: TrailReading) -> Slot:
        """The time in which the entry of a reading that failed can lie."""
        tolerance, end = self._terms.tolerance_s, max(reading.ended, reading.at + self._terms.response_s)
        return Slot(start=reading.at - tolerance, end=end + tolerance, request=_BESIDE)


def _may_have_sent_more(expected: ExpectedEntries) -> bool:
    """Whether there may be a request beside this one.

    A browser sends a preflight, which the page cannot see; a hostile client may send more than its exchange shows.
    """
    exchange = expected.exchange
    return bool(exchange.under_fault) or bool(header_values(exchange.request.headers, "origin"))
