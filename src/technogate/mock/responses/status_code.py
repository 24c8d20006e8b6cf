"""Another status code, with whatever body: that of an approval included (CON-04, CON-05, CON-08)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from technogate.mock.scripted_reply import Reply, ResponseTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Send `template` under the status `code`; raises ValueError for 200 and for what is no final status."""

    template: ResponseTemplate
    code: int
    reason: str | None = None

    def __post_init__(self) -> None:
        if not 200 < self.code <= 599:
            raise ValueError(f"the status of a fault is 201 to 599, not {self.code}")

    def reply(self) -> Reply:
        """The steps that deliver it; a body is sent even where the status forbids one."""
        template = replace(self.template, status=self.code, reason=self.reason)
        return Reply(kind=f"status {self.code}", steps=template.steps(), keep_alive=template.keep_alive)
