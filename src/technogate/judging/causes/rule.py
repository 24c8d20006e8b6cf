"""What a rule of causes is: which findings it explains, how it tells causes apart, and what it calls them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from technogate.judging.causes.fact import Fact
from technogate.judging.causes.run_facts import RunFacts
from technogate.model.requirement import Party

#: From a finding to the key of its cause; None when the rule does not explain the finding.
Key = Callable[[Fact, RunFacts], Hashable | None]
#: From the findings of one cause to its title.
Title = Callable[[Sequence[Fact], RunFacts], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of cause. The first rule that explains a finding takes it, so that each finding has one cause.

    Findings with equal keys, of one party, have the same cause. A `root` explains findings of other kinds, and is
    reported before the causes that explain only their own.
    """

    name: str
    parties: frozenset[Party]
    key: Key
    title: Title
    root: bool = False
