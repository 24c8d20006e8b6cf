"""What follows from a part that a page lacks: stated for every part, and true to the contract."""

import msgspec
import pytest

from technogate.contract.loader import Contract
from technogate.model.requirement import Level
from technogate.target.page_parts import BY_NAME, PARTS, consequence, consequences, undecided_without
from technogate.target.spec import Selectors
from tests.checks.test_registry import contract as contract


def test_every_selector_is_a_part_and_every_part_a_selector() -> None:
    """A part that can be named in a target file has a consequence, and no other part has one."""
    assert set(BY_NAME) == set(msgspec.structs.asdict(Selectors()))


def test_undecided_are_musts_of_the_console(contract: Contract) -> None:
    """What a missing part leaves undecided are ids that the contract has, as MUSTs."""
    musts = {known.id for known in contract.requirements.values() if known.level is Level.MUST}
    assert {must for part in PARTS for must in part.undecided} <= musts


@pytest.mark.parametrize(
    ("missing", "undecided"), [(["audit_filter", "audit_limit"], False), (["memory"], True), ([], False)]
)
def test_optional_parts_leave_nothing_undecided(missing: list[str], undecided: bool) -> None:
    """A page without filter and limit is judged with the default query; one without a memory area is not, there."""
    assert bool(undecided_without(missing)) is undecided


def test_two_missing_areas_leave_both_undecided() -> None:
    """The MUSTs of several missing parts are together, each once."""
    both = undecided_without(["audit", "memory"])
    assert {"CON-10", "CON-11"} <= set(both)
    assert len(both) == len(set(both))


def test_consequences_name_the_parts_in_the_order_of_the_page() -> None:
    """One sentence for each part, whatever the order in which they were found missing."""
    assert consequences(["memory_empty", "audit_filter"]) == (consequence("audit_filter"), consequence("memory_empty"))
    assert "default filter" in consequence("audit_filter")
