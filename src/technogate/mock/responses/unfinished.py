"""A response that has its whole body and never its end: blanks follow the body until the connection closes (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from technogate.mock.scripted_reply import Close, Reply, ResponseTemplate, Send, Step, Wait

Form = Literal["length", "chunks"]

#: Chromium holds up to 2 MiB of a response that its page has not read, and drops them when the response fails.
BLANKS = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Send a whole JSON body, so many `blanks`, which JSON allows after it, and close before the end.

    `form`: `length` announces one byte more than is sent; `chunks` leaves out the last (empty) chunk. By default they
    are more than a browser holds for its page, so that a page that reads the response has the body before it fails,
    however slow the machine is. Delivered once the body is sent: a client may leave at a limit of its own.
    """

    template: ResponseTemplate
    form: Form = "length"
    blanks: int = BLANKS

    def __post_init__(self) -> None:
        if not self.template.body or self.blanks < 1:
            raise ValueError("an unfinished response needs a body, and at least one blank after it")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        body, blanks = self.template.body, b" " * self.blanks
        if self.form == "length":
            announced = len(body) + self.blanks + 1
            head = self.template.head(("Content-Length", str(announced)))
            return _reply(f"Content-Length {announced}", head, body, blanks)
        # Kept alive: some runtimes take a cut chunked body as whole when the connection is to close.
        head = replace(self.template, keep_alive=True).head(("Transfer-Encoding", "chunked"))
        return _reply("chunked, cut", head, _chunk(body), _chunk(blanks))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _reply(kind: str, head: Step, body: bytes, blanks: bytes) -> Reply:
    """The wait of no time makes two writes of it: the first has taken effect whatever becomes of the second."""
    steps = (head, Send(data=body), Wait(seconds=0), Send(data=blanks), Close())
    return Reply(kind=kind, steps=steps, effect_at=1)
