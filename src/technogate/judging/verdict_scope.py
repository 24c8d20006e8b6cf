"""What a run was about: the requirements in scope, and those that it could not or was not asked to judge. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from technogate.model.events import Header
from technogate.model.requirement import Lack, Party, Requirement
from technogate.model.scope import NotJudged, Sides, TargetKind, VerdictScope

#: Why requirements were not judged, in the order of the document.
_REASONS = {
    Lack.PAIR: "the target describes neither side",
    Lack.BACKEND: "the target describes no backend",
    Lack.CONSOLE: "the target describes no console",
    Lack.IMAGES: "processes were judged, not images",
    Lack.PAGE: "a client module was judged, which shows nothing, and no page",
    Lack.SELECTION: "not selected",
}


def requirements_in_scope(header: Header) -> Mapping[str, Requirement]:
    """The requirements judged, by id: what the target can be judged by, and for a check what was selected."""
    return {requirement.id: requirement for requirement in header.requirements if _lack(header, requirement) is None}


def scope_of(header: Header) -> VerdictScope:
    """The scope of the verdict on a run."""
    lacking = {requirement.id: _lack(header, requirement) for requirement in header.requirements}
    groups = {lack: tuple(name for name, found in lacking.items() if found is lack) for lack in _REASONS}
    return VerdictScope(
        sides=_sides(header.target.parties),
        kind=TargetKind.IMAGES if header.target.of_images else TargetKind.PROCESSES,
        not_judged=tuple(
            NotJudged(lack=lack, reason=_REASONS[lack], requirements=names) for lack, names in groups.items() if names
        ),
    )


def _lack(header: Header, requirement: Requirement) -> Lack | None:
    """What the run lacks to judge a requirement, None for nothing."""
    lack = requirement.lack(header.target.parties, images=header.target.of_images, page=header.target.page)
    unselected = header.mode != "validate" and requirement.id not in header.selection
    return Lack.SELECTION if lack is None and unselected else lack


def _sides(parties: tuple[str, ...]) -> Sides:
    """The sides among the parties described."""
    both = {Party.BACKEND.value, Party.CONSOLE.value}
    sides = both & set(parties)
    return Sides.PAIR if sides == both else Sides(sides.pop()) if sides else Sides.NONE
