"""Compression: well-formed, cut, broken, or announced and absent (CON-08)."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, replace
from typing import Literal

from technogate.mock.scripted_reply import Reply, ResponseTemplate

Form = Literal["whole", "cut", "broken", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """Announce `coding` and send the body in it, or not quite.

    `form`: `whole` is no fault; `cut` ends the compressed stream early under a Content-Length that fits;
    `broken` has its bytes damaged in the middle; `absent` sends the body uncompressed.
    """

    template: ResponseTemplate
    form: Form = "whole"
    coding: Literal["gzip", "deflate"] = "gzip"

    def __post_init__(self) -> None:
        if len(self.template.body) < 16:
            raise ValueError("a compressed body needs at least 16 bytes to be cut or broken")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        body = self.template.body
        # Without a fixed time, the same template would give other bytes on every run.
        packed = gzip.compress(body, mtime=0) if self.coding == "gzip" else zlib.compress(body)
        middle = len(packed) // 2
        data = {
            "whole": packed,
            "cut": packed[:middle],
            "broken": packed[: middle - 2] + b"\xff\xff\xff\xff" + packed[middle + 2 :],
            "absent": body,
        }[self.form]
        headers = (*self.template.headers, ("Content-Encoding", self.coding))
        kind = "" if self.form == "whole" else f"{self.coding}, {self.form}"
        return Reply(kind=kind, steps=replace(self.template, headers=headers, body=data).steps())
