"""The operations for each of which there is an item, by the name of the fixture that takes them.

Where a contract has none of a kind, the items of that kind are not collected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from technogate.contract.loader import Contract, Operation
from technogate.generation.requests.general_cases import malformed

#: What picks the operations of each kind; those called general play no part.
KINDS: Mapping[str, Callable[[Contract], tuple[Operation, ...]]] = {
    "guarded": lambda contract: contract.guarded,
    "judged": lambda contract: contract.judged,
    "repeatable": lambda contract: contract.repeatable,
    "general": lambda contract: contract.general,
    "general_body": lambda contract: tuple(one for one in contract.general if one.request_pointer is not None),
    "general_guarded": lambda contract: tuple(one for one in contract.general if one.guarded),
    "general_malformed": lambda contract: tuple(
        one for one in contract.general if one.guarded and malformed(contract, one.id)
    ),
}


def kinds_of(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The ids of the operations of each kind."""
    return {kind: tuple(one.id for one in pick(contract)) for kind, pick in KINDS.items()}


def takes_malformed(contract: Contract, operation: str) -> bool:
    """Whether a request of an operation that demands a credential can be malformed."""
    if any(one.id == operation for one in contract.general):
        return bool(malformed(contract, operation))
    described = contract.operations[operation]
    return described.request_pointer is not None or bool(described.parameters)
