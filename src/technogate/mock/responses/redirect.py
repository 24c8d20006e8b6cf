"""A redirect: to the same address, to another path or to another origin (CON-14)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from technogate.mock.scripted_reply import Reply, ResponseTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send `template` as a redirect with `code` (301, 302, 303, 307 or 308) to `location`."""

    template: ResponseTemplate
    location: str
    code: int = 307

    def __post_init__(self) -> None:
        if self.code not in {301, 302, 303, 307, 308}:
            raise ValueError(f"{self.code} is not a redirect")
        if not self.location:
            raise ValueError("a redirect needs a location")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        headers = (*self.template.headers, ("Location", self.location))
        template = replace(self.template, status=self.code, headers=headers)
        return Reply(kind=f"redirect {self.code}", steps=template.steps(), keep_alive=template.keep_alive)
