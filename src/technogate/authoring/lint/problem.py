"""One problem of a contract folder, and what rules are given to find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from technogate.contract.files import Decision
from technogate.model.requirement import Requirement

#: The rules whose findings are remarks: they do not change the exit code.
NOTES = frozenset(
    {"security-scheme-unused", "parameter-without-restriction", "errors-differ", "requirement-without-check"}
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """What is missing, contradictory or untestable: where, by which rule, and what to do.

    `line` is counted from 1; 0 where the file has no line for it.
    """

    file: str
    line: int
    rule: str
    text: str
    hint: str

    @property
    def is_note(self) -> bool:
        """Whether it is a remark."""
        return self.rule in NOTES

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'note' if self.is_note else 'problem'}: {self.text}; {self.hint} [{self.rule}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What could be read of a folder; what could not is empty."""

    document: Mapping[str, object] = field(default_factory=dict)
    behavior: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found, before its line is known: the pointer within its file."""

    rule: str
    pointer: str
    text: str
    hint: str
