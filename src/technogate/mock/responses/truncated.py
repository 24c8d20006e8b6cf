"""A body that is cut: announced whole, closed before its end (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Close, Draft, Reply, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """Announce the true length, send `at` bytes of the body, close. `at` is 0 to one byte less than all."""

    draft: Draft
    at: int

    def __post_init__(self) -> None:
        if not 0 <= self.at < len(self.draft.body):
            raise ValueError(f"cannot cut a body of {len(self.draft.body)} bytes at {self.at}")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        steps = (self.draft.head(*self.draft.length()), Send(data=self.draft.body[: self.at]), Close())
        return Reply(kind=f"truncated at byte {self.at}", steps=steps)
