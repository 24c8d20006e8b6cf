"""Every check that the gate has, gathered from the modules of this package.

A module that exports `FAMILY` takes part by being there: no list names it. What is declared twice makes the
import of this package fail.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from technogate import checks
from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, SequenceRule


class RegistryError(Exception):
    """The checks contradict each other or the contract. The text is one line for their author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Families by the name of their module; raises RegistryError when two declare the same check."""

    families: Mapping[str, Family]

    def __post_init__(self) -> None:
        if not self.families:
            raise RegistryError("no module of checks exports a FAMILY")
        rules = [rule for family in self.families.values() for rule in family.rules]
        _once([f"the rule of generated requests of {rule.requirement}" for rule in rules])
        _once([f"the rule over {rule.scope} of {rule.requirement}" for rule in self.sequences])
        _once([f"the run-wide check of {check.requirement}" for check in self.run_wide_checks])

    @property
    def rules(self) -> dict[str, GeneratedRule]:
        """The rules of generated requests, by the requirement that each proves."""
        return {rule.requirement: rule for family in self.families.values() for rule in family.rules}

    @property
    def sequences(self) -> tuple[SequenceRule, ...]:
        """The rules of requests in the order sent."""
        return tuple(rule for family in self.families.values() for rule in family.sequences)

    @property
    def run_wide_checks(self) -> tuple[RunWideCheck, ...]:
        """The checks over a whole run."""
        return tuple(check for family in self.families.values() for check in family.run_wide)

    def examples(self) -> Iterator[Example]:
        """The examples of every family."""
        for family in self.families.values():
            yield from family.examples

    @property
    def requirements(self) -> set[str]:
        """The ids of all requirements that a check declares."""
        declared = {example.requirement for example in self.examples()} | self.rules.keys()
        declared |= {rule.requirement for rule in self.sequences}
        declared |= {check.requirement for check in self.run_wide_checks}
        return declared - {""}

    def unknown_to(self, requirements: Collection[str]) -> list[str]:
        """The ids that a check declares and that are not among `requirements`, sorted."""
        return sorted(self.requirements - set(requirements))


def _once(names: list[str]) -> None:
    """Raise RegistryError for a name that is declared twice."""
    for name in names:
        if names.count(name) > 1:
            raise RegistryError(f"two checks declare {name}")


def discovered() -> dict[str, Family]:
    """The families of all modules in this package, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    modules = {name: importlib.import_module(f"{checks.__name__}.{name}") for name in names if name != "registry"}
    return {name: module.FAMILY for name, module in modules.items() if hasattr(module, "FAMILY")}


REGISTRY = Registry(families=discovered())
