"""CON-01: how the console carries its key."""

from fixtures.console_harnesses import Harness
from technogate.checks.console_requests import carries_key, sent_times
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")


@requirement("CON-01")
def test_command_carries_the_key(harness: Harness, must_hold: MustHold) -> None:
    """A command is sent with the key in its header and not in its URL."""
    interaction = harness.execute(harness.conforming())
    must_hold(sent_times(interaction, harness.names.execute, 1), carries_key(interaction))


@requirement("CON-01")
@parts("fallback")
def test_audit_list_carries_the_key(harness: Harness, must_hold: MustHold) -> None:
    """The audit list and its fallback are requested with the key in its header and not in the URL."""
    interaction = harness.audit(harness.error(503), fallback=harness.listing())
    must_hold(
        sent_times(interaction, harness.names.audit, 1),
        sent_times(interaction, harness.names.fallback, 1),
        carries_key(interaction),
    )


@requirement("CON-01")
@parts("memory")
def test_memory_carries_the_key(harness: Harness, must_hold: MustHold) -> None:
    """The memory is requested with the key in its header and not in its URL."""
    interaction = harness.memory(harness.snapshot())
    must_hold(sent_times(interaction, harness.names.memory, 1), carries_key(interaction))
