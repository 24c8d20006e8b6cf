"""Generated responses: what the mock backend sends to a console, drawn from the contract's response schemas.

A strategy yields `FramedResponse` records. A console must show conforming ones as they are; the others break the
contract in one of many ways, and it must refuse them. The oracle decides which is which (`Responses.read`), so that a
case that happens to break nothing does not count as broken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from hypothesis import assume
from hypothesis import strategies as st

from technogate.contract.loader import Contract
from technogate.generation.responses.framing import SHORTEST, WHOLE, FramedResponse, Framing, wires_for
from technogate.generation.responses.invalid_json import invalid_json
from technogate.generation.responses.invalid_values import Breaks, InvalidValue, broken, broken_field
from technogate.generation.responses.response_oracle import ResponseReading, read_response
from technogate.generation.responses.valid_values import Schema, schema_of
from technogate.model.contract_words import spoken

Cases = st.SearchStrategy[FramedResponse]

#: Content types under which a body is not JSON, whatever it holds.
OTHER_TYPES: tuple[str | None, ...] = (
    None, "text/html; charset=utf-8", "text/plain", "text/json", "application/problem+json", "application/x-ndjson",
    "application/octet-stream", "application/javascript", "application/jsonp", "application/json5", "multipart/mixed",
    "text/html, application/json", "x-application/json", "application/jsonx",
)  # fmt: skip

#: Ways to spell the same JSON: a reader takes each for the same value.
_SPELLINGS: tuple[dict[str, object], ...] = (
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (",", ":"), "ensure_ascii": True},
    {"indent": 2, "ensure_ascii": False},
    {"sort_keys": True},
)
_ENDS = ("", "\n", " \r\n\t", "")

_OK = 200

#: Status codes that are no 200 and no error; those without a body of their own are among them.
_OTHER_SUCCESS = (201, 202, 203, 204, 205, 206, 207, 208, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399)
_BODILESS = (204, 205, 304)

#: A page, for consoles that mistake a word on it for a response.
_PAGE = "<!doctype html><html><body><h1>{}</h1></body></html>"

#: A choice that Hypothesis makes cheaply; used modulo the number of things to choose from.
_ODD = st.integers(0, 255)
_FAR = st.integers(0, 4095)


def encode(value: object, **spelling: object) -> bytes:
    """A value as the bytes of a body, in the usual spelling unless another is named."""
    return json.dumps(value, **(spelling or _SPELLINGS[0])).encode("utf-8")  # type: ignore[arg-type]


def _spell(draw: st.DrawFn, value: object, what: str) -> FramedResponse:
    """A response with `value`, spelled and sent in one of the ways that are in order."""
    way = draw(_ODD)
    wire = WHOLE[way // 16 % len(WHOLE)]
    body = encode(value, **_SPELLINGS[way % 4]) + _ENDS[way // 4 % 4].encode()
    return FramedResponse(what=what, body=body if wire is Framing.PLAIN else body.ljust(SHORTEST), wire=wire)


#: Codes that a browser acts on by itself, without the page's knowledge: for a 407 it requests the password of a proxy,
#: after a 421 it tries once more on another connection.
_BROWSERS_OWN = frozenset({407, 421})


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """The responses to one operation whose 200 is a `schema` of the contract; each method is one kind of cases."""

    contract: Contract
    operation: str
    schema: Schema
    envelope: Schema
    error: Schema

    @classmethod
    def to_execute(cls, contract: Contract) -> Responses:
        """Responses to a command."""
        return cls._of(contract, contract.behavior.operations.execute, contract.behavior.schemas.execute_response)

    @classmethod
    def to_audit(cls, contract: Contract) -> Responses:
        """Responses to a reading of the audit list."""
        return cls._of(contract, contract.behavior.operations.audit, contract.behavior.schemas.audit_list)

    @classmethod
    def to_fallback(cls, contract: Contract) -> Responses:
        """Responses to a reading of the audit list at its fallback."""
        return cls._of(contract, contract.behavior.operations.fallback, contract.behavior.schemas.audit_list)

    @classmethod
    def to_memory(cls, contract: Contract) -> Responses:
        """Responses to a reading of the memory."""
        return cls._of(contract, contract.behavior.operations.memory, contract.behavior.schemas.memory_snapshot)

    @classmethod
    def _of(cls, contract: Contract, operation: str, schema: str) -> Responses:
        return cls(
            contract=contract,
            operation=operation,
            schema=schema_of(contract, schema),
            envelope=schema_of(contract, contract.behavior.schemas.blocked_envelope),
            error=schema_of(contract, contract.behavior.schemas.error_response),
        )

    def read(self, sent: FramedResponse) -> ResponseReading:
        """What the contract makes of a case."""
        return read_response(self.contract, self.operation, self.schema.name, sent.received())

    # ---- in order ----

    def conforming(self, *, status: str = "", but: str = "") -> Cases:
        """Responses to be shown as they are; of the status `status` alone, or of any `but` one, when it is named.

        Entries of a list are put in the required order: newest first.
        """
        return self._sent(_conforming(self.schema.values, status, but))

    # ---- hostile ----

    def hostile(self, *, leave: frozenset[str] = frozenset()) -> Cases:
        """Responses with status 200 that break the contract anywhere but in the fields `leave`."""
        wrong = _saying(
            broken(self.schema, leave=frozenset(self.contract.words.name("envelope", name) for name in leave))
        )
        return self._sent(st.one_of(wrong, wrong, self.wrong_types(), self.no_json(), self.cut(), self.torn()))

    def any_hostile(self) -> Cases:
        """Hostile responses of every kind, whatever their status code."""
        kinds = [self.hostile(), self.hostile(), self.coded(400, 499), self.coded(500, 599), self.other_success()]
        return st.one_of(*kinds, self.says_blocked())

    def status_words(self) -> Cases:
        """Responses whose status is none of the contract's, or missing (CON-03)."""
        return self._sent(_saying(broken_field(self.schema, self.contract.words.name("envelope", "status"))))

    def coded(self, first: int, last: int) -> Cases:
        """Responses with a status code of a range, whatever their body holds: most often an approval."""
        listed = self.contract.operation(self.operation).responses
        documented = [code for code in listed if first <= code <= last] or [first]
        bodies = st.one_of(self.conforming(), _saying(self._errors()), self.no_json(), self.wrong_types())
        return _coded(bodies, tuple(documented), first, last)

    def other_success(self) -> Cases:
        """Conforming bodies under a code that is neither 200 nor an error; some codes have no body."""
        return _other_success(self.conforming(), self.contract.words.answers_of(self.operation))

    def says_blocked(self) -> Cases:
        """A 200 with a refusal in the words of the contract."""
        blocked = self.envelope.values.map(lambda value: InvalidValue(what="a blocked envelope", value=value))
        return self._sent(_saying(blocked))

    def wrong_types(self) -> Cases:
        """Conforming bodies under another content type, or none."""
        return _wrong_types(self.conforming())

    def no_json(self) -> Cases:
        """Bodies that no reader of JSON takes."""
        page = _PAGE.format(self.contract.behavior.statuses.approved).encode()
        return _no_json(self.conforming(), (b"", b" ", b"\0", b"\xff\xfe", page))

    def cut(self) -> Cases:
        """Conforming bodies cut at any byte, with a length that fits what is left."""
        return _cut(self.conforming())

    def torn(self) -> Cases:
        """Conforming responses that the wire damages: cut, with a wrong length, with broken chunks or compression."""
        return _torn(self.conforming())

    # ---- parts ----

    def _sent(self, cases: Cases) -> Cases:
        """The cases with the status that the operation answers with, in the place of a 200."""
        [answer, *_] = self.contract.words.answers_of(self.operation)
        if answer == _OK:
            return cases
        return cases.map(lambda sent: replace(sent, status=answer) if sent.status == _OK else sent)

    def _errors(self) -> Breaks:
        return self.error.values.map(lambda value: InvalidValue(what="an error response", value=value))


# Hypothesis reads the source of each function that makes cases: once for each of these, not at each use.


@st.composite
def _conforming(draw: st.DrawFn, values: st.SearchStrategy[object], status: str, but: str) -> FramedResponse:
    value = draw(values)
    if isinstance(value, dict):
        field = spoken().name("envelope", "status")
        assume(not but or value.get(field) != but)
        value = {**value, field: status} if status else value
    return _spell(draw, _newest_first(value), "a conforming response")


@st.composite
def _coded(draw: st.DrawFn, bodies: Cases, documented: tuple[int, ...], first: int, last: int) -> FramedResponse:
    sent, odd = draw(bodies), draw(_ODD)
    code = documented[odd % len(documented)] if odd < 128 else first + odd % (last - first + 1)
    return replace(sent, status=first if code in _BROWSERS_OWN else code)


@st.composite
def _other_success(draw: st.DrawFn, conforming: Cases, answers: tuple[int, ...]) -> FramedResponse:
    others = [code for code in _OTHER_SUCCESS if code not in answers]
    code = others[draw(_ODD) % len(others)]
    sent = draw(conforming)
    return FramedResponse(what=sent.what, body=b"" if code in _BODILESS else sent.body, status=code)


@st.composite
def _wrong_types(draw: st.DrawFn, conforming: Cases) -> FramedResponse:
    kind = OTHER_TYPES[draw(_ODD) % len(OTHER_TYPES)]
    return replace(draw(conforming), content_type=kind)


@st.composite
def _no_json(draw: st.DrawFn, conforming: Cases, fixed: tuple[bytes, ...]) -> FramedResponse:
    odd = draw(_ODD)
    if odd >= 240:
        return FramedResponse(what="any bytes", body=draw(st.binary(max_size=24)))
    if odd >= 208:
        return FramedResponse(what="not JSON at all", body=fixed[odd % len(fixed)])
    ways = invalid_json(draw(conforming).body)
    what = list(ways)[odd % len(ways)]
    return FramedResponse(what=what, body=ways[what].encode("utf-8"))


@st.composite
def _cut(draw: st.DrawFn, conforming: Cases) -> FramedResponse:
    body = draw(conforming).body
    kept = draw(_FAR) % max(1, len(body))
    return FramedResponse(what=f"cut to {kept} of its {len(body)} bytes", body=body[:kept])


@st.composite
def _torn(draw: st.DrawFn, conforming: Cases) -> FramedResponse:
    sent = draw(conforming)
    wires = wires_for(sent.body)
    return replace(sent, wire=wires[draw(_ODD) % len(wires)], at=draw(_FAR))


@st.composite
def _saying(draw: st.DrawFn, values: Breaks) -> FramedResponse:
    wrong = draw(values)
    return _spell(draw, wrong.value, wrong.what)


def _newest_first(value: object) -> object:
    """A list of entries in the order of their times, the newest first; anything else as it is."""
    if not isinstance(value, list):
        return value
    time = spoken().name("entry", "timestamp")
    return sorted(value, key=lambda entry: _sort_key(str(entry[time])), reverse=True)


def _sort_key(timestamp: str) -> tuple[str, str]:
    """A sortable form of a time of the contract."""
    whole, _, fraction = timestamp.removesuffix("Z").partition(".")
    return whole, fraction.ljust(12, "0")
