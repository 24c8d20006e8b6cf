"""What the gate knows of machine and run is found in any usual spelling; ordinary words are no facts."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import msgspec
import pytest

from technogate.checks.disclosure import discloses_nothing
from technogate.checks.leak import response_leaks
from technogate.checks.machine_facts import ADDRESS, HOST, PATH, USER, VALUE, Fact, MachineFacts
from technogate.model.events import Body, Exchange, Headers, Request, Response
from tests import builders

FACTS = {
    HOST: "build-7f3a",
    ADDRESS: "203.0.113.77",
    USER: "mireille",
    PATH: "/data/techno gate/run-1",
    VALUE: "s3://bucket-17/key?x=1&y=2",
}
KNOWN = MachineFacts(Fact(kind=kind, value=value, variable="STORE_URL") for kind, value in FACTS.items())


def answered(text: str = "", *, headers: Headers = (), path: str = "/x", sent: str = "", status: int = 500) -> Exchange:
    """An exchange with this response."""
    return msgspec.structs.replace(
        builders.exchange(1),
        base_url="http://127.0.0.1:8000",
        request=Request(method="POST", path=path, body=Body.of(sent.encode())),
        response=Response(status=status, headers=headers, body=Body.of(text.encode())),
    )


def slashes_in_html(text: str) -> str:
    """A text as a template engine escapes it, its slashes too."""
    return html.escape(text).replace("/", "&#x2F;").replace("-", "&#45;").replace(".", "&period;")


def quoted(text: str) -> str:
    """A text within a JSON text that is a string of JSON."""
    return json.dumps(json.dumps(text)).replace("/", r"\/")


def in_base64(text: str) -> str:
    """A text behind two others, in base64."""
    return base64.b64encode(b"ab" + text.encode() + b"cde").decode()


@pytest.mark.parametrize("spell", [str, str.upper, quote, slashes_in_html, quoted, in_base64])
@pytest.mark.parametrize("kind", list(FACTS))
def test_each_fact_is_found_in_each_spelling(kind: str, spell: Callable[[str], str]) -> None:
    """A fact is found in a body of JSON, in one of HTML, and in a header, however it is spelled."""
    text = spell(FACTS[kind])
    for exchange, place in (
        (answered(json.dumps({"message": f"it broke: {text}."}) if "\\" not in text else text), "the body"),
        (answered(f"<p>{text}</p>", status=404), "the body"),
        (answered("{}", headers=(("X-Served", f"a {text}"),), status=200), "the header X-Served"),
    ):
        assert [(found.kind, found.place) for found in KNOWN.disclosed(exchange)] == [(kind, place)]


def test_what_was_disclosed_is_a_leak() -> None:
    """What was noted when a response was recorded is reported with its place and its spelling."""
    exchange = answered("{}", headers=(("Server", "build-7f3a"),))
    assert not response_leaks(exchange)
    noted = msgspec.structs.replace(exchange, disclosed=KNOWN.disclosed(exchange))
    assert [(leak.kind, leak.place, leak.text) for leak in response_leaks(noted)] == [
        (HOST, "the header Server", "(plain)")
    ]
    assert discloses_nothing(noted)


def test_the_longest_fact_of_a_place_is_told() -> None:
    """A path within another is told once."""
    facts = MachineFacts(Fact(kind=PATH, value=value) for value in ("/data/gate", "/data/gate/run-1"))
    assert len(facts.disclosed(answered("no file /data/gate/run-1/trail"))) == 1


@pytest.mark.parametrize(
    "exchange",
    [
        answered("you asked for /data/techno gate/run-1", path="/data/techno%20gate/run-1"),
        answered("no user mireille", sent='{"session_id": "mireille"}'),
        answered("", headers=(("Access-Control-Allow-Origin", "http://build-7f3a:3000"),)),
        answered(json.dumps({"command": "PING", "output": "on build-7f3a as mireille"}), status=200),
        answered("built by rebuild-7f3ab and mireilles"),
    ],
    ids=["path", "body", "cors", "output", "longer words"],
)
def test_what_was_asked_and_what_may_be_said_is_no_leak(exchange: Exchange) -> None:
    """An echo, the origin of the console, the output of a command, and words that only begin alike."""
    assert KNOWN.disclosed(exchange) == ()


def test_a_value_of_the_environment_is_one_in_an_output_too() -> None:
    """The output of a command may name files and hosts, but no value of the environment."""
    exchange = answered(json.dumps({"output": FACTS[VALUE]}), status=200)
    assert [(found.kind, found.place) for found in KNOWN.disclosed(exchange)] == [(VALUE, "the body's output")]


@pytest.mark.parametrize(
    ("kind", "value", "variable"),
    [
        (HOST, "vm", ""),
        (HOST, "Ubuntu", ""),
        (USER, "root", ""),
        (USER, "runner", ""),
        (ADDRESS, "127.0.0.1", ""),
        (PATH, "/", ""),
        (PATH, "/workspace", ""),
        (VALUE, "PRODUCTION", "X"),
        (VALUE, "8000", "PORT"),
        (VALUE, "1.25.3.10", "X"),
        (VALUE, "2.4.1-beta+build7", "APP_VERSION"),
        (VALUE, "en_US.UTF-8", "LANG"),
        (VALUE, "Asia/Kathmandu", "TZ"),
        (VALUE, "http://127.0.0.1:3001", "ALLOWED_ORIGIN"),
    ],
)
def test_ordinary_words_are_no_facts(kind: str, value: str, variable: str) -> None:
    """What a response may have from anywhere is not searched for."""
    facts = MachineFacts([Fact(kind=kind, value=value, variable=variable)])
    assert facts.disclosed(answered(f"it is {value} here", headers=(("Server", value),))) == ()
