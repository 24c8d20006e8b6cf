"""What generated sequences of requests leave behind: in the memory, and in the trail."""

from fixtures.generated import Played
from technogate.checks import sequence_checks
from technogate.runner.suite import requirement


@requirement("MEM-01")
def test_sequence_snapshot(every_sequence: Played) -> None:
    """Wherever a sequence reads the memory after an executed command, the snapshot is of that command."""
    every_sequence(sequence_checks.snapshots)


@requirement("EXE-09")
def test_sequence_untouched(every_sequence: Played) -> None:
    """Whatever a sequence has refused or BLOCKED, in any order, leaves the memory as it was."""
    every_sequence(sequence_checks.untouched)


@requirement("EXE-10")
def test_sequence_executions(every_sequence: Played) -> None:
    """Each command that a sequence executes has a trace id and an entry of its own."""
    every_sequence(sequence_checks.executions)


@requirement("AUD-04")
def test_sequence_order(every_sequence: Played) -> None:
    """The entries of a sequence stand newest first, whatever became of its requests."""
    every_sequence(sequence_checks.ordered)


@requirement("AUD-06")
def test_sequence_fallback(every_sequence: Played) -> None:
    """After any sequence the fallback has the same entries as the audit list."""
    every_sequence(sequence_checks.alike)
