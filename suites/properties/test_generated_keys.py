"""What a generated request is answered without the right key."""

from fixtures.generated import Holds
from technogate.runner.suite import requirement


@requirement("AUT-01")
def test_generated_no_key(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every generated request without a key is answered 401."""
    check_generated("AUT-01", batch_of_guarded)


@requirement("AUT-02")
def test_generated_wrong_key(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every generated request with a wrong key is answered 403."""
    check_generated("AUT-02", batch_of_guarded)


@requirement("AUT-03")
def test_generated_key_refusals(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every refusal of the key of a generated request says API_KEY_INVALID."""
    check_generated("AUT-03", batch_of_guarded)


@requirement("AUT-04")
def test_generated_key_before_all(check_generated: Holds, batch_of_checked: str) -> None:
    """Every generated request that is malformed and lacks the right key is refused for its key."""
    check_generated("AUT-04", batch_of_checked)
