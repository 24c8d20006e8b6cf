"""The header of a run's journal."""

from __future__ import annotations

import platform
import time
from importlib import metadata

import msgspec

from technogate import __version__
from technogate.contract.loader import Contract
from technogate.journal.journal_file import FORMAT
from technogate.model.events import Header, Waiver
from technogate.model.settings import Settings
from technogate.target import Target
from technogate.util.extras import MODULES, missing
from technogate.util.gate_digest import gate_digest


def journal_header(
    settings: Settings,
    contract: Contract,
    target: Target,
    *,
    run: str,
    seed: int,
    waivers: tuple[Waiver, ...],
    replays: str,
) -> Header:
    """Return the header of a run: all that judging needs besides the events. `replays` names a replayed finding."""
    return Header(
        format=FORMAT,
        run=run,
        gate_version=__version__,
        contract=msgspec.structs.replace(contract.ref, argument=settings.contract),
        requirements=tuple(contract.requirements.values()),
        target=msgspec.structs.replace(target.ref, target_argument=settings.target),
        mode=settings.mode,
        profile=settings.profile,
        seed=seed,
        started=time.time(),
        selection=settings.selection,
        tolerance_s=contract.behavior.time.clock_tolerance_s,
        versions={
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: metadata.version(name) for name in ("pytest", "hypothesis", "httpx", *_playwright())},
        },
        decisions={decision.id: decision.title for decision in contract.decisions.values()},
        groups=dict(contract.groups),
        guarded=tuple(operation.id for operation in contract.judged),
        trace_header=contract.behavior.headers.trace,
        execute=contract.behavior.operations.execute,
        blocked=contract.behavior.statuses.blocked,
        unaudited=contract.behavior.reason_codes.audit_unavailable,
        words=contract.words,
        response_s=contract.behavior.time.response_s,
        trail_visible_s=contract.behavior.time.trail_visible_s,
        p99_s=dict(contract.behavior.time.p99_s),
        slow=_slow_command(target),
        waivers=waivers,
        gate_digest=gate_digest(),
        replays=replays,
    )


def _playwright() -> tuple[str, ...]:
    """The name of Playwright where it is installed: it is an extra."""
    return () if missing(*MODULES["browser"]) else ("playwright",)


def _slow_command(target: Target) -> str:
    """The command of the backend that hangs on purpose, "" when the target names none."""
    backend = target.spec.backend
    return (backend.commands.slow if backend else None) or ""
