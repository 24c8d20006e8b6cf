"""Sends the generated requests of one process, each list once, and lets every requirement judge the same exchanges.

This is the acting half: plans, rules and reduction are pure, and the world is touched here alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from technogate.driver.http import Case, HttpDriver
from technogate.driver.keys import EMPTY_KEY, NO_KEY, Key, foreign_key, near_misses
from technogate.evidence import Exchange, Finding, Note
from technogate.generate.commands import Words
from technogate.generate.elsewhere import elsewhere
from technogate.generate.expected import Expectation, expected, who
from technogate.generate.plan import TOTAL, Mode, Plan, Planned, size
from technogate.generate.reduce import smallest, weight
from technogate.generate.sent import Findings, Rule, Sent, Terms
from technogate.generate.vanished import vanished
from technogate.settings import Profile
from technogate.suite import MustHold, not_exercised

#: Seconds that all generated requests of one process may take to be sent, by profile. Only a backend that
#: limits its rate, or is far away or very slow, takes as long: then the rest is left out, and a note says so.
#: A machine that has other things to do must not be taken for such a backend: what is left out is not judged.
BUDGET_S: dict[Profile, float] = {"quick": 60.0, "standard": 480.0, "thorough": 1800.0}

#: Requests of a list that are sent whatever the time.
FEWEST = 5

#: The name of the list that is for no operation: unknown paths and wrong methods.
ELSEWHERE = "elsewhere"


@dataclass(kw_only=True)
class Batches:
    """Every list of generated requests of one process; each is sent when it is first asked for.

    `plans` are the cases by operation, as far as they are drawn already.
    """

    driver: HttpDriver
    words: Words
    profile: Profile
    seed: int
    plans: dict[str, Plan] = field(default_factory=dict)
    _sent: dict[tuple[str, Mode], tuple[Sent, ...]] = field(default_factory=dict)
    _plain: dict[str, Exchange] = field(default_factory=dict)
    _due: int = 0
    _spent_s: float = 0.0
    _left: int = 0

    @property
    def keys(self) -> Mapping[str, Key]:
        """The keys that requests come with, by name; "" is the right one."""
        wrong = [foreign_key(), *near_misses(self.driver.key.values[0])]
        return {"": self.driver.key, **{key.name: key for key in (NO_KEY, EMPTY_KEY, *wrong)}}

    @property
    def wrong_keys(self) -> tuple[str, ...]:
        """The names of the keys that are not the right one; no key and an empty one come as often as all others."""
        none = (NO_KEY.name, EMPTY_KEY.name)
        wrong = [name for name in self.keys if name and name not in none]
        return tuple(name for number, each in enumerate(wrong) for name in (each, none[number % len(none)]))

    def sent(self, operation: str, modes: Sequence[Mode]) -> list[Sent]:
        """The exchanges of these lists."""
        found: list[Sent] = []
        for mode in modes:
            if (operation, mode) not in self._sent:
                self._sent[operation, mode] = tuple(self._send_all(operation, mode))
            found += self._sent[operation, mode]
        return found

    def hold(self, rule: Rule, operation: str, must_hold: MustHold, smallest: str = "") -> None:
        """Judge the exchanges of `operation` by one rule; the first violation is made smaller before it is raised.

        The request `smallest`, as an earlier finding has it, is sent and judged before all others.
        """
        if smallest:
            must_hold(self._again(rule, self._terms(operation), smallest))
        sents = self.sent(operation, rule.modes)
        terms = self._terms(operation)
        concerned = [sent for sent in sents if rule.concerns(sent)]
        if not concerned:
            self.nothing_to_judge(len(sents))
        broken = [sent for sent in concerned if self._counted(rule.findings(terms, sent), must_hold)]
        # A kept-alive connection may end in the moment it is used: only who gets no answer again has none.
        broken = [sent for sent in broken if sent.status or rule.findings(terms, self.ask(sent.case, sent.key))]
        if broken:
            self._raise(rule, terms, broken, len(concerned), must_hold)

    def hold_complete(self, operation: str, must_hold: MustHold) -> None:
        """Judge the reads of `operation`, in the order sent: none leaves out what an earlier one showed (AUD-02)."""
        sents = self.sent(operation, (Mode.ALLOWED,))
        compared = [findings for _, findings in vanished(self.driver.contract, sents)]
        if len(compared) < 2:
            self.nothing_to_judge(len(sents))
        must_hold(*compared)

    def note_what_is_left(self) -> Note | None:
        """What a reader should know when not all was sent."""
        if not self._left:
            return None
        return Note(text=f"the backend was too slow for {self._left} of the generated requests: they were left out")

    def nothing_to_judge(self, count: int) -> None:
        """End the item: none of `count` exchanges can be judged."""
        not_exercised(
            f"none of {count} generated requests was answered so that this could be judged",
            "look at the journal's generated exchanges: the backend refuses or fails them all",
        )

    def ask(self, case: Case, key: Key) -> Sent:
        """Send one case and say what the contract says of it."""
        exchange = self.driver.send(case, key=key)
        return self._as_sent(case, key, expected(self.driver.contract, case), exchange)

    def _as_sent(self, case: Case, key: Key, expectation: Expectation, exchange: Exchange) -> Sent:
        return Sent(
            case=case,
            key=key,
            who=who(key, self.driver.key),
            expectation=expectation,
            exchange=exchange,
            deserves=self._deserves(case),
        )

    def _deserves(self, case: Case) -> str:
        """The status that the target says the case's command deserves."""
        try:
            value = json.loads(case.body or b"")
        except (ValueError, RecursionError):
            return ""
        command = value.get("command") if isinstance(value, dict) else None
        return self.words.statuses.get(command, "") if isinstance(command, str) else ""

    def _send_all(self, operation: str, mode: Mode) -> Iterator[Sent]:
        """Send one list, as far as its share of the time goes."""
        planned = self._planned(operation, mode)
        keys = self.keys
        self._due += len(planned)
        share = BUDGET_S[self.profile] * self._due / TOTAL[self.profile]
        started = time.monotonic()
        for number, each in enumerate(planned):
            if number >= FEWEST and self._spent_s + time.monotonic() - started > share:
                self._left += len(planned) - number
                break
            exchange = self.driver.send(each.case, key=keys[each.key])
            yield self._as_sent(each.case, keys[each.key], each.expectation, exchange)
        self._spent_s += time.monotonic() - started

    def _planned(self, operation: str, mode: Mode) -> tuple[Planned, ...]:
        contract = self.driver.contract
        if operation == ELSEWHERE:
            count = max(32, TOTAL[self.profile] // 25)
            return elsewhere(contract, count=count, seed=self.seed) if mode is Mode.OPEN else ()
        if operation not in self.plans:
            self.plans[operation] = Plan(
                contract,
                operation,
                count=size(contract, operation, self.profile),
                seed=self.seed,
                words=self.words,
                keys=self.wrong_keys,
            )
        return self.plans[operation].of(mode)

    def _terms(self, operation: str) -> Terms:
        """What to judge by; each command alone is executed once, where rules compare with that."""
        contract = self.driver.contract
        if operation == contract.behavior.operations.execute and not self._plain:
            self._plain = {word: self.driver.execute(word) for word in self.words.usable}
        return Terms(contract=contract, plain=self._plain)

    @staticmethod
    def _counted(findings: Findings, must_hold: MustHold) -> bool:
        """Whether something was found; what holds is counted as a check."""
        if not findings:
            must_hold(findings)
        return bool(findings)

    def _raise(self, rule: Rule, terms: Terms, broken: list[Sent], count: int, must_hold: MustHold) -> None:
        """Raise the finding on the smallest request that breaks the rule as well."""
        first = min(broken, key=lambda sent: weight(sent.case))
        found: dict[Case, Findings] = {first.case: rule.findings(terms, first)}

        def breaks(case: Case) -> bool:
            if not self.words.harmless(case.body or b""):
                return False
            smaller = msgspec.structs.replace(case, name=f"{first.case.name}, made smaller")
            found[case] = rule.findings(terms, self.ask(smaller, first.key))
            return bool(found[case])

        least = smallest(first.case, breaks)
        seen = {"seen": f"{len(broken)} of the {count} generated requests that this concerns"}
        must_hold([_with(one, seen, Asked(case=least, key=first.key.name)) for one in found[least]])

    def _again(self, rule: Rule, terms: Terms, smallest: str) -> Findings:
        """What is wrong with the request that an earlier finding rests on."""
        asked = msgspec.json.decode(smallest, type=Asked)
        key = {one.name: one for one in self.keys.values()}.get(asked.key)
        if key is None:
            not_exercised(
                f"the key of this target has no near miss of the kind: {asked.key}", "use a key with letters in it"
            )
        return [_with(one, {}, asked) for one in rule.findings(terms, self.ask(asked.case, key))]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request that a finding rests on: its case, and the name of its key."""

    case: Case
    key: str


def _with(finding: Finding, more: dict[str, str], asked: Asked) -> Finding:
    """A finding with more of its example, and the request that shows it."""
    text = msgspec.json.encode(asked).decode("utf-8")
    return msgspec.structs.replace(finding, example={**finding.example, **more}, smallest=text)
