"""What a generated execute request is answered."""

from fixtures.generated import Holds
from technogate.runner.suite import requirement


@requirement("EXE-01")
def test_generated_known_commands(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated request of a known command has the status that the command deserves."""
    check_generated("EXE-01", batch_of_execute)


@requirement("EXE-02")
def test_generated_bad_commands(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated command that breaks the contract is answered 400 VALIDATION_FAILED."""
    check_generated("EXE-02", batch_of_execute)


@requirement("EXE-03")
def test_generated_no_objects(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated body that is no JSON object is answered 400."""
    check_generated("EXE-03", batch_of_execute)


@requirement("EXE-04")
def test_generated_other_types(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated request of another content type is answered 415 or 400."""
    check_generated("EXE-04", batch_of_execute)


@requirement("EXE-05")
def test_generated_large_bodies(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated body over the limit is answered 413 or 400."""
    check_generated("EXE-05", batch_of_execute)


@requirement("EXE-06")
def test_generated_unknown_commands(check_generated: Holds, batch_of_execute: str) -> None:
    """Every generated command that nobody knows is answered 200 BLOCKED with a reason."""
    check_generated("EXE-06", batch_of_execute)


@requirement("EXE-07")
def test_generated_sessions(check_generated: Holds, batch_of_execute: str) -> None:
    """A generated session id changes nothing when it is valid, and is answered 400 when it is not."""
    check_generated("EXE-07", batch_of_execute)


@requirement("EXE-08")
def test_generated_unknown_fields(check_generated: Holds, batch_of_execute: str) -> None:
    """Generated fields that nobody knows change nothing."""
    check_generated("EXE-08", batch_of_execute)
