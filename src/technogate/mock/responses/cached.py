"""Caching headers: a response that is to be kept (CON-19)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from technogate.mock.scripted_reply import Reply, ResponseTemplate

#: Headers that let every cache keep a response for a year.
KEEP_FOR_A_YEAR = (
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Expires", "Thu, 31 Dec 2099 23:59:59 GMT"),
    ("ETag", '"kept"'),
    ("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """Send `template` whole with caching `headers`, by default for a year."""

    template: ResponseTemplate
    headers: tuple[tuple[str, str], ...] = KEEP_FOR_A_YEAR

    def __post_init__(self) -> None:
        if not self.headers:
            raise ValueError("without caching headers no cache keeps the response")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        template = replace(self.template, headers=(*self.template.headers, *self.headers))
        return Reply(kind="caching headers", steps=template.steps(), keep_alive=template.keep_alive)
