"""How generated requests fail."""

from fixtures.generated import Holds
from technogate.runner.suite import requirement


@requirement("ERR-01")
def test_generated_every_4xx(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every 4xx to a generated request is a valid ErrorResponse."""
    check_generated("ERR-01", batch_of_guarded)


@requirement("ERR-02")
def test_generated_every_5xx(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every 5xx to a generated request is a valid ErrorResponse."""
    check_generated("ERR-02", batch_of_guarded)


@requirement("ERR-06")
def test_generated_nothing_fails(check_generated: Holds, batch_of_any: str) -> None:
    """No generated request makes a 5xx."""
    check_generated("ERR-06", batch_of_any)


@requirement("ERR-04")
def test_generated_elsewhere(check_generated: Holds, batch_unknown_routes: str) -> None:
    """Every generated path that nothing is at is answered 404, every other method 405 with `Allow`."""
    check_generated("ERR-04", batch_unknown_routes)
