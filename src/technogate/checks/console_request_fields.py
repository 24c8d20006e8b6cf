"""CON-10, CON-13: the name and the value of each field that a console sends (D6). Pure.

Further fields conform: a backend ignores what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.events import Body, Exchange, Finding, Request, header_values
from technogate.model.requirement import Party
from technogate.util.strict_json import NotStrictJson, parse

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: The fields of an execute request.
COMMAND_FIELD, SESSION_FIELD = "command", "session_id"

JSON = "application/json"


def command_fields_are_named(interaction: Interaction, operation: str, command: str, session: str) -> list[Finding]:
    """Every request of `operation` is JSON with `command`, and `session_id` when a session was entered (CON-13)."""
    wanted = {COMMAND_FIELD: command} | ({SESSION_FIELD: session} if session else {})
    for exchange in interaction.sent(operation):
        kind = next(iter(header_values(exchange.request.headers, "content-type")), "none")
        if kind.partition(";")[0].strip().lower() != JSON:
            return finding("media type", interaction, f"a body of {JSON}", f"a body of the type {kind}")
        value = _json(exchange)
        sent = value if isinstance(value, Mapping) else {}
        for name, text in wanted.items():
            if sent.get(name) != text:
                observed = f"{_where(sent, text)}: {exchange.request.body.text}"
                return finding("field names", interaction, f"{name} {text!r} in the body", observed)
    return []


def query_fields_are_named(
    interaction: Interaction, operation: str, wanted: Mapping[str, str], usual: Mapping[str, str]
) -> list[Finding]:
    """Every request of `operation` has these parameters; one that is left out has its `usual` value (CON-10)."""
    for exchange in interaction.sent(operation):
        pairs = parse_qsl(exchange.request.path.partition("?")[2], keep_blank_values=True)
        for name, text in wanted.items():
            values = [value for known, value in pairs if known == name] or [usual[name]]
            if values != [text]:
                observed = exchange.request.path.partition("?")[2] or "no query"
                return finding("field names", interaction, f"{name}={text} in the query", observed)
    return []


def _where(sent: Mapping[str, object], text: str) -> str:
    """In which other field a value was sent, in words."""
    name = next((name for name, value in sent.items() if value == text), "")
    return f"sent as {name}" if name else "not sent"


def _json(exchange: Exchange) -> object:
    """The value of a request's body, None when it is no JSON."""
    try:
        return parse(exchange.request.body.raw)
    except NotStrictJson:
        return None


# ---- examples ----


def _commanded(e: ExampleEvidence, body: bytes, kind: str = JSON) -> Interaction:
    operation = e.contract.behavior.operations.execute
    request = Request(method="POST", path="/self-test", headers=(("Content-Type", kind),), body=Body.of(body))
    return e.interaction(msgspec.structs.replace(e.exchange(200, {}, operation=operation), request=request))


def _listed(e: ExampleEvidence, query: str) -> Interaction:
    request = Request(method="GET", path=f"/self-test?{query}")
    operation = e.contract.behavior.operations.audit
    return e.interaction(msgspec.structs.replace(e.exchange(200, [], operation=operation), request=request))


def _command_example(bad: bytes, kind: str = JSON) -> Example:
    def arguments(e: ExampleEvidence, body: bytes, kind: str) -> tuple[object, ...]:
        return _commanded(e, body, kind), e.contract.behavior.operations.execute, "PING", "s-1"

    good = b'{"command":"PING","session_id":"s-1","further":1}'
    return Example(
        requirement="CON-13",
        predicate=command_fields_are_named,
        good=lambda e: arguments(e, good, f"{JSON}; charset=utf-8"),
        bad=lambda e: arguments(e, bad, kind),
    )


_USUAL = {"filter": "all", "limit": "50"}


def _query_example(bad: str) -> Example:
    def arguments(e: ExampleEvidence, query: str) -> tuple[object, ...]:
        wanted = {"filter": "BLOCKED", "limit": "50"}
        return _listed(e, query), e.contract.behavior.operations.audit, wanted, _USUAL

    return Example(
        requirement="CON-10",
        predicate=query_fields_are_named,
        good=lambda e: arguments(e, "filter=BLOCKED&further=1"),
        bad=lambda e: arguments(e, bad),
    )


EXAMPLES = (
    _command_example(b'{"command":"PING","sessionId":"s-1"}'),
    _command_example(b'{"Command":"PING","session_id":"s-1"}'),
    _command_example(b'{"command":"PING","session_id":"s-1"}', "text/plain"),
    _query_example("filter=blocked&limit=50"),
    _query_example("state=BLOCKED&limit=50"),
    _query_example("filter=BLOCKED&limit=5"),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
