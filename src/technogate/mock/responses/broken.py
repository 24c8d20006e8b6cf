"""A connection that breaks: closed (FIN) or reset (RST) before, in or after the headers or the body (CON-07)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Close, Reply, Reset, ResponseTemplate, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Send `template` up to `where`, then break the connection: reset it, or close it properly."""

    template: ResponseTemplate
    where: Where = Where.BEFORE_HEADERS
    reset: bool = True

    def __post_init__(self) -> None:
        if self.where is Where.AFTER_BODY and not self.reset:
            raise ValueError("a close after the whole body is no fault")
        self.template.until(self.where)

    def reply(self) -> Reply:
        """The steps that deliver it."""
        before, _ = self.template.until(self.where)
        last, word = (Reset(), "reset") if self.reset else (Close(), "closed")
        return Reply(kind=f"{word} {self.where}", steps=(*before, last))
