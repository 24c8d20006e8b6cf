"""What generated sequences of requests leave behind: in the memory, and in the trail."""

from fixtures.generated import Played
from technogate.checks import sequence_checks
from technogate.runner.suite import requirement


@requirement("MEM-01")
def test_sequence_snapshot(check_sequences: Played) -> None:
    """Wherever a sequence reads the memory after an executed command, the snapshot is of that command."""
    check_sequences(sequence_checks.snapshots)


@requirement("EXE-09")
def test_sequence_untouched(check_sequences: Played) -> None:
    """Whatever a sequence has refused or BLOCKED, in any order, leaves the memory as it was."""
    check_sequences(sequence_checks.untouched)


@requirement("EXE-10")
def test_sequence_executions(check_sequences: Played) -> None:
    """Each command that a sequence executes has a trace id and an entry of its own."""
    check_sequences(sequence_checks.executions)


@requirement("AUD-04")
def test_sequence_order(check_sequences: Played) -> None:
    """The entries of a sequence stand newest first, whatever became of its requests."""
    check_sequences(sequence_checks.ordered)


@requirement("AUD-06")
def test_sequence_fallback(check_sequences: Played) -> None:
    """After any sequence the fallback has the same entries as the audit list."""
    check_sequences(sequence_checks.alike)
