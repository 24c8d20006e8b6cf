"""Which requirements a person means: an id, a family of ids, a group, a party."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from technogate.contract.loader import Contract
from technogate.model.errors import UserError


def select(contract: Contract, words: Iterable[str]) -> tuple[str, ...]:
    """The ids that `words` select, in the contract's order; every id when there are no words.

    A word is an id (AUT-01), a family (AUT), a group (fail-closed) or a party (console), in any case.
    Raises UserError for a word that selects nothing.
    """
    wanted: set[str] = set()
    requested = list(words)
    for word in requested:
        wanted |= _ids(contract, word)
    return tuple(name for name in contract.requirements if name in wanted or not requested)


def _ids(contract: Contract, word: str) -> set[str]:
    """The ids that one word selects."""
    low = word.lower()
    selected = {
        requirement.id
        for requirement in contract.requirements.values()
        if low in (requirement.id.lower(), requirement.id.split("-")[0].lower(), requirement.group, requirement.party)
    }
    if not selected:
        near = difflib.get_close_matches(low, sorted(_known(contract)), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "`technogate requirements` lists them"
        raise UserError(f"{word!r} is no requirement, family, group or party of {contract.id}; {hint}")
    return selected


def _known(contract: Contract) -> set[str]:
    """Every word that can be meant, in lower case."""
    known: set[str] = set()
    for requirement in contract.requirements.values():
        known |= {requirement.id.lower(), requirement.id.split("-")[0].lower(), requirement.group, requirement.party}
    return known
