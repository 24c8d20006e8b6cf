"""The first of the faults starts what takes long, so that the last of them need not wait for it."""

import pytest

from fixtures.disturb import EARLY


@pytest.fixture(autouse=True)
def early(request: pytest.FixtureRequest) -> None:
    """Send the commands that hang before the first of these items, when a later one of this worker asks for them."""
    first = next(item for item in request.session.items if item.path.parent.name == "faults")
    if request.node is first and request.config.stash[EARLY]:
        request.getfixturevalue("hung")
