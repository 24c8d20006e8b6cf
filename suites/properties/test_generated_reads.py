"""What a generated read is answered."""

from collections.abc import Callable

from fixtures.generated import Holds
from technogate.runner.suite import requirement


@requirement("AUD-01")
def test_generated_lists(check_generated: Holds, batch_of_trail: str) -> None:
    """Every 200 to a generated read of the trail is an array of valid entries, or BLOCKED."""
    check_generated("AUD-01", batch_of_trail)


@requirement("AUD-02")
def test_generated_filters(check_generated: Holds, batch_of_trail: str) -> None:
    """Every generated filter returns entries of its state alone."""
    check_generated("AUD-02", batch_of_trail)


@requirement("AUD-02")
def test_generated_filters_complete(complete: Callable[[str], None], batch_of_trail: str) -> None:
    """No generated read of the trail leaves out an entry of its state that an earlier one showed."""
    complete(batch_of_trail)


@requirement("AUD-03")
def test_generated_limits(check_generated: Holds, batch_of_trail: str) -> None:
    """Every generated limit bounds the length, and its absence does."""
    check_generated("AUD-03", batch_of_trail)


@requirement("AUD-04")
def test_generated_order(check_generated: Holds, batch_of_trail: str) -> None:
    """Every generated read of the trail has the newest entry first."""
    check_generated("AUD-04", batch_of_trail)


@requirement("AUD-05")
def test_generated_bad_queries(check_generated: Holds, batch_of_trail: str) -> None:
    """Every generated query that the contract forbids is answered 400."""
    check_generated("AUD-05", batch_of_trail)


@requirement("MEM-01")
def test_generated_snapshots(check_generated: Holds, batch_of_memory: str) -> None:
    """Every generated read of the memory is answered with a valid snapshot, or with none."""
    check_generated("MEM-01", batch_of_memory)
