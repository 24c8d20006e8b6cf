"""What the contract makes of a response, as a value: the meaning of it, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

#: A finding quotes at most so many problems of a response.
PROBLEMS_SHOWN = 3


class Meaning(StrEnum):
    """What a console must do with a response: to show it as it is, to treat it as refused, or either."""

    CONFORMS = "conforms"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseReading:
    """A response as the contract reads it: `problems` state why it is refused."""

    meaning: Meaning
    value: object = None
    problems: tuple[str, ...] = field(default=())

    @property
    def why(self) -> str:
        """The problems as one line; for a response without any, that there is none."""
        if self.meaning is Meaning.CONFORMS:
            return "a conforming response"
        shown = "; ".join(self.problems[:PROBLEMS_SHOWN])
        more = len(self.problems) - PROBLEMS_SHOWN
        return shown + (f"; and {more} more" if more > 0 else "")

    def fields(self) -> dict[str, str]:
        """The fields of the response's value, or of its first entry, each as JSON: the table of a finding."""
        value, prefix = self.value, "response field "
        if isinstance(value, list) and value:
            value, prefix = value[0], "response entry 1, field "
        if not isinstance(value, Mapping):
            return {}
        return {f"{prefix}{name}": json.dumps(member, ensure_ascii=False) for name, member in value.items()}
