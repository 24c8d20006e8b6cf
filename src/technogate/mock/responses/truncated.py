"""A body that is cut: announced whole, closed before its end (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Close, Reply, ResponseTemplate, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """Announce the true length, send `at` bytes of the body, close. `at` is 0 to one byte less than all."""

    template: ResponseTemplate
    at: int

    def __post_init__(self) -> None:
        if not 0 <= self.at < len(self.template.body):
            raise ValueError(f"cannot cut a body of {len(self.template.body)} bytes at {self.at}")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        steps = (self.template.head(*self.template.length()), Send(data=self.template.body[: self.at]), Close())
        return Reply(kind=f"truncated at byte {self.at}", steps=steps)
