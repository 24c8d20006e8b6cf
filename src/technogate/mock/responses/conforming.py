"""No fault: the draft as it is. The yardstick beside which every fault kind is felt."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Draft, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Conforming:
    """Send `draft` whole, with its true length."""

    draft: Draft
    cors: bool = True

    def reply(self) -> Reply:
        """The steps that deliver it."""
        return Reply(kind="", steps=self.draft.steps(), cors=self.cors, keep_alive=self.draft.keep_alive)
