"""The words of a comparison: what one change does to what may be said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from technogate.contract.schema_wording import show


class Effect(StrEnum):
    """What a change does to the values that are allowed; BOTH where neither way is ruled out."""

    NARROWS = "narrows"
    WIDENS = "widens"
    BOTH = "both"
    NEITHER = "neither"


class Context(StrEnum):
    """Who says what a schema describes: consoles send requests and parameters, backends responses and headers."""

    REQUEST = "request"
    PARAMETER = "parameter"
    RESPONSE = "response"
    HEADER = "header"

    @property
    def is_sent_by_console(self) -> bool:
        """Whether the console says it and the backend must accept it."""
        return self in (Context.REQUEST, Context.PARAMETER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One change of a schema: its kind (the rule's id without the context), its pointer, its effect, both values."""

    kind: str
    where: str
    effect: Effect
    what: str
    before: str = ""
    after: str = ""


def value_text(value: object) -> str:
    """A value as part of a line; lists of words in full."""
    if isinstance(value, list | tuple | set | frozenset):
        words = [value_text(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        return ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")
    return value if isinstance(value, str) and value and len(value) <= 80 else show(value)
