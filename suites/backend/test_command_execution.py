"""EXE: what is executed, what is refused, and that the difference is sure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from fixtures.audit import need_list
from fixtures.property_check import drawn_cases, every
from technogate.checks import response_predicates
from technogate.checks.audit_list import holds_one_entry
from technogate.checks.response_comparisons import is_unchanged, same_except_identity
from technogate.checks.response_predicates import (
    has_answer,
    has_reason_code,
    has_response,
    has_status,
    has_status_word,
    is_error_response,
)
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.command_bodies import (
    escaped_name,
    in_declared_type,
    in_no_object,
    misnamed,
    wrapped,
)
from technogate.model.events import Exchange, Finding
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("execute")

Word = Callable[[str], str]
Bodies = Callable[[str], Mapping[str, object]]

UNKNOWN = "NO_SUCH_COMMAND_EXISTS"


def wishes(contract: Contract) -> Iterator[dict[str, Any]]:
    """Fields by which a client might try to influence the outcome."""
    words, behavior = contract.words, contract.behavior
    approval = words.written("envelope", {"status": behavior.statuses.approved, "reason_codes": []})
    yield approval | words.written("entry", {"result": behavior.audit.success, "state": behavior.statuses.approved})
    for status in behavior.statuses.executed:
        yield words.written("envelope", {"status": status, "reason_codes": ["WISHED"]})
    yield {"force": True, "approved": True, "override": True, "admin": True, "role": "admin"}
    yield {"dry_run": True, "simulate": True, "debug": True, "verbose": True, "timeout": 0}
    ids = {"trace_id": "wished-for", "execution_id": "wished_for", "ts_utc": "2000-01-01T00:00:00Z"}
    yield words.written("envelope", ids) | words.written("snapshot", {"output": "wished"})


BAD_COMMANDS: list[object] = [
    "ping",
    "PING1",
    "PING PONG",
    "PING\n",
    "\nPING",
    " PING",
    "PI",
    "",
    "A" * 33,
    "PÎNG",
    "\uff30\uff29\uff2e\uff27",
    "PING\x00",
    None,
    True,
    17,
    1.5,
    ["PING"],
    {"a": "PING"},
]


@requirement("EXE-01")
@pytest.mark.parametrize("outcome", ["approved", "warning", "neutral", "expired", "blocked"])
def test_known_command(backend: HttpDriver, contract: Contract, word: Word, outcome: str, must_hold: MustHold) -> None:
    """A known command gets 200 with the status it deserves."""
    exchange = backend.execute(word(outcome))
    must_hold(has_answer(exchange), has_status_word(exchange, contract.behavior.statuses.of(outcome)))


@requirement("EXE-01")
def test_escaped_name_is_the_same(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command whose name is written with escapes gets 200 with the status it deserves."""
    body = escaped_name(word("approved"))
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=body))
    must_hold(has_answer(exchange), has_status_word(exchange, contract.behavior.statuses.approved))


@requirement("EXE-02")
@pytest.mark.parametrize("command", BAD_COMMANDS, ids=[json.dumps(command)[:24] for command in BAD_COMMANDS])
def test_bad_command_400(backend: HttpDriver, contract: Contract, command: object, must_hold: MustHold) -> None:
    """A command that breaks pattern, length or type gets 400, with the reason code for it."""
    exchange = backend.execute(command)
    must_hold(
        has_status(exchange, 400),
        is_error_response(contract, exchange, contract.behavior.reason_codes.invalid_request),
    )


@requirement("EXE-02")
def test_missing_command_400(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> None:
    """A body without a command gets 400, with the reason code for it."""
    body = json.dumps(contract.words.written("request", {"session_id": "abc"})).encode()
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=body))
    must_hold(
        has_status(exchange, 400),
        is_error_response(contract, exchange, contract.behavior.reason_codes.invalid_request),
    )


@requirement("EXE-02")
@parts("memory")
@pytest.mark.parametrize("bodies", [wrapped, misnamed], ids=["wrapped", "misnamed"])
def test_command_in_another_place(
    backend: HttpDriver, contract: Contract, word: Word, bodies: Bodies, must_hold: MustHold
) -> None:
    """A command one level too deep, or under a name that is not exactly its own, gets 400 and is not executed."""
    must_hold(*refused_unexecuted(backend, contract, word("approved"), bodies))


@requirement("EXE-03")
@parts("memory")
def test_command_in_no_object(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command in a list or in a string gets 400 and is not executed."""
    must_hold(*refused_unexecuted(backend, contract, word("approved"), in_no_object))


def refused_unexecuted(
    backend: HttpDriver, contract: Contract, command: str, bodies: Bodies
) -> Iterator[Sequence[Finding]]:
    """Whether each of `bodies` gets 400, and all of them together leave the snapshot of `command` as it was."""
    yield has_answer(backend.execute(command))
    before = backend.read(contract.behavior.operations.memory)
    for value in bodies(command).values():
        case = backend.case(contract.behavior.operations.execute, body=json.dumps(value).encode())
        yield has_status(backend.send(case), 400)
    yield is_unchanged(before, backend.read(contract.behavior.operations.memory))


@requirement("EXE-02")
def test_generated_bad_command_400(run_context: RunContext, backend: HttpDriver) -> None:
    """Whatever text is no command gets 400."""
    bad = st.text(max_size=40).filter(lambda text: not re.fullmatch(r"[A-Z_]{3,32}", text))
    every(
        run_context,
        bad,
        drawn_cases(run_context),
        lambda command: has_status(backend.execute(command), 400),
    )


@requirement("EXE-03")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"PING",
        b"null",
        b"[]",
        b'"PING"',
        b"17",
        b'{"COMMAND": "PING"',
        b'{"COMMAND": PING}',
        b"\xff\xfe",
        b"[" * 2000,
    ],
    ids=["empty", "cut", "word", "null", "array", "string", "number", "unclosed", "unquoted", "not-utf8", "deep"],
)
def test_not_an_object_400(backend: HttpDriver, contract: Contract, body: bytes, must_hold: MustHold) -> None:
    """A body that is not JSON, is empty, or is no object gets 400."""
    body = body.replace(b"COMMAND", contract.words.name("request", "command").encode())
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=body))
    must_hold(has_status(exchange, 400))


@requirement("EXE-04")
@parts("memory")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "",
    ],
    ids=["text", "form", "multipart", "xml", "nearly-json", "none"],
)
def test_other_content_type(
    backend: HttpDriver, contract: Contract, word: Word, content_type: str, must_hold: MustHold
) -> None:
    """A command under another content type is refused with 415 or 400 and is not executed."""
    first = backend.execute(word("approved"))
    before = backend.read(contract.behavior.operations.memory)
    body = backend.body(word("warning"))
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=body, content_type=content_type))
    after = backend.read(contract.behavior.operations.memory)
    must_hold(
        has_answer(first),
        has_status(exchange, 415, 400),
        is_unchanged(before, after),
    )


@requirement("EXE-04")
@parts("memory")
def test_command_in_the_type_it_declares(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """A command that is valid in another content type is refused with 415 or 400 and is not executed."""
    must_hold(has_answer(backend.execute(word("approved"))))
    before = backend.read(contract.behavior.operations.memory)
    for content_type, body in in_declared_type(word("approved")):
        case = backend.case(contract.behavior.operations.execute, body=body, content_type=content_type)
        must_hold(has_status(backend.send(case), 415, 400))
        must_hold(is_unchanged(before, backend.read(contract.behavior.operations.memory)))


@requirement("EXE-05")
@pytest.mark.parametrize("size", [65537, 200_000], ids=["a-byte-over", "far-over"])
def test_large_body(backend: HttpDriver, contract: Contract, word: Word, size: int, must_hold: MustHold) -> None:
    """A body over the limit is refused with 413 or 400; the connection may close."""
    start = backend.body(word("approved"), padding="")[:-2]
    body = start + b"x" * (size - len(start) - 2) + b'"}'
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=body))
    # A backend that responds before it has read all may close the connection: then the response can be lost.
    must_hold([] if exchange.response is None and exchange.error else has_status(exchange, 413, 400))
    must_hold(has_answer(backend.execute(word("approved"))))


@requirement("EXE-06")
def test_unknown_command_is_blocked(run_context: RunContext, backend: HttpDriver) -> None:
    """A well-formed unknown command gets 200, blocked, with a reason."""
    blocked = run_context.contract.behavior.statuses.blocked

    def property_check(name: str) -> list[Finding]:
        exchange = backend.execute(name)
        return has_answer(exchange) or has_status_word(exchange, blocked) or has_reason_code(exchange)

    every(run_context, st.from_regex(r"\AZZ_[A-Z_]{1,29}\Z"), drawn_cases(run_context), property_check)


@requirement("EXE-06")
@parts("memory")
@pytest.mark.parametrize("shape", ["{}_QQZZ", "QQZZ_{}", "_{}_", "{}{}"], ids=["longer", "prefixed", "padded", "twice"])
def test_nearly_known_command_is_blocked(
    backend: HttpDriver, contract: Contract, word: Word, shape: str, must_hold: MustHold
) -> None:
    """A command that only holds a known one gets 200, blocked, with a reason, and executes nothing."""
    known = word("approved")
    name = shape.replace("{}", known)[:32]
    name = known[1:] if name == known else name
    executed = backend.execute(known)
    before = backend.read(contract.behavior.operations.memory)
    exchange = backend.execute(name)
    after = backend.read(contract.behavior.operations.memory)
    must_hold(
        has_answer(executed),
        has_answer(exchange),
        has_status_word(exchange, contract.behavior.statuses.blocked),
    )
    must_hold(has_reason_code(exchange), is_unchanged(before, after))


@requirement("EXE-07")
@pytest.mark.parametrize(
    "session", ["s", "A-valid_session.1", "x" * 128, "Sitzung-😀"], ids=["short", "usual", "128", "emoji"]
)
def test_session_is_optional(backend: HttpDriver, word: Word, session: str, must_hold: MustHold) -> None:
    """With a valid session id the response is the same as without."""
    without, with_session = backend.execute(word("approved")), backend.execute(word("approved"), session_id=session)
    must_hold(has_answer(without), same_except_identity(without, with_session))


@requirement("EXE-08")
def test_unknown_fields_change_nothing(run_context: RunContext, backend: HttpDriver, word: Word) -> None:
    """Fields that the contract does not define change nothing."""

    def property_check(extra: tuple[tuple[str, Any], ...]) -> list[Finding]:
        without, with_extra = backend.execute(word("approved")), backend.execute(word("approved"), **dict(extra))
        return has_answer(without) or same_except_identity(without, with_extra)

    names = st.from_regex(r"\Ax_[a-z]{1,8}\Z")
    values = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
    extras = st.dictionaries(names, values, min_size=1, max_size=3).map(lambda drawn: tuple(drawn.items()))
    every(run_context, extras, drawn_cases(run_context), property_check)


@requirement("EXE-08")
@parts("audit")
@pytest.mark.parametrize("outcome", ["approved", "blocked"])
def test_wishful_fields_change_nothing(
    backend: HttpDriver, contract: Contract, word: Word, outcome: str, must_hold: MustHold
) -> None:
    """Fields by which a client might try to influence the outcome change nothing."""
    without = backend.execute(word(outcome))
    for fields in wishes(contract):
        must_hold(has_answer(without))
        must_hold(same_except_identity(without, backend.execute(word(outcome), **fields)))


@requirement("EXE-09")
@parts("memory")
@pytest.mark.parametrize("refused", ["unknown", "blocked", "malformed", "no-key"])
def test_refusal_leaves_memory(
    backend: HttpDriver, contract: Contract, word: Word, refused: str, must_hold: MustHold
) -> None:
    """Whatever is refused or blocked leaves the memory snapshot as it was."""
    executed = backend.execute(word("approved"))
    before = backend.read(contract.behavior.operations.memory)
    sent: Exchange = {
        "unknown": lambda: backend.execute(UNKNOWN),
        "blocked": lambda: backend.execute(word("blocked")),
        "malformed": lambda: backend.execute("not a command"),
        "no-key": lambda: backend.execute(word("warning"), key=NO_KEY),
    }[refused]()
    after = backend.read(contract.behavior.operations.memory)
    must_hold(
        has_answer(executed),
        has_response(sent),
        is_unchanged(before, after),
    )


@requirement("EXE-10")
@parts("audit")
def test_identical_requests_are_two_executions(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """Two identical requests have two trace ids and two entries in the audit trail."""
    first, second = backend.execute(word("approved")), backend.execute(word("approved"))
    first_id, second_id = response_predicates.trace_id(first), response_predicates.trace_id(second)
    must_hold(
        has_answer(first),
        has_answer(second),
        response_predicates.finding("two executions", second, "another trace id", second_id)
        if first_id == second_id
        else [],
    )
    listed = backend.read_entry(contract.behavior.operations.audit, {"limit": 1000}, second_id)
    need_list(listed)
    must_hold(holds_one_entry(listed, first_id), holds_one_entry(listed, second_id))
