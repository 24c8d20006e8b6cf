"""What was learned about a pair: each line of a target file with what shows it, and what could not be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: The value of a key of a target file.
Value = str | bool | int | list[str] | dict[str, str] | dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a target file: its table, its key, the value, and what shows that it is so."""

    table: str
    key: str
    value: Value
    evidence: str

    @property
    def path(self) -> str:
        """The dotted path of the key."""
        return f"{self.table}.{self.key}" if self.table else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One key that nothing showed: what was tried, and what stays undecided without it.

    `absent` is whether all that is likely was tried: then the file says that there is none.
    """

    table: str
    key: str
    tried: str
    consequence: str
    absent: bool = False


@dataclass(slots=True)
class Learned:
    """Everything learned so far, in the order in which it was found; each line is told as it is found."""

    tell: Callable[[str], None]
    lines: list[Line] = field(default_factory=list)
    steps: list[dict[str, Value]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def learn(self, table: str, key: str, value: Value, evidence: str) -> None:
        """Keep one line and tell it; a later line replaces an earlier one with the same key."""
        line = Line(table=table, key=key, value=value, evidence=evidence)
        self.lines = [kept for kept in self.lines if kept.path != line.path]
        self.gaps = [gap for gap in self.gaps if (gap.table, gap.key) != (table, key)]
        self.lines.append(line)
        self.tell(f"found    {line.path} = {value!r}: {evidence}")

    @property
    def tables(self) -> set[str]:
        """The tables that have a line or a gap."""
        return {line.table for line in self.lines} | {gap.table for gap in self.gaps}

    def step(self, moment: str, action: str, value: str, evidence: str, *, when: str = "before") -> None:
        """Keep one step of the page, before or after a `moment`, and tell it."""
        self.steps.append({when: moment, action: value, "#": evidence})
        self.tell(f"found    console.steps: {when} {moment}, {action} {value!r}: {evidence}")

    def lack(self, table: str, key: str, tried: str, consequence: str, *, absent: bool = False) -> None:
        """Keep that a key was not found, and tell it."""
        self.gaps.append(Gap(table=table, key=key, tried=tried, consequence=consequence, absent=absent))
        self.tell(f"missing  {table}.{key}: {tried}" + (f"; {consequence}" if consequence else ""))

    def note(self, text: str) -> None:
        """Keep a remark that has no line of its own, and tell it."""
        self.notes.append(text)
        self.tell(f"note     {text}")

    def value(self, path: str) -> Value | None:
        """The value of a line, None when it was not learned."""
        return next((line.value for line in self.lines if line.path == path), None)
