"""Plays the sequences of one process, each once, and makes one that breaks a requirement shorter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from technogate.check import answer
from technogate.contract import Contract
from technogate.evidence import Finding
from technogate.generate.batch import Batches
from technogate.generate.sent import Sent
from technogate.generate.sequences import COUNT, WHOLE, Step, Steps, drawn
from technogate.suite import MustHold, not_exercised

Judge = Callable[[Contract, Sequence[Sent]], Iterator[list[Finding]]]

#: How often a sequence that breaks a requirement is played again to find a shorter one.
MOST_PLAYS = 30


@dataclass(kw_only=True)
class Sequences:
    """Every sequence of one process, played when the first one is asked for."""

    batches: Batches
    _played: list[tuple[Steps, list[Sent]]] = field(default_factory=list)
    _impatient: bool = False

    def hold(self, judge: Judge, must_hold: MustHold, smallest: str = "") -> None:
        """Judge every sequence; the first that breaks the requirement is made shorter before that is raised.

        The sequence `smallest`, as an earlier finding has it, is played and judged before all others.
        """
        contract, checked = self.batches.driver.contract, 0
        if smallest:
            steps = msgspec.json.decode(smallest, type=Steps)
            sents = self._play(steps)
            must_hold(*(self._told(steps, sents, findings) for findings in judge(contract, sents)))
        for steps, sents in self._all():
            for findings in judge(contract, sents):
                if findings:
                    must_hold(self._shortest(judge, steps, sents))
                must_hold(findings)
                checked += 1
        if not checked:
            self.batches.nothing_to_judge(len(self._played))

    def _all(self) -> list[tuple[Steps, list[Sent]]]:
        if not self._played:
            batches = self.batches
            count = COUNT[batches.profile]
            made = drawn(batches.driver.contract, batches.words, batches.wrong_keys, count=count, seed=batches.seed)
            if not made:
                not_exercised(
                    "the target names no command that is executed",
                    'name one in the target file: [backend.commands] approved = "…"',
                )
            self._played = [(steps, self._play(steps)) for steps in made]
        return self._played

    def _play(self, steps: Steps) -> list[Sent]:
        """Send the steps one after the other; before the whole trail is read, its entries get their time."""
        driver, keys = self.batches.driver, self.batches.keys
        names, audit = driver.contract.behavior.operations, driver.contract.behavior.audit
        sents: list[Sent] = []
        for step in steps:
            whole = (audit.limit_parameter, str(WHOLE)) in step.case.query
            if whole and sents:
                asked = [sent for sent in sents if sent.case.operation == names.execute]
                newest = answer.trace_id(asked[-1].exchange) if asked else ""
                if newest and not self._impatient:
                    shown = driver.read_entry(names.audit, {audit.limit_parameter: WHOLE}, newest)
                    # One entry that is late is a finding of the trail's; waiting for more would find no other.
                    self._impatient = shown.answer is None or newest not in shown.answer.body.text
            sents.append(self.batches.ask(step.case, keys[step.key]))
        return sents

    def _shortest(self, judge: Judge, steps: Steps, sents: list[Sent]) -> list[Finding]:
        """The finding of the shortest sequence that still breaks the requirement."""
        contract = self.batches.driver.contract
        best, plays = (steps, sents), 0
        index = 0
        while index < len(best[0]) and plays < MOST_PLAYS:
            shorter = best[0][:index] + best[0][index + 1 :]
            plays += 1
            again = self._play(shorter)
            if any(judge(contract, again)):
                best = (shorter, again)
            else:
                index += 1
        return self._told(*best, next(findings for findings in judge(contract, best[1]) if findings))

    @staticmethod
    def _told(steps: Steps, sents: Sequence[Sent], findings: Sequence[Finding]) -> list[Finding]:
        """The first finding of a sequence, with the steps that led to it."""
        told = {
            f"step {number}": _said(step, sent) for number, (step, sent) in enumerate(zip(steps, sents, strict=True), 1)
        }
        return [
            msgspec.structs.replace(
                finding,
                example={**finding.example, **told},
                exchanges=(
                    *(sent.exchange.id for sent in sents if sent.exchange.id not in finding.exchanges),
                    *finding.exchanges,
                ),
                smallest=msgspec.json.encode(steps).decode("utf-8"),
            )
            for finding in findings[:1]
        ]


def _said(step: Step, sent: Sent) -> str:
    """One step and its answer in a few words."""
    body = (step.case.body or b"").decode("utf-8", "replace")
    said = answer.json_object(sent.exchange).get("status", "")
    words = [
        step.case.method,
        step.case.target,
        body,
        f"({step.key})" if step.key else "",
        "->",
        str(sent.status),
        said,
    ]
    return " ".join(str(word) for word in words if word)
