"""The requirements that a missing key leaves undecided exist."""

from __future__ import annotations

from technogate.contract.loader import load_contract
from technogate.onboarding import consequences
from technogate.util.shipped import shipped


def test_named_requirements_exist() -> None:
    """Each id that a consequence names is one of the contract."""
    known = load_contract(shipped("contracts", "console-v0.1")).requirements
    named = {one for ids in consequences._UNDECIDED.values() for one in ids if "-" in one and " " not in one}
    assert named <= set(known)


def test_a_key_without_a_consequence_has_no_phrase() -> None:
    """Nothing is said where nothing depends on a key."""
    assert consequences.consequence("backend.ready") == ""
    assert consequences.consequence("backend.commands.slow") == "without it undecided: TMO-01"
