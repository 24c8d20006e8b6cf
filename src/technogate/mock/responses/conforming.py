"""No fault: the template as it is, the reference beside which the effect of every fault kind is observed."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Reply, ResponseTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Conforming:
    """Send `template` whole, with its true length."""

    template: ResponseTemplate
    cors: bool = True

    def reply(self) -> Reply:
        """The steps that deliver it."""
        return Reply(kind="", steps=self.template.steps(), cors=self.cors, keep_alive=self.template.keep_alive)
