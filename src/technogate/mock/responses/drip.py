"""A drip: the body one byte at a time, so that something always arrives and nothing is ever complete (CON-06)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Reply, ResponseTemplate, Send, Step, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """Send the head, then the body one byte every `interval` seconds (0.001 to 60).

    Delivered once the second byte is on its way: a client may leave at its own limit.
    """

    template: ResponseTemplate
    interval: float

    def __post_init__(self) -> None:
        if not 0.001 <= self.interval <= 60:
            raise ValueError(f"the interval of a drip is 0.001 to 60 seconds, not {self.interval}")
        if len(self.template.body) < 2:
            raise ValueError("a body of less than two bytes cannot drip")

    @property
    def seconds(self) -> float:
        """How long the whole response takes, at least."""
        return self.interval * len(self.template.body)

    def reply(self) -> Reply:
        """The steps that deliver it."""
        steps: list[Step] = [self.template.head(*self.template.length())]
        for at in range(len(self.template.body)):
            steps += [Wait(seconds=self.interval), Send(data=self.template.body[at : at + 1])]
        return Reply(kind=f"drip of one byte every {self.interval} s", steps=tuple(steps), effect_at=3)
