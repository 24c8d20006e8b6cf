"""Roots of a backend's findings: what explains findings of other kinds, from a crash to an answer sent again. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from technogate.judging.causes.fact import Fact
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts
from technogate.model.requirement import Party
from technogate.util.content_coding import codings, unasked
from technogate.util.phrases import few, one_line

BACKEND = frozenset({Party.BACKEND})
#: Operations or cases named in one title.
NAMED = 4
#: Numbers in words, as titles write them.
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def first_facts(facts: Sequence[Fact], values: Sequence[str]) -> str:
    """The distinct `values` of findings, shortened."""
    return few([value for value in dict.fromkeys(values) if value], NAMED) or facts[0].operation


def operations_of(facts: Sequence[Fact]) -> str:
    """The operations of findings, shortened."""
    return first_facts(facts, [fact.operation for fact in facts])


# ---- crash ----


def crash_of(fact: Fact, _: RunFacts) -> Hashable | None:
    """How a program ended by itself, for a finding about that; of either party."""
    return fact.observed if fact.check == "crash" else None


def _crash_title(facts: Sequence[Fact], _: RunFacts) -> str:
    smallest = min(facts, key=lambda fact: len(fact.finding.example.get("request body", "")))
    example = smallest.finding.example
    body = f" with body {one_line(example['request body'], 40)}" if example.get("request body") else ""
    return f"{one_line(smallest.finding.observed, 160)}, on {example.get('request', smallest.operation)}{body}"


# ---- nothing behind the routes ----


def _nothing(_: Fact, run: RunFacts) -> Hashable | None:
    return (run.constant or "absent") if run.nothing_exists or run.constant >= 400 else None


def _nothing_title(facts: Sequence[Fact], run: RunFacts) -> str:
    count = _WORDS.get(len(run.guarded), str(len(run.guarded)))
    if not run.nothing_exists:
        return f"each of the {count} endpoints answers {run.constant} to every request"
    codes = " or ".join(sorted({str(code) for code in run.absent.values()}))
    routes = few(list(run.routes.values()), NAMED)
    question = next((question for fact in facts if (question := fact.finding.example.get("question"))), "")
    return f"none of the {count} endpoints exists: {codes} for {routes}" + (f"; {question}" if question else "")


def _absent(fact: Fact, run: RunFacts) -> Hashable | None:
    operations = {fact.operation, *(exchange.operation for exchange in fact.exchanges)} & run.absent.keys()
    return tuple(sorted(run.absent)) if operations else None


def _absent_title(_: Sequence[Fact], run: RunFacts) -> str:
    routes = few([f"{run.routes[name]} ({code})" for name, code in run.absent.items()], NAMED)
    return f"an endpoint does not exist: {routes}"


# ---- answers of other requests ----


def _taken_trace_id(fact: Fact, run: RunFacts) -> Hashable | None:
    about_ids = fact.check in ("unique trace id", "trace_id", "trace header", "two executions")
    return "taken" if about_ids and any(run.took_trace_id(exchange) for exchange in fact.exchanges) else None


def _replayed(fact: Fact, run: RunFacts) -> Hashable | None:
    # Where two responses are compared, either may be the one that was sent again.
    return "replayed" if any(exchange.id in run.repeated for exchange in fact.exchanges) else None


def _replayed_title(facts: Sequence[Fact], run: RunFacts) -> str:
    operations = [e.operation for fact in facts for e in fact.exchanges if e.id in run.repeated]
    return f"an earlier response is sent again, with its trace id: {first_facts(facts, operations)}"


# ---- the key ----


def _open(fact: Fact, run: RunFacts) -> Hashable | None:
    if fact.check == "unchanged" and run.journal.header.execute in run.open_operations:
        # A refused command between two reads of the memory was executed.
        return "open"
    of_key = fact.status < 400 or set(fact.expected_codes) <= {401, 403}
    is_open = fact.operation in run.open_operations and fact.unauthenticated and bool(fact.status)
    return "open" if is_open and of_key else None


def _open_title(facts: Sequence[Fact], run: RunFacts) -> str:
    counts = [run.without_key(operation) for operation in sorted(run.open_operations)]
    taken, refused = (sum(count) for count in zip(*counts, strict=True))
    often = f" by {taken} of {taken + refused} requests without one" if refused else ""
    return f"no key is needed{often}: {operations_of(facts)}"


def _key_accepted(fact: Fact, _: RunFacts) -> Hashable | None:
    accepted = fact.unauthenticated and 200 <= fact.status < 300
    return ("no key" if "no key" in fact.defects else "wrong key") if accepted else None


def _key_accepted_title(facts: Sequence[Fact], _: RunFacts) -> str:
    missing = "no key" in facts[0].defects
    code, what = (401, "a request without a key") if missing else (403, "a wrong key")
    cases = dict.fromkeys(fact.exchange.case.rpartition(", with ")[2] for fact in facts if fact.exchange)
    observed = next((fact.status for fact in facts if fact.status), 200)
    return f"{observed} in place of {code} for {what}: {'; '.join(list(cases)[:NAMED])}"


def _way_around(fact: Fact, _: RunFacts) -> Hashable | None:
    return "around" if fact.check == "no way around the key" else None


def _way_around_title(facts: Sequence[Fact], _: RunFacts) -> str:
    requests = first_facts(facts, [fact.finding.example.get("request", "") for fact in facts])
    return f"there is a way around the key: {requests}"


# ---- lists of another shape ----

#: The checks that read a list: of a body of another shape they find what they do not understand.
_READS_LIST = frozenset(
    {
        "documented response",
        "filter",
        "limit",
        "entry",
        "order",
        "same entries",
        "complete",
        "unchanged",
        "same response",
    }
)


def _misshaped(fact: Fact, run: RunFacts) -> Hashable | None:
    reads = fact.check in _READS_LIST and fact.status == 200
    return run.misshaped[fact.operation] if reads and fact.operation in run.misshaped else None


def _misshaped_title(facts: Sequence[Fact], run: RunFacts) -> str:
    shape = run.misshaped[facts[0].operation]
    return f"the body of a 200 is {shape}, not what the contract defines: {operations_of(facts)}"


def _query_ignored(fact: Fact, run: RunFacts) -> Hashable | None:
    about_query = fact.check in ("filter", "limit", "same entries", "order") or "query" in fact.defects
    return fact.operation if fact.operation in run.query_ignored and about_query and fact.status == 200 else None


def _query_ignored_title(facts: Sequence[Fact], _: RunFacts) -> str:
    return f"filter and limit are ignored: {facts[0].operation}"


# ---- compression ----


def _compressed(fact: Fact, _: RunFacts) -> Hashable | None:
    """The coding of a body that nobody can read: of one that the driver has read, only the finding about it."""
    exchange = fact.exchange
    if exchange is None or exchange.response is None:
        return None
    used = tuple(unasked(exchange.request.headers, exchange.response.headers))
    return used if used and (fact.check == "compressed unasked" or not exchange.response.compressed) else None


def _compressed_title(facts: Sequence[Fact], _: RunFacts) -> str:
    response = facts[0].exchange.response if facts[0].exchange else None
    coding = ", ".join(codings(response.headers)) if response else ""
    return f"bodies are compressed although no request offers it: Content-Encoding: {coding}"


# ---- time ----


def _slow(fact: Fact, _: RunFacts) -> Hashable | None:
    return fact.operation if fact.check == "p99" else None


def _slow_title(facts: Sequence[Fact], _: RunFacts) -> str:
    finding = facts[0].finding
    return f"responses are slow: {facts[0].operation}, {finding.observed.partition(',')[0]} ({finding.expected})"


RULES = (
    Rule(name="crash", parties=BACKEND, key=crash_of, title=_crash_title, root=True),
    Rule(name="nothing exists", parties=BACKEND, key=_nothing, title=_nothing_title, root=True),
    Rule(name="absent operation", parties=BACKEND, key=_absent, title=_absent_title, root=True),
    Rule(name="compression", parties=BACKEND, key=_compressed, title=_compressed_title, root=True),
    Rule(
        name="client's trace id",
        parties=BACKEND,
        key=_taken_trace_id,
        title=lambda _facts, _run: "the trace id that a request names is taken as that of the response",
    ),
    Rule(name="replayed response", parties=BACKEND, key=_replayed, title=_replayed_title, root=True),
    Rule(name="open operation", parties=BACKEND, key=_open, title=_open_title, root=True),
    Rule(name="key accepted", parties=BACKEND, key=_key_accepted, title=_key_accepted_title),
    Rule(name="way around the key", parties=BACKEND, key=_way_around, title=_way_around_title),
    Rule(name="shape of a list", parties=BACKEND, key=_misshaped, title=_misshaped_title, root=True),
    Rule(name="query ignored", parties=BACKEND, key=_query_ignored, title=_query_ignored_title),
    Rule(name="latency", parties=BACKEND, key=_slow, title=_slow_title),
)
