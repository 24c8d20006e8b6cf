"""Chunked transfer: well-formed, cut before its last chunk, or with a broken chunk size (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from technogate.mock.scripted_reply import Close, Reply, ResponseTemplate, Send

Form = Literal["whole", "cut", "cut-in-chunk", "broken-size", "no-last-line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunked:
    """Send the body in chunks of `size` bytes.

    `form`: `whole` is no fault; `cut` leaves out the last (empty) chunk, so that all of the body arrives
    and yet the response is not complete; `cut-in-chunk` stops within the last chunk of data;
    `broken-size` has a size that is no number; `no-last-line` leaves out the empty line at the very end.
    """

    template: ResponseTemplate
    form: Form = "whole"
    size: int = 16

    def __post_init__(self) -> None:
        if self.size < 1 or len(self.template.body) < 2:
            raise ValueError("chunks need a size of at least 1 and a body of at least two bytes")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        body = self.template.body
        chunks = [body[at : at + self.size] for at in range(0, len(body), self.size)]
        wire = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
        if self.form == "cut-in-chunk":
            last = wire.pop()
            wire.append(last[: -(len(chunks[-1]) // 2 + 2)])
        elif self.form == "broken-size":
            wire[-1] = b"zz\r\n" + chunks[-1] + b"\r\n"
        ends = {"whole": b"0\r\n\r\n", "broken-size": b"0\r\n\r\n", "no-last-line": b"0\r\n"}
        wire.append(ends.get(self.form, b""))
        head = self.template.head(("Transfer-Encoding", "chunked"))
        kind = "" if self.form == "whole" else f"chunked, {self.form}"
        sent = Send(data=b"".join(wire))
        if self.form == "whole":
            return Reply(kind=kind, steps=(head, sent), keep_alive=self.template.keep_alive)
        return Reply(kind=kind, steps=(head, sent, Close()))
