"""Which behaviour of a client's runtime a response relies on, and what may be sent in its place.

A console asks its runtime for a response and can only be right when the runtime is: a cut body that the runtime hands
over as whole is no console's mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from technogate.mock.responses.chunked import Chunked
from technogate.mock.scripted_reply import Fault, Head, Reply, Send

#: A response without any fault. Every other behaviour relies on this one too.
WHOLE = "whole"

#: Codes whose responses have no body, whatever is sent.
BODILESS = frozenset({204, 205, 304})

#: What a stand-in is, for reports.
KEPT_ALIVE = "they are sent with Connection: keep-alive instead, which it gets right"

_STALL = re.compile(r"(stall [a-z-]+)(, .*)?")
_LENGTH = re.compile(r"Content-Length (.*)")


def behaviour_of(reply: Reply) -> str:
    """The name of the behaviour that `reply` relies on, the same for each reply of its kind."""
    kind = reply.kind
    if kind.startswith("chunked, "):
        return f"{kind}, {'keep-alive' if _kept_alive(reply) else 'close'}"
    if kind.startswith("truncated at byte "):
        return "truncated"
    if length := _LENGTH.fullmatch(kind):
        return _length(length[1], sum(len(step.data) for step in reply.steps if isinstance(step, Send)))
    if stall := _STALL.fullmatch(kind):
        return stall[1]
    if kind.startswith(("held back as ", "drip of ")):
        return WHOLE
    return _status(reply) if kind == "" or kind.startswith("status ") else kind


def stand_in(response: Reply | Fault) -> Fault | None:
    """An equivalent response that relies on another behaviour of the runtime, None when there is none."""
    if isinstance(response, Chunked) and not response.template.keep_alive:
        return replace(response, template=replace(response.template, keep_alive=True))
    return None


def _kept_alive(reply: Reply) -> bool:
    return any(
        name.lower() == "connection" and value == "keep-alive" for head in _heads(reply) for name, value in head.headers
    )


def _length(announced: str, body: int) -> str:
    """A wrong length by how it is wrong."""
    if announced == "None":
        return "no Content-Length"
    if not announced.isdecimal():
        return "a Content-Length that is no number"
    return "a Content-Length above the body's" if int(announced) > body else "a Content-Length below the body's"


def _status(reply: Reply) -> str:
    """A whole response by its status: a 200, one without a body, or the hundreds of any other."""
    codes = [head.status for head in _heads(reply)]
    if codes == [] or codes[0] == 200:
        return WHOLE
    return "a status without a body" if codes[0] in BODILESS else f"status {codes[0] // 100}xx"


def _heads(reply: Reply) -> Iterator[Head]:
    return (step for step in reply.steps if isinstance(step, Head))
