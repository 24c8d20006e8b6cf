"""A stall: the response stops at some place, for a while or for good (CON-06, CON-10, CON-11)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Reply, ResponseTemplate, Step, Wait, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Stop at `where` for `seconds`, then send the rest; None stops until the client leaves.

    Delivered once the stall has begun with the client still there: how long it stays is its own decision.
    """

    template: ResponseTemplate
    where: Where = Where.BEFORE_HEADERS
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.where is Where.AFTER_BODY:
            raise ValueError("a response that is complete cannot stall")
        Wait(seconds=self.seconds)
        self.template.until(self.where)

    def reply(self) -> Reply:
        """The steps that deliver it."""
        before, after = self.template.until(self.where)
        steps: tuple[Step, ...] = (*before, Wait(seconds=self.seconds), *after)
        length = "" if self.seconds is None else f", {self.seconds:g} s"
        return Reply(kind=f"stall {self.where}{length}", steps=steps, effect_at=len(before))
