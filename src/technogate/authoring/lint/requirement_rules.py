"""What the requirements of a folder lack: a check, a text of their own, a reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache

from technogate.authoring.lint.problem import Finding
from technogate.checks.registry import REGISTRY
from technogate.contract.files import Decision
from technogate.model.requirement import Level, Requirement
from technogate.util.shipped import shipped

_ITEM = re.compile(r"""@requirement\(\s*["']([^"']+)["']""")


@cache
def checked_ids() -> frozenset[str]:
    """The ids that a check is for: what the families declare, and what the items of the suites name."""
    items = [path.read_text("utf-8") for path in sorted(shipped("suites").rglob("*.py"))]
    return frozenset(REGISTRY.requirements | {name for text in items for name in _ITEM.findall(text)})


def requirement_findings(
    requirements: Mapping[str, Requirement],
    groups: Mapping[str, str],
    decisions: Mapping[str, Decision],
    checked: Collection[str],
) -> Iterator[Finding]:
    """Every weakness of the requirements."""
    texts: dict[str, str] = {}
    for requirement in requirements.values():
        pointer = f"#/requirement/{requirement.id}"
        text = " ".join(requirement.text.lower().split())
        if text in texts:
            what = f"{requirement.id} says the same as {texts[text]}"
            yield Finding(rule="requirement-twice", pointer=f"{pointer}/text", text=what, hint="remove one")
        texts.setdefault(text, requirement.id)
        if requirement.level is Level.MUST and requirement.id not in checked and not requirement.not_tested:
            what = f"{requirement.id} has no check: a validation is INCONCLUSIVE while a MUST has none"
            hint = "add a check, or give the reason as not_tested"
            yield Finding(rule="requirement-without-check", pointer=pointer, text=what, hint=hint)
        if requirement.not_tested and requirement.id in checked:
            what = f"{requirement.id} says why it is not tested, and has a check"
            yield Finding(
                rule="requirement-tested", pointer=f"{pointer}/not_tested", text=what, hint="remove the reason"
            )
    used = {requirement.group for requirement in requirements.values()}
    for group in groups.keys() - used:
        what = f"no requirement is in the group {group}"
        yield Finding(rule="group-unused", pointer=f"#/groups/{group}", text=what, hint="remove it")
    for requirement in requirements.values():
        for decision in requirement.decisions:
            if decision not in decisions:
                what = f"{requirement.id} rests on {decision}, which decisions.md does not have"
                pointer = f"#/requirement/{requirement.id}/decisions"
                yield Finding(rule="decision-unknown", pointer=pointer, text=what, hint="add it, or remove it here")
