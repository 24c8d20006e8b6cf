"""The first of the faults starts what takes long, so that the last of them need not wait for it."""

import pytest


@pytest.fixture(autouse=True)
def early(request: pytest.FixtureRequest) -> None:
    """Send the commands that hang before the first of these items, when a later one will use them."""
    items = [item for item in request.session.items if item.path.parent.name == "faults"]
    if request.node is items[0] and any(item.get_closest_marker("late") for item in items):
        request.getfixturevalue("hanging")
