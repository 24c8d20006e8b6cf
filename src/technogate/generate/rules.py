"""What each requirement demands of one generated exchange: which it concerns, and what must hold then. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from technogate.check import answer, trail
from technogate.contract import Contract
from technogate.driver.http import TOO_MANY, Case
from technogate.driver.keys import Key
from technogate.evidence import Exchange, Finding
from technogate.generate.commands import unheard_of
from technogate.generate.expected import Expectation, Fault, Said, Who, limit_of, state_of
from technogate.generate.plan import Mode

EVERY = tuple(Mode)
#: Modes whose cases come with the right key.
KEYED = (Mode.ALLOWED, Mode.FORBIDDEN, Mode.OPEN)

Findings = Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One generated request that was sent: the case, its key and who that is, what the contract says, what came.

    `deserves` is the status that its command deserves, "" for one that the target does not name.
    """

    case: Case
    key: Key
    who: Who
    expectation: Expectation
    exchange: Exchange
    deserves: str = ""

    @property
    def status(self) -> int:
        """The status of the answer, 0 without one."""
        return self.exchange.answer.status if self.exchange.answer else 0

    @property
    def decided(self) -> bool:
        """Whether the backend made up its mind: 429 and 5xx say nothing of the request itself."""
        return self.status not in (0, TOO_MANY) and self.status < 500

    @property
    def allowed(self) -> bool:
        """Whether the contract allows the request, its key included."""
        return self.who is Who.KNOWN and self.expectation.said is Said.ALLOWED

    def faulty(self, fault: Fault, *besides: Fault) -> bool:
        """Whether the request has the right key and `fault`, and no other than `besides`."""
        return self.who is Who.KNOWN and fault in self.expectation.faults <= {fault, *besides}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What rules judge by: the contract, and the answer to each command of the target alone."""

    contract: Contract
    plain: Mapping[str, Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One requirement: the exchanges that it concerns, and the check that must hold for each of them."""

    requirement: str
    modes: tuple[Mode, ...]
    concerns: Callable[[Sent], bool]
    check: Callable[[Terms, Sent], Findings]

    def findings(self, terms: Terms, sent: Sent) -> Findings:
        """What is wrong with one exchange: nothing, when it does not concern the rule."""
        return self.check(terms, sent) if self.concerns(sent) else []


def _members(sent: Sent) -> dict[str, object]:
    """The members of an execute request's body, empty for what is no object."""
    try:
        value = json.loads(sent.case.body or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _command(sent: Sent) -> str:
    return str(_members(sent).get("command", ""))


def _session_alone(sent: Sent) -> bool:
    return sent.decided and (
        sent.faulty(Fault.SESSION) or (sent.allowed and set(_members(sent)) == {"command", "session_id"})
    )


def _further_alone(sent: Sent) -> bool:
    members = set(_members(sent))
    return sent.decided and sent.allowed and "session_id" not in members and len(members) > 1


def _known_command(sent: Sent) -> bool:
    """A command of the target's, alone or with all that may come with it: the rest is compared with that."""
    known = sent.decided and sent.allowed and bool(sent.deserves)
    return known and not _session_alone(sent) and not _further_alone(sent)


def _as_plain(terms: Terms, sent: Sent) -> Findings:
    """The answer means the same as the one to the command alone."""
    plain = terms.plain.get(_command(sent))
    if plain is None or plain.answer is None or sent.status != plain.answer.status:
        return answer.status(sent.exchange, 200)
    kept = ("status", "reason_codes")
    one, other = answer.json_object(plain), answer.json_object(sent.exchange)
    expected, observed = (
        [f"{name} {one.get(name)!r}" for name in kept],
        [f"{name} {other.get(name)!r}" for name in kept],
    )
    if expected == observed:
        return []
    return answer.finding("same answer", sent.exchange, f"{', '.join(expected)}, as without", ", ".join(observed))


def _session(terms: Terms, sent: Sent) -> Findings:
    return answer.status(sent.exchange, 400) if sent.faulty(Fault.SESSION) else _as_plain(terms, sent)


def _deserved(_: Terms, sent: Sent) -> Findings:
    """A command that the target names is answered with the status it deserves."""
    return answer.status(sent.exchange, 200) or answer.says(sent.exchange, sent.deserves)


def _unknown(terms: Terms, sent: Sent) -> Findings:
    exchange = sent.exchange
    blocked = terms.contract.behavior.statuses.blocked
    return answer.status(exchange, 200) or answer.says(exchange, blocked) or answer.has_reason(exchange)


def _refused(_: Terms, sent: Sent) -> Findings:
    """A refused key is answered as its kind of wrong demands."""
    return answer.status(sent.exchange, 401 if sent.who is Who.NOBODY else 403)


def _key_first(_: Terms, sent: Sent) -> Findings:
    """Malformed and without a key is 401; with a wrong one it is the key's refusal, whichever."""
    return answer.status(sent.exchange, *((401,) if sent.who is Who.NOBODY else (401, 403)))


def _invalid(terms: Terms, sent: Sent) -> Findings:
    reason = terms.contract.behavior.reason_codes.invalid_request
    return answer.status(sent.exchange, 400) or answer.error_answer(terms.contract, sent.exchange, reason)


def _one_of_its_answers(_: Terms, sent: Sent) -> Findings:
    return answer.status(sent.exchange, *sorted(sent.expectation.answers))


def _filtered(terms: Terms, sent: Sent) -> Findings:
    state = state_of(terms.contract, sent.case)
    return trail.only_state(sent.exchange, state) if state else answer.answered(sent.exchange)


def _bad_query(terms: Terms, sent: Sent) -> Findings:
    if sent.expectation.said is Said.OPEN:
        return _one_of_its_answers(terms, sent)
    return answer.status(sent.exchange, 400) or answer.error_answer(terms.contract, sent.exchange)


def _reason_due(terms: Terms, sent: Sent) -> Findings:
    free = terms.contract.behavior.statuses.empty_reasons
    due = answer.json_object(sent.exchange).get("status") not in free
    return answer.has_reason(sent.exchange) if due else []


def _snapshot(terms: Terms, sent: Sent) -> Findings:
    return _one_of_its_answers(terms, sent) or answer.documented(terms.contract, sent.exchange)


def _served(_: Terms, sent: Sent) -> Findings:
    """An answer, and not one that says the backend failed."""
    if sent.exchange.answer is None:
        wanted = "an answer that is no 5xx"
        return answer.finding("no failure", sent.exchange, wanted, sent.exchange.error or "no answer")
    if sent.status < 500:
        return []
    return answer.finding("no failure", sent.exchange, "an answer that is no 5xx", f"status {sent.status}")


def _nothing_there(terms: Terms, sent: Sent) -> Findings:
    """404 for a path that is not there, 405 with `Allow` for a method that is not."""
    contract, exchange = terms.contract, sent.exchange
    method = next((each.method.upper() for each in contract.operations.values() if each.path == sent.case.path), "")
    found = answer.status(exchange, 405 if method else 404) or answer.error_answer(contract, exchange)
    return found or (answer.allows(exchange, method) if method else [])


def _ok(sent: Sent) -> bool:
    return sent.status == 200


#: Every rule by the requirement that it proves, one for each.
RULES: Mapping[str, Rule] = {
    rule.requirement: rule
    for rule in (
        Rule(
            requirement="ENV-01",
            modes=KEYED,
            concerns=_ok,
            check=lambda terms, sent: answer.documented(terms.contract, sent.exchange),
        ),
        Rule(
            requirement="ENV-02",
            modes=KEYED,
            concerns=_ok,
            check=lambda terms, sent: answer.says(sent.exchange, *terms.contract.status_words),
        ),
        Rule(
            requirement="ENV-03",
            modes=EVERY,
            concerns=lambda sent: sent.decided and sent.status != 204,
            check=lambda terms, sent: answer.timely(sent.exchange, terms.contract.behavior.time.clock_tolerance_s),
        ),
        Rule(
            requirement="ENV-04",
            modes=EVERY,
            concerns=lambda sent: sent.decided,
            check=lambda terms, sent: answer.member_is(terms.contract, sent.exchange, "trace_id", "TraceId"),
        ),
        Rule(
            requirement="ENV-05",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda terms, sent: answer.traced(sent.exchange, terms.contract.behavior.headers.trace),
        ),
        Rule(requirement="ENV-06", modes=KEYED, concerns=_ok, check=_reason_due),
        Rule(
            requirement="ENV-07",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda _, sent: answer.media_type(sent.exchange) or answer.strict_json(sent.exchange),
        ),
        Rule(
            requirement="AUT-01",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.who is Who.NOBODY and not sent.expectation.faults,
            check=_refused,
        ),
        Rule(
            requirement="AUT-02",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.who is Who.STRANGER and not sent.expectation.faults,
            check=_refused,
        ),
        Rule(
            requirement="AUT-03",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.who is not Who.KNOWN and sent.status in (401, 403),
            check=lambda terms, sent: answer.error_answer(
                terms.contract, sent.exchange, terms.contract.behavior.reason_codes.key_refused
            ),
        ),
        Rule(
            requirement="AUT-04",
            modes=(Mode.UNKEYED,),
            concerns=lambda sent: sent.decided and sent.who is not Who.KNOWN and bool(sent.expectation.faults),
            check=_key_first,
        ),
        Rule(
            requirement="EXE-01",
            modes=(Mode.ALLOWED,),
            concerns=_known_command,
            check=_deserved,
        ),
        Rule(
            requirement="EXE-02",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(Fault.COMMAND, Fault.SESSION),
            check=_invalid,
        ),
        Rule(
            requirement="EXE-03",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(Fault.BODY),
            check=_one_of_its_answers,
        ),
        Rule(
            requirement="EXE-04",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(Fault.TYPE, *(set(Fault) - {Fault.SIZE})),
            check=_one_of_its_answers,
        ),
        Rule(
            requirement="EXE-05",
            modes=(Mode.FORBIDDEN,),
            concerns=lambda sent: sent.decided and sent.faulty(Fault.SIZE, *Fault),
            check=_one_of_its_answers,
        ),
        Rule(
            requirement="EXE-06",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: sent.decided and sent.allowed and unheard_of(_command(sent)),
            check=_unknown,
        ),
        Rule(requirement="EXE-07", modes=(Mode.ALLOWED, Mode.FORBIDDEN), concerns=_session_alone, check=_session),
        Rule(requirement="EXE-08", modes=(Mode.ALLOWED,), concerns=_further_alone, check=_as_plain),
        Rule(
            requirement="AUD-01",
            modes=KEYED,
            concerns=_ok,
            check=lambda terms, sent: answer.documented(terms.contract, sent.exchange),
        ),
        Rule(
            requirement="AUD-02",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: _ok(sent) and sent.allowed,
            check=_filtered,
        ),
        Rule(
            requirement="AUD-03",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: _ok(sent) and sent.allowed,
            check=lambda terms, sent: trail.at_most(sent.exchange, limit_of(terms.contract, sent.case)),
        ),
        Rule(
            requirement="AUD-04",
            modes=(Mode.ALLOWED, Mode.OPEN),
            concerns=_ok,
            check=lambda _, sent: trail.newest_first(sent.exchange),
        ),
        Rule(
            requirement="AUD-05",
            modes=(Mode.FORBIDDEN, Mode.OPEN),
            concerns=lambda sent: sent.decided and sent.who is Who.KNOWN and sent.expectation.said is not Said.ALLOWED,
            check=_bad_query,
        ),
        Rule(
            requirement="MEM-01",
            modes=(Mode.ALLOWED,),
            concerns=lambda sent: sent.decided and sent.allowed,
            check=_snapshot,
        ),
        Rule(
            requirement="ERR-01",
            modes=EVERY,
            concerns=lambda sent: 400 <= sent.status < 500,
            check=lambda terms, sent: answer.error_answer(terms.contract, sent.exchange),
        ),
        Rule(
            requirement="ERR-02",
            modes=EVERY,
            concerns=lambda sent: sent.status > 0,
            check=lambda terms, sent: answer.error_answer(terms.contract, sent.exchange) if sent.status >= 500 else [],
        ),
        Rule(requirement="ERR-04", modes=EVERY, concerns=lambda sent: sent.decided, check=_nothing_there),
        Rule(
            requirement="ERR-06",
            modes=EVERY,
            # A body over the limit may be cut off without an answer.
            concerns=lambda sent: sent.status > 0 or Fault.SIZE not in sent.expectation.faults,
            check=_served,
        ),
    )
}


def vanished(contract: Contract, sents: Sequence[Sent]) -> Iterator[tuple[Sent, Findings]]:
    """Each read in the order sent, with the entry that it leaves out although an earlier one showed it (AUD-02).

    The trail only grows, so an entry once seen is in every later list that asks for its state, unless
    the list is full: then entries as old as its last one may be cut off.
    """
    known: dict[str, tuple[str, float]] = {}
    for sent in sents:
        if not (_ok(sent) and sent.allowed and isinstance(answer.json_value(sent.exchange), list)):
            continue
        shown = {json.dumps(entry, sort_keys=True): entry for entry in trail.entries(sent.exchange)}
        yield sent, _missing(contract, sent, known, shown)
        for text, entry in shown.items():
            at = answer.seconds_of(entry.get("timestamp"))
            if at is not None:
                known[text] = (str(entry.get("state")), at)


def _missing(
    contract: Contract, sent: Sent, known: Mapping[str, tuple[str, float]], shown: Mapping[str, Mapping[str, object]]
) -> Findings:
    """The finding on the first entry that a read leaves out, if there is one."""
    state = state_of(contract, sent.case)
    full = len(shown) >= limit_of(contract, sent.case)
    times = (answer.seconds_of(entry.get("timestamp")) for entry in shown.values())
    oldest = min((at for at in times if at is not None), default=0.0)
    for text, (its_state, at) in known.items():
        if text not in shown and state in ("", its_state) and (not full or at > oldest):
            wanted = f"the entry {text}, which an earlier answer showed"
            return answer.finding("complete", sent.exchange, wanted, f"{len(shown)} entries without it")
    return []
