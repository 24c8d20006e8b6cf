"""A response held back until the test releases it, so that an older response arrives after a newer one (CON-17)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Hold, Reply, ResponseTemplate, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Hold `template` back at `where` until `name` is released, then send it whole.

    Delivered once it is held with the client still there: a client may drop an older command.
    """

    template: ResponseTemplate
    name: str
    where: Where = Where.BEFORE_HEADERS

    def __post_init__(self) -> None:
        if self.where is Where.AFTER_BODY:
            raise ValueError("a response that is complete cannot be held back")
        Hold(name=self.name)
        self.template.until(self.where)

    def reply(self) -> Reply:
        """The steps that deliver it."""
        before, after = self.template.until(self.where)
        steps = (*before, Hold(name=self.name), *after)
        return Reply(kind=f"held back as {self.name!r}", steps=steps, effect_at=len(before))
