"""Known answers for a runtime: responses of the mock backend, and what the runtime's own fetch must make of each.

What is expected follows from the standards of HTTP and fetch alone: no code under test computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from technogate.mock.responses.broken import Broken
from technogate.mock.responses.cached import Cached
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.compressed import Compressed
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.content_length import WrongLength
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.redirect import Redirect
from technogate.mock.responses.stall import Stall
from technogate.mock.responses.status_code import Status
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where, as_reply
from technogate.runner.self_test.mock_examples import BODY, TEMPLATE
from technogate.runner.self_test.runtime_behaviour import BODILESS, behaviour_of

#: The operation that a redirect leads to: nothing may be sent there.
ELSEWHERE = "elsewhere"

_KEPT = replace(TEMPLATE, keep_alive=True)
_SECOND = replace(TEMPLATE, body=b'{"state":"TESTED-AGAIN","said":"the second time"}')


class FetchOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What fetch made of one response: the name of its error, or status, type and text; type `pending` for neither."""

    error: str
    status: int
    type: str
    text: str


#: What the runtime gets wrong about `what`, as the rest of a sentence about it; "" for nothing.
Judge = Callable[[str, Sequence[FetchOutcome]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeExample:
    """One known answer: `what` describes the response, `judge` what fetch made of it; `when` ends such a sentence.

    The request is sent once for each of `faults`. With `aborted`, it is aborted once the response has begun to stall.
    """

    what: str
    faults: tuple[Fault, ...]
    judge: Judge
    when: str = ""
    method: str = "POST"
    redirect: str = "manual"
    aborted: bool = False

    @property
    def behaviour(self) -> str:
        """The behaviour that it proves."""
        return behaviour_of(as_reply(self.faults[0]))


def _reads(status: int, *bodies: bytes) -> Judge:
    """Each response is read, with this status and its body."""

    def judge(what: str, outcomes: Sequence[FetchOutcome]) -> str:
        for outcome, body in zip(outcomes, bodies, strict=True):
            if outcome.error:
                return f"cannot read {what} ({outcome.error})"
            if (outcome.status, outcome.text.encode()) != (status, body):
                return f"reads something else in place of {what}"
        return ""

    return judge


def _rejects(what: str, outcomes: Sequence[FetchOutcome]) -> str:
    """Fetch, or reading the body, ends with an error."""
    return "" if all(outcome.error for outcome in outcomes) else f"takes {what} as whole"


def _refuses(what: str, outcomes: Sequence[FetchOutcome]) -> str:
    """The same, of what is no response at all."""
    return "" if all(outcome.error for outcome in outcomes) else f"accepts {what}"


def _rejects_or_cuts(what: str, outcomes: Sequence[FetchOutcome]) -> str:
    """An error, or a part of the body: not every reader looks for an end or compares a checksum."""
    whole = BODY.decode()
    cut = all(outcome.error or len(outcome.text) < len(whole) for outcome in outcomes)
    return "" if cut else f"takes {what} as whole"


def _redirected(code: int) -> Judge:
    """A redirect is reported, or an error; it is neither followed nor taken for a response."""

    def judge(what: str, outcomes: Sequence[FetchOutcome]) -> str:
        told = all(one.error or one.type == "opaqueredirect" or one.status == code for one in outcomes)
        return "" if told else f"follows {what}, although told not to"

    return judge


def _example(what: str, fault: Fault, judge: Judge, **more: str) -> RuntimeExample:
    return RuntimeExample(what=what, faults=(fault,), judge=judge, **more)  # type: ignore[arg-type]


def _whole() -> list[RuntimeExample]:
    """Responses in good order, in each framing and with each kind of status.

    None of them leaves its connection open: a browser sends a request again, by itself, that fails on a used one.
    """
    framed: dict[str, Fault] = {
        "a whole response": Conforming(template=TEMPLATE),
        "a chunked body": Chunked(template=TEMPLATE),
        "a body in gzip": Compressed(template=TEMPLATE),
        "a body in deflate": Compressed(template=TEMPLATE, coding="deflate"),
    }
    examples = [_example(what, fault, _reads(200, BODY)) for what, fault in framed.items()]
    examples += [
        _example(f"a status {code}", Status(template=TEMPLATE, code=code), _reads(code, BODY))
        for code in (201, 206, 299, 400, 401, 404, 429, 451, 500, 503, 599)
    ]
    for code in sorted(BODILESS):
        status = Status(template=replace(TEMPLATE, body=b""), code=code)
        examples.append(_example(f"a status {code}", status, _reads(code, b"")))
    for code in (300, 302, 399):
        status = Status(template=TEMPLATE, code=code)
        examples.append(_example(f"a status {code} without a place to go to", status, _redirected(code)))
    return examples


def _cut() -> list[RuntimeExample]:
    """Bodies that never come whole."""
    examples: list[RuntimeExample] = []
    for template, connection in ((TEMPLATE, "close"), (_KEPT, "keep-alive")):
        when = f" when the answer says Connection: {connection}"
        cut = Chunked(template=template, form="cut", size=32)
        within = Chunked(template=template, form="cut-in-chunk", size=32)
        broken = Chunked(template=template, form="broken-size", size=32)
        examples += [
            _example("a cut chunked body", cut, _rejects, when=when),
            _example("a cut chunked body", within, _rejects, when=when),
            _example("a chunk whose size is no number", broken, _refuses, when=when),
        ]
    examples += [
        _example("a truncated body", Truncated(template=TEMPLATE, at=at), _rejects) for at in (0, 9, len(BODY) - 1)
    ]
    examples += [
        _example(
            "a body that is shorter than its Content-Length", WrongLength(template=TEMPLATE, announced=size), _rejects
        )
        for size in (len(BODY) + 1, 4000)
    ]
    shorter = WrongLength(template=TEMPLATE, announced=3)
    examples.append(_example("a body that is longer than its Content-Length", shorter, _rejects_or_cuts))
    codings: tuple[Literal["gzip", "deflate"], ...] = ("gzip", "deflate")
    for coding in codings:
        short = Compressed(template=TEMPLATE, form="cut", coding=coding)
        damaged = Compressed(template=TEMPLATE, form="broken", coding=coding)
        absent = Compressed(template=TEMPLATE, form="absent", coding=coding)
        examples += [
            _example(f"a body in {coding} that is cut", short, _rejects_or_cuts),
            _example(f"a damaged body in {coding}", damaged, _rejects_or_cuts),
            _example(f"a plain body that is announced as {coding}", absent, _refuses),
        ]
    return examples


def _broken() -> list[RuntimeExample]:
    """Connections that break, and bytes that are no HTTP."""
    examples = [_example("bytes that are no HTTP", Raw(data=b"\x16\x03\x01no HTTP\r\n\r\n" + BODY), _refuses)]
    for where in (Where.BEFORE_HEADERS, Where.IN_HEADERS, Where.AFTER_HEADERS, Where.IN_BODY):
        for reset, word in ((True, "reset"), (False, "closed")):
            broken = Broken(template=TEMPLATE, where=where, reset=reset)
            examples.append(_example(f"a response that is {word} {where}", broken, _rejects))
    return examples


def _kept() -> list[RuntimeExample]:
    """Redirects that are not followed, and a cache that is not asked."""
    examples: list[RuntimeExample] = []
    for code in (301, 302, 303, 307, 308):
        redirect = Redirect(template=TEMPLATE, location=f"/self-test/{ELSEWHERE}", code=code)
        examples += [
            _example(f"a redirect {code}", redirect, _redirected(code)),
            _example(f"a redirect {code} that is to be an error", redirect, _refuses, redirect="error"),
        ]
    cached = RuntimeExample(
        what="a response that was asked for with no-store",
        faults=(Cached(template=TEMPLATE), Conforming(template=_SECOND)),
        judge=_reads(200, BODY, _SECOND.body),
        method="GET",
    )
    return [*examples, cached]


def examples() -> list[RuntimeExample]:
    """Everything that a runtime must get right, but for what stalls and what is refused."""
    return [*_whole(), *_cut(), *_broken(), *_kept()]


def stalls() -> list[RuntimeExample]:
    """Responses that stall, and requests that are aborted meanwhile."""
    return [
        RuntimeExample(
            what=f"a response that stalls {where} and is aborted",
            faults=(Stall(template=TEMPLATE, where=where),),
            judge=_rejects,
            aborted=True,
        )
        for where in (Where.BEFORE_HEADERS, Where.IN_HEADERS, Where.AFTER_HEADERS, Where.IN_BODY)
    ]
