"""A Content-Length that is not the body's: short, long, absent or not a number (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Reply, ResponseTemplate, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLength:
    """Announce `announced` instead of the true length; None announces none and ends by closing."""

    template: ResponseTemplate
    announced: str | int | None

    def __post_init__(self) -> None:
        if str(self.announced) == str(len(self.template.body)):
            raise ValueError(f"{self.announced} is the true length: that is no fault")
        if self.template.keep_alive:
            raise ValueError("a wrong length needs a connection that closes")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        framing = () if self.announced is None else (("Content-Length", str(self.announced)),)
        steps = (self.template.head(*framing), Send(data=self.template.body))
        return Reply(kind=f"Content-Length {self.announced}", steps=steps)
