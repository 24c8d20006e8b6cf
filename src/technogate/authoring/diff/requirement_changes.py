"""What differs between the requirements and decisions of two folders, and who breaks by it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from technogate.authoring.diff.change import Breaks, Change, joined
from technogate.authoring.diff.rules import MUST_KINDS, change
from technogate.authoring.diff.schema_level import escaped
from technogate.contract.files import Decision
from technogate.model.requirement import Level, Party, Requirement

_HELD = {Party.BACKEND: Breaks.BACKEND, Party.CONSOLE: Breaks.CONSOLE, Party.PAIR: Breaks.BOTH}
_RELYING = {Party.BACKEND: Breaks.CONSOLE, Party.CONSOLE: Breaks.BACKEND, Party.PAIR: Breaks.BOTH}

Requirements = Mapping[str, Requirement]


def requirement_changes(old: Requirements, new: Requirements) -> Iterator[Change]:
    """Every change of a requirement. A stricter MUST breaks whom it holds, a relaxed one whoever relies on it."""
    for name in (*old, *(name for name in new if name not in old)):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        where = f"requirements.toml#/requirement/{escaped(name)}"
        if before is None or after is None:
            one = before or after
            word = "removed" if after is None else "added"
            if one is not None:
                breaks = (_RELYING if after is None else _HELD)[one.party]
                text = f"{name} is {'gone' if after is None else 'new'}: {one.text}"
                yield _must(f"requirement-{word}", where, text, breaks, is_must=one.level is Level.MUST)
        else:
            yield from _changed(name, where, before, after)


def _must(
    rule: str, where: str, text: str, breaks: Breaks, *, is_must: bool, shown: tuple[str, str] = ("", "")
) -> Change:
    """A change of a MUST, or of a SHOULD, which breaks nobody."""
    if not is_must:
        return change("should-changed", where, text, *shown)
    return Change(
        rule=rule, where=where, what=text, breaks=breaks, why=MUST_KINDS[rule], before=shown[0], after=shown[1]
    )


def _changed(name: str, where: str, before: Requirement, after: Requirement) -> Iterator[Change]:
    is_must = Level.MUST in (before.level, after.level)
    held, relying = _HELD[after.party], _RELYING[after.party]
    if before.level is not after.level:
        raised = after.level is Level.MUST
        rule, breaks = ("requirement-raised", held) if raised else ("requirement-lowered", relying)
        shown = (before.level.value, after.level.value)
        yield _must(rule, f"{where}/level", f"{name} is a {after.level.upper()} now", breaks, is_must=True, shown=shown)
    if " ".join(before.text.split()) != " ".join(after.text.split()):
        rule, shown = "requirement-text-changed", (before.text, after.text)
        yield _must(rule, f"{where}/text", f"{name} has another text", Breaks.BOTH, is_must=is_must, shown=shown)
    if before.party is not after.party:
        breaks = joined(_HELD[after.party], _RELYING[before.party])
        shown = (before.party.value, after.party.value)
        text = f"{name} holds the {after.party} now"
        yield _must("requirement-party-changed", f"{where}/party", text, breaks, is_must=is_must, shown=shown)
    if before.needs is not after.needs:
        widened = after.needs is None
        rule = "requirement-scope-widened" if widened else "requirement-scope-narrowed"
        breaks = held if widened else relying
        if before.needs is not None and after.needs is not None:
            breaks = Breaks.BOTH
        shown = (before.needs or "none", after.needs or "none")
        yield _must(rule, f"{where}/needs", f"{name} has another scope", breaks, is_must=is_must, shown=shown)
    for key in ("group", "decisions", "not_tested"):
        if getattr(before, key) != getattr(after, key):
            yield change("requirement-note-changed", f"{where}/{key}", f"`{key}` of {name} is changed")


def group_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Groups that are new, gone or have another title."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            where = f"requirements.toml#/groups/{escaped(name)}"
            yield change("group-changed", where, f"the group {name} is changed", old.get(name, ""), new.get(name, ""))


def decision_changes(
    old: Mapping[str, Decision], new: Mapping[str, Decision], before: Requirements, after: Requirements
) -> Iterator[Change]:
    """Decisions that are new, gone or say something else; one that a MUST of both versions rests on breaks both."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        rests = [
            one.id
            for one in before.values()
            if name in one.decisions and one.level is Level.MUST and one.id in after and name in after[one.id].decisions
        ]
        rule = "decision-of-requirement-changed" if rests else "decision-changed"
        text = f"the decision {name} is {'new' if name not in old else 'gone' if name not in new else 'changed'}"
        yield change(rule, f"decisions.md#/{name}", text, used_by=tuple(rests))
