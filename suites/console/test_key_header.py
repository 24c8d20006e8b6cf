"""CON-01: how the console carries its key."""

from fixtures.console import Stage
from technogate.checks import console
from technogate.runner.suite import MustHold, requirement


@requirement("CON-01")
def test_command_carries_the_key(stage: Stage, must_hold: MustHold) -> None:
    """A command is sent with the key in X-API-Key and not in its URL."""
    scene = stage.execute(stage.conforming())
    must_hold(console.asked(scene, stage.names.execute, 1), console.carries_key(scene))


@requirement("CON-01")
def test_audit_list_carries_the_key(stage: Stage, must_hold: MustHold) -> None:
    """The audit list and its fallback are asked for with the key in X-API-Key and not in the URL."""
    scene = stage.audit(stage.error(503), fallback=stage.listing())
    must_hold(
        console.asked(scene, stage.names.audit, 1),
        console.asked(scene, stage.names.fallback, 1),
        console.carries_key(scene),
    )


@requirement("CON-01")
def test_memory_carries_the_key(stage: Stage, must_hold: MustHold) -> None:
    """The memory is asked for with the key in X-API-Key and not in its URL."""
    scene = stage.memory(stage.snapshot())
    must_hold(console.asked(scene, stage.names.memory, 1), console.carries_key(scene))
