"""CON-10, CON-13: the name and the value of each field that a console sends (D6). Pure.

Further fields conform: a backend ignores what it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.contract_words import spoken
from technogate.model.events import Body, Exchange, Finding, Request, header_values
from technogate.model.requirement import Party
from technogate.util.strict_json import NotStrictJson, parse

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

JSON = "application/json"


def command_fields_are_named(interaction: Interaction, operation: str, command: str, session: str) -> list[Finding]:
    """Every request of `operation` is JSON with the command, and the session when one was entered (CON-13)."""
    wanted = spoken().written("request", {"command": command} | ({"session_id": session} if session else {}))
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


def _command_example(kind: str = JSON, **renamed: str) -> Example:
    """A request with all its fields, and the same as `kind`, with the fields that `renamed` calls by other names."""

    def arguments(e: ExampleEvidence, kind: str, renamed: Mapping[str, str]) -> tuple[object, ...]:
        body = e.request_body(command="PING", session_id="s-1", further=1)
        names = {e.contract.words.name("request", meaning): name for meaning, name in renamed.items()}
        raw = msgspec.json.encode({names.get(name, name): value for name, value in body.items()})
        return _commanded(e, raw, kind), e.contract.behavior.operations.execute, "PING", "s-1"

    return Example(
        requirement="CON-13",
        predicate=command_fields_are_named,
        good=lambda e: arguments(e, f"{JSON}; charset=utf-8", {}),
        bad=lambda e: arguments(e, kind, renamed),
    )


def _query_example(bad: Callable[[str, str, str], str]) -> Example:
    """A query for refusals, and what `bad` makes of the names of filter and limit and of the filter's value."""

    def arguments(e: ExampleEvidence, query: Callable[[str, str, str], str]) -> tuple[object, ...]:
        names = e.contract.behavior.audit
        usual = {names.filter_parameter: names.filter_all, names.limit_parameter: "50"}
        wanted = {**usual, names.filter_parameter: e.blocked}
        text = query(names.filter_parameter, names.limit_parameter, e.blocked)
        return _listed(e, text), e.contract.behavior.operations.audit, wanted, usual

    return Example(
        requirement="CON-10",
        predicate=query_fields_are_named,
        good=lambda e: arguments(e, lambda name, _, value: f"{name}={value}&further=1"),
        bad=lambda e: arguments(e, bad),
    )


EXAMPLES = (
    _command_example(session_id="another"),
    _command_example(command="another"),
    _command_example("text/plain"),
    _query_example(lambda name, limit, value: f"{name}={value.swapcase()}&{limit}=50"),
    _query_example(lambda _, limit, value: f"another={value}&{limit}=50"),
    _query_example(lambda name, limit, value: f"{name}={value}&{limit}=5"),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
