"""The scope of a verdict: which sides were judged, as what, and which requirements of the contract were not."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from technogate.model.requirement import Lack


class Sides(StrEnum):
    """The sides that were judged: one, both (`pair`), or none."""

    BACKEND = "backend"
    CONSOLE = "console"
    PAIR = "pair"
    NONE = "none"


class TargetKind(StrEnum):
    """What was judged: processes (started by the gate, or reached by URL), or images."""

    PROCESSES = "processes"
    IMAGES = "images"


class NotJudged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requirements that were not judged for the same reason."""

    lack: Annotated[Lack, msgspec.Meta(description="what the run would have needed to judge them")]
    reason: str
    requirements: tuple[str, ...]


class VerdictScope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a verdict is about. Each requirement of the contract was judged, or is in one entry of `not_judged`."""

    sides: Annotated[Sides, msgspec.Meta(description="the sides that were judged; pair: both, and their interplay")]
    kind: Annotated[TargetKind, msgspec.Meta(description="only a verdict on images can lead to a deployment")]
    not_judged: Annotated[
        tuple[NotJudged, ...], msgspec.Meta(description="requirements of the contract that the verdict says nothing of")
    ]

    @property
    def images_of_both(self) -> bool:
        """Whether the images of both sides were judged."""
        return self.sides is Sides.PAIR and self.kind is TargetKind.IMAGES
