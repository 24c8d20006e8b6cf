"""What is wrong with a request by the contract, in the words that its recorded exchange keeps. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from technogate.generation.requests.request_oracle import Auth, auth, expected
from technogate.model.case import Case, Key

if TYPE_CHECKING:
    from technogate.contract.loader import Contract


def defects_by(contract: Contract, right: Key) -> Callable[[Case, Key], tuple[str, ...]]:
    """Return what names the defects of a case that is sent with a key: those of the key first, none for a valid one."""

    def defects(case: Case, key: Key) -> tuple[str, ...]:
        if case.operation not in contract.operations:
            return ()
        given = auth(key, right)
        of_key = () if given is Auth.RIGHT else (given.value,)
        return (*of_key, *sorted(fault.value for fault in expected(contract, case).faults))

    return defects
