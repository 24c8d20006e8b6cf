"""Which requests a run sends: for each operation and mode a list of cases, the same for the same seed.

Three sources feed it: Schemathesis' coverage of the contract's limits, Schemathesis' and Hypothesis'
random data, and recombinations of edge values, which cost little. Each case is filed under what
the oracle finds, whatever its source intended. What a rule needs is not left to the seed: every class of
input that a rule is about is built for it, in every profile, besides what is drawn.
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.edge_cases import mixed
from technogate.generation.requests.needed_cases import needed
from technogate.generation.requests.request_oracle import Expectation, RequestDefect, Validity, expected
from technogate.generation.requests.sent_request import Mode as Mode
from technogate.model.settings import Profile

#: Requests of one run, by profile, before sequences and shrinking.
TOTAL: dict[Profile, int] = {"quick": 200, "standard": 2400, "thorough": 20_000}

#: How an operation's share is split: the one that acts has most to get wrong.
_WEIGHTS = {"execute": 9, "audit": 5, "fallback": 4, "memory": 1}
#: The weight of an operation that plays no part.
_GENERAL = 3

#: One case in so many is drawn by Hypothesis, whose data is the oddest and the dearest.
_FUZZED = 14

#: How many cases each rule has at least of each operation that it is held to, whatever is drawn.
FEW = 3

#: How often a source is tried for one more case that is new and of the right kind.
_TRIES = 40


_PARTS = {Mode.ALLOWED: 0.36, Mode.FORBIDDEN: 0.34, Mode.OPEN: 0.1, Mode.UNKEYED: 0.2}
_MODE_OF = {Validity.ALLOWED: Mode.ALLOWED, Validity.FORBIDDEN: Mode.FORBIDDEN, Validity.OPEN: Mode.OPEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One request to be sent: the case, the name of the key that goes with it, what the contract requires."""

    case: Case
    key: str
    mode: Mode
    expectation: Expectation


def size(contract: Contract, operation: str, profile: Profile) -> int:
    """How many requests of `operation` a run of `profile` sends."""
    weights = {described.id: _weight(contract, described.id) for described in contract.judged}
    return max(12, TOTAL[profile] * weights[operation] // sum(weights.values()))


def _weight(contract: Contract, operation: str) -> int:
    """How much of all requests are for an operation, by the part that it plays."""
    names = contract.behavior.operations
    return next((weight for part, weight in _WEIGHTS.items() if getattr(names, part) == operation), _GENERAL)


class RequestPlan:
    """The cases of one operation; made when they are first requested, and only then."""

    def __init__(
        self, contract: Contract, operation: str, *, count: int, seed: int, words: CommandSet, keys: tuple[str, ...]
    ) -> None:
        """`count` is for all modes together; `keys` are the names of the keys that are not the right one."""
        self._contract = contract
        self._operation = operation
        self._count = count
        self._seed = seed ^ zlib.crc32(operation.encode())
        self._words = words
        self._keys = keys
        self._guarded = contract.operations[operation].guarded
        self._modes: dict[Mode, tuple[Planned, ...]] = {}

    def of(self, mode: Mode) -> tuple[Planned, ...]:
        """The cases of `mode`: those built for a rule first, so that a short run has them."""
        if not self._modes:
            self._modes = self._made()
        return self._modes[mode]

    def built(self) -> dict[Mode, tuple[Planned, ...]]:
        """The cases that are built for a rule, whatever the profile: the first of each mode."""
        filed, unkeyed = self._built()
        return {**{mode: tuple(cases) for mode, cases in filed.cases.items()}, Mode.UNKEYED: unkeyed}

    def _built(self) -> tuple[_Files, tuple[Planned, ...]]:
        """The built cases with the right key, and those with another."""
        # A source of its own: what else is drawn does not depend on how much is built.
        apart = random.Random(self._seed + 1)  # noqa: S311 - test data
        filed = _Files(self._contract)
        for kind, case in needed(self._contract, self._operation, self._words, apart, FEW):
            filed.add(case, kind)
        unkeyed = enumerate(self._each_key(filed) if self._guarded else ())
        return filed, tuple(_named(planned, number) for number, planned in unkeyed)

    def _made(self) -> dict[Mode, tuple[Planned, ...]]:
        rng = random.Random(self._seed)  # noqa: S311 - test data
        filed, unkeyed = self._built()
        wanted = {mode: max(FEW, int(self._count * part)) for mode, part in _PARTS.items()}
        wanted = {mode: count + len(filed.cases.get(mode, ())) for mode, count in wanted.items()}
        # Imported where it is used: that takes most of a second, and most processes of a run draw no requests.
        from technogate.generation.requests.schemathesis_cases import covered, fuzzed

        for case in covered(self._contract, self._operation, self._words):
            filed.add(case, "at a limit")
        drawn = fuzzed(self._contract, self._operation, self._words, count=self._count // _FUZZED, seed=self._seed)
        fresh = [(case, "drawn") for case in drawn]
        for mode in (Mode.ALLOWED, Mode.FORBIDDEN, Mode.OPEN):
            fresh += [(case, "mixed") for case in self._mixed(mode, wanted[mode], rng)]
        rng.shuffle(fresh)
        for case, source in fresh:
            filed.add(case, source)
        made = {mode: tuple(filed.cases[mode][: wanted[mode]]) for mode in filed.cases}
        if not self._guarded:
            return {**made, Mode.UNKEYED: ()}
        return {**made, Mode.UNKEYED: (*unkeyed, *self._unkeyed(made, wanted[Mode.UNKEYED], len(unkeyed), rng))}

    def _mixed(self, mode: Mode, count: int, rng: random.Random) -> Iterator[Case]:
        """Recombinations that the contract takes as `mode` states."""
        for _ in range(count):
            for _ in range(_TRIES):
                case = mixed(self._contract, self._operation, mode.value, self._words, rng)
                if case is not None and _MODE_OF[expected(self._contract, case).validity] is mode:
                    yield case
                    break

    def _each_key(self, filed: _Files) -> Iterator[Planned]:
        """Each wrong key on a request that is right otherwise, and several on each kind of malformed one."""
        clean, faulty = _pools([planned for cases in filed.cases.values() for planned in cases])
        for number, key in enumerate((*dict.fromkeys(self._keys), *self._keys[: 2 * FEW])):
            yield _unkeyed(clean[number % len(clean)], key)
        for kind in faulty:
            for number, key in enumerate(itertools.islice(itertools.cycle(self._keys), 2 * FEW)):
                yield _unkeyed(kind[number % len(kind)], key)

    def _unkeyed(
        self, made: dict[Mode, tuple[Planned, ...]], count: int, already: int, rng: random.Random
    ) -> Iterator[Planned]:
        """The same kinds of cases with each key that is not the right one, until there are `count`."""
        # Some rules are about requests that lack nothing but the key, others about those that are wrong besides,
        # and a backend can check one kind of mistake before it checks the key: all are sent.
        clean, faulty = _pools([planned for many in made.values() for planned in many])
        pools = [pool for wrong in faulty for pool in (clean, wrong)] or [clean]
        for number in range(already, count):
            # Every second key is none at all, so each pool has both; with all keys anew each has another pool.
            turn, place = divmod(number, len(self._keys))
            planned = rng.choice(pools[(place // 2 + turn) % len(pools)])
            yield _named(_unkeyed(planned, self._keys[place]), number)


def _pools(planned: Sequence[Planned]) -> tuple[list[Planned], list[list[Planned]]]:
    """The requests that nothing is wrong with, and those with each kind of fault; none that is too long."""
    usable = [entry for entry in planned if RequestDefect.SIZE not in entry.expectation.faults]
    clean = [entry for entry in usable if not entry.expectation.faults]
    faulty = [[entry for entry in usable if fault in entry.expectation.faults] for fault in RequestDefect]
    return clean, [pool for pool in faulty if pool]


def _unkeyed(planned: Planned, key: str) -> Planned:
    """The same request with a key that is not the right one."""
    return replace(planned, key=key, mode=Mode.UNKEYED)


def _named(planned: Planned, number: int) -> Planned:
    return replace(planned, case=msgspec.structs.replace(planned.case, name=f"unkeyed {number}: {planned.case.name}"))


class _Files:
    """Cases by what the contract requires for them, each but once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._seen: set[Case] = set()
        self.cases: dict[Mode, list[Planned]] = {Mode.ALLOWED: [], Mode.FORBIDDEN: [], Mode.OPEN: []}

    def add(self, case: Case, source: str) -> None:
        """File one case under what the contract requires for it, with a name that states how it came about."""
        if case in self._seen:
            return
        self._seen.add(case)
        expectation = expected(self._contract, case)
        mode = _MODE_OF[expectation.validity]
        faults = " and ".join(sorted(expectation.faults))
        number = len(self.cases[mode]) + 1
        name = f"generated {number}, {source}: {expectation.validity}" + (f" ({faults})" if faults else "")
        named = msgspec.structs.replace(case, name=name)
        self.cases[mode].append(Planned(case=named, key="", mode=mode, expectation=expectation))
