"""The order of items: one of several workers runs the faults early, a single worker runs them last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from technogate.runner.item_order import in_order
from technogate.runner.scheduling import BESIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What the order reads of an item."""

    nodeid: str
    fixturenames: tuple[str, ...] = ()
    markers: frozenset[str] = frozenset()

    @property
    def path(self) -> Path:
        """The file of the item."""
        return Path(self.nodeid.partition("::")[0])

    def get_closest_marker(self, name: str) -> str | None:
        """See pytest.Item."""
        return name if name in self.markers else None


ITEMS = {
    "collects": Item(nodeid="suites/stack/a.py::c", fixturenames=("own_stack",), markers=frozenset({"collects"})),
    "first": Item(nodeid="suites/backend/a.py::first"),
    "slow fault": Item(nodeid="suites/faults/a.py::slow", markers=frozenset({"late"})),
    "slow response": Item(nodeid="suites/console/a.py::slow", fixturenames=("slow_interaction",)),
    "beside": Item(nodeid=BESIDE[0]),
    "fault": Item(nodeid="suites/faults/a.py::fault"),
    "second": Item(nodeid="suites/backend/a.py::second"),
    "stack": Item(nodeid="suites/stack/a.py::s", fixturenames=("own_stack",)),
}


def names(workers: int) -> list[str]:
    """The names of the items in their order."""
    items = cast("list[pytest.Item]", list(ITEMS.values()))
    by_item = {item.nodeid: name for name, item in ITEMS.items()}
    return [by_item[item.nodeid] for item in in_order(items, workers)]


def test_a_single_worker_runs_the_faults_last() -> None:
    """Faults may harm the only pair; objects frozen earlier are collected at the end."""
    others = ["first", "beside", "second", "slow response"]
    assert names(1) == ["stack", *others, "fault", "slow fault", "collects"]


def test_one_of_several_workers_runs_the_faults_early() -> None:
    """One worker runs the slow faults while the other workers run the rest."""
    faults = ["stack", "fault", "beside", "slow fault", "collects"]
    assert names(2) == [*faults, "first", "second", "slow response"]
