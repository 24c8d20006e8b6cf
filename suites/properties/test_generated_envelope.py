"""What every generated request is answered with."""

from fixtures.generated import Holds
from technogate.runner.suite import requirement


@requirement("ENV-01")
def test_generated_execute_answers(check_generated: Holds, batch_of_execute: str) -> None:
    """Every 200 to a generated execute request is a valid ExecuteResponse."""
    check_generated("ENV-01", batch_of_execute)


@requirement("ENV-02")
def test_generated_statuses(check_generated: Holds, batch_of_execute: str) -> None:
    """Every 200 to a generated execute request has one of the five statuses, in exactly that case."""
    check_generated("ENV-02", batch_of_execute)


@requirement("ENV-03")
def test_generated_times(check_generated: Holds, batch_of_execute: str) -> None:
    """Every answer to a generated execute request has a time in UTC that is now."""
    check_generated("ENV-03", batch_of_execute)


@requirement("ENV-04")
def test_generated_trace_ids(check_generated: Holds, batch_of_execute: str) -> None:
    """Every answer to a generated execute request has a trace id of the right form."""
    check_generated("ENV-04", batch_of_execute)


@requirement("ENV-05")
def test_generated_trace_headers(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every answer to a generated request has its trace header, equal to the body's trace id."""
    check_generated("ENV-05", batch_of_guarded)


@requirement("ENV-06")
def test_generated_reasons(check_generated: Holds, batch_of_execute: str) -> None:
    """Every BLOCKED or EXPIRED answer to a generated execute request gives a reason."""
    check_generated("ENV-06", batch_of_execute)


@requirement("ENV-07")
def test_generated_strict_json(check_generated: Holds, batch_of_guarded: str) -> None:
    """Every answer to a generated request is declared as JSON and is strict JSON."""
    check_generated("ENV-07", batch_of_guarded)
