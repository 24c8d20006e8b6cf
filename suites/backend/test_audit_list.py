"""AUD: the audit list as the API returns it."""

from collections.abc import Callable

import pytest

from fixtures.audit import need_list
from technogate.checks import response_predicates
from technogate.checks.audit_list import holds_at_most, holds_exactly, holds_one_entry, holds_only_state
from technogate.checks.audit_order import holds_in_order, holds_same_entries, is_newest_first
from technogate.checks.response_predicates import has_answer, has_status, is_documented
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("audit")

Word = Callable[[str], str]
READS = pytest.mark.parametrize("read", ["audit", pytest.param("fallback", marks=parts("fallback"))])

#: More entries of one state than a backend that pages by itself would return.
MANY = 105


def fill(backend: HttpDriver, word: Word, count: int) -> list[str]:
    """Leave `count` executed and as many blocked entries; the trace ids, oldest first."""
    pairs = [(backend.execute(word("approved")), backend.execute("NO_SUCH_COMMAND_EXISTS")) for _ in range(count)]
    return [response_predicates.trace_id(exchange) for pair in pairs for exchange in pair]


def listed(backend: HttpDriver, read: str, query: dict[str, object] | None = None, wait_for: str = "") -> Exchange:
    """One audit list; with `wait_for` the first one that has its entry, within the time an entry may take."""
    operation = getattr(backend.contract.behavior.operations, read)
    return backend.read_entry(operation, query, wait_for)


def filtered(contract: Contract, query: dict[str, object]) -> dict[str, object]:
    """A query whose filter is named by its outcome, with the contract's word for that."""
    audit, statuses = contract.behavior.audit, contract.behavior.statuses
    chosen = query.get("filter")
    if not isinstance(chosen, str):
        return query
    return {**query, "filter": audit.filter_all if chosen == "every" else statuses.of(chosen)}


@requirement("AUD-01")
@parts("execute")
@READS
@pytest.mark.parametrize(
    "query", [{}, {"filter": "every"}, {"limit": 1}, {"limit": 1000}, {"filter": "blocked", "limit": 5}]
)
def test_list_is_documented(
    backend: HttpDriver, contract: Contract, word: Word, read: str, query: dict[str, object], must_hold: MustHold
) -> None:
    """The response is an array of valid entries, whatever they are of."""
    names = contract.behavior.operations
    for operation in filter(None, (names.audit, names.fallback, names.memory)):
        backend.read(operation, key=NO_KEY)
    sent = [backend.execute(word(outcome)) for outcome in ("approved", "warning", "neutral", "expired", "blocked")]
    exchange = listed(backend, read, filtered(contract, query), wait_for=response_predicates.trace_id(sent[-1]))
    must_hold(has_answer(exchange), is_documented(contract, exchange))


@requirement("AUD-02")
@parts("execute")
@READS
@pytest.mark.parametrize("outcome", ["approved", "warning", "neutral", "expired", "blocked"])
def test_filter_selects(
    backend: HttpDriver, contract: Contract, word: Word, read: str, outcome: str, must_hold: MustHold
) -> None:
    """A filter returns the entries of its state alone, the newest among them."""
    status = contract.behavior.statuses.of(outcome)
    exchange = backend.execute(word(outcome))
    fill(backend, word, 2)
    trace_id = response_predicates.trace_id(exchange)
    read_back = listed(backend, read, {"filter": status, "limit": 1000}, wait_for=trace_id)
    need_list(read_back)
    must_hold(
        has_answer(read_back),
        holds_only_state(read_back, status),
        holds_one_entry(read_back, trace_id),
    )


@requirement("AUD-02")
@parts("execute")
@READS
def test_filter_before_limit(backend: HttpDriver, word: Word, read: str, must_hold: MustHold) -> None:
    """The limit counts entries of the requested state, not entries that the filter drops."""
    ids, approved = fill(backend, word, 6), backend.contract.behavior.statuses.approved
    exchange = listed(backend, read, {"filter": approved, "limit": 5}, wait_for=ids[-2])
    need_list(exchange)
    must_hold(
        has_answer(exchange),
        holds_only_state(exchange, approved),
        holds_exactly(exchange, 5),
    )


@requirement("AUD-02")
@parts("execute")
@READS
def test_large_limit_leaves_nothing_out(backend: HttpDriver, word: Word, read: str, must_hold: MustHold) -> None:
    """The largest limit returns every entry of a state, more than any page is likely to have."""
    sent = [backend.execute(word("neutral")) for _ in range(MANY)]
    ids = [response_predicates.trace_id(exchange) for exchange in sent]
    neutral = backend.contract.behavior.statuses.neutral
    read_back = listed(backend, read, {"filter": neutral, "limit": 1000}, wait_for=ids[-1])
    need_list(read_back)
    must_hold(has_answer(read_back), *(holds_one_entry(read_back, trace_id) for trace_id in ids))


@requirement("AUD-03")
@parts("execute")
@READS
@pytest.mark.parametrize("limit", [1, 2, 10, 1000])
def test_limit_bounds(backend: HttpDriver, word: Word, read: str, limit: int, must_hold: MustHold) -> None:
    """A limit bounds the length, and an audit trail that holds more fills it."""
    ids = fill(backend, word, 6)
    exchange = listed(backend, read, {"limit": limit}, wait_for=ids[-1])
    need_list(exchange)
    must_hold(has_answer(exchange), holds_at_most(exchange, limit))
    if limit <= 10:
        must_hold(holds_exactly(exchange, limit))


@requirement("AUD-03")
@parts("execute")
@READS
def test_default_limit(backend: HttpDriver, contract: Contract, word: Word, read: str, must_hold: MustHold) -> None:
    """Without a limit the list has as many entries as the contract's default."""
    operation = getattr(contract.behavior.operations, read)
    default = int(str(contract.default_of(operation, contract.behavior.audit.limit_parameter)))
    ids = fill(backend, word, default // 2 + 3)
    exchange = listed(backend, read, wait_for=ids[-1])
    need_list(exchange)
    must_hold(holds_exactly(exchange, default))


@requirement("AUD-04")
@parts("execute")
@READS
def test_newest_first(backend: HttpDriver, word: Word, read: str, must_hold: MustHold) -> None:
    """The newest entry comes first."""
    ids = fill(backend, word, 5)
    exchange = listed(backend, read, {"limit": 50}, wait_for=ids[-1])
    need_list(exchange)
    must_hold(
        has_answer(exchange),
        is_newest_first(exchange),
        holds_in_order(exchange, ids[::-1]),
    )


@requirement("AUD-05")
@READS
@pytest.mark.parametrize(
    "query",
    [
        {"filter": "ZZ_PENDING"},
        {"filter": "the other case"},
        {"filter": "every in the other case"},
        {"filter": "padded"},
        {"filter": "two at once"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "1001"},
        {"limit": "99999999999999999999"},
        {"limit": "1.5"},
        {"limit": "10abc"},
        {"limit": "ten"},
        {"limit": "1e2"},
        {"limit": "0x10"},
        {"limit": "1_0"},
        {"limit": "\u0661\u0660"},
    ],
    ids=lambda query: "-".join(f"{key}-{value}" for key, value in query.items()).encode("unicode_escape").decode(),
)
def test_bad_query_400(backend: HttpDriver, read: str, query: dict[str, object], must_hold: MustHold) -> None:
    """An unknown filter, and a limit that is no integer from 1 to the maximum, get 400."""
    statuses, every = backend.contract.behavior.statuses, backend.contract.behavior.audit.filter_all
    wrong: dict[object, str] = {
        "the other case": statuses.approved.swapcase(),
        "every in the other case": every.swapcase(),
        "padded": f"{statuses.blocked} ",
        "two at once": f"{statuses.blocked},{statuses.approved}",
    }
    exchange = listed(backend, read, {name: wrong.get(value, value) for name, value in query.items()})
    must_hold(has_status(exchange, 400))


@requirement("AUD-06")
@parts("execute", "fallback")
@pytest.mark.parametrize("query", [{}, {"limit": 7}, {"filter": "blocked"}, {"filter": "approved", "limit": 3}])
def test_metrics_are_the_audit_list(
    backend: HttpDriver, word: Word, query: dict[str, object], must_hold: MustHold
) -> None:
    """The fallback returns the same entries for the same query, and again when there are more."""
    contract = backend.contract
    query = filtered(contract, query)
    for _ in range(2):
        ids = fill(backend, word, 4)
        listed(backend, "audit", {"limit": 1000}, wait_for=ids[-1])
        first, second = listed(backend, "audit", query), listed(backend, "fallback", query)
        must_hold(has_answer(first), has_answer(second))
        need_list(first, second)
        must_hold(holds_same_entries(first, second, {traced(contract, first), traced(contract, second)} - {""}))


def traced(contract: Contract, exchange: Exchange) -> str:
    """The trace id in the header of a response, "" without one."""
    return (exchange.response.header(contract.behavior.headers.trace) or "") if exchange.response else ""
