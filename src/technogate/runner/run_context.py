"""One process's share in a run: the journal it writes to, the item at work, and what fixtures need."""

from __future__ import annotations

import itertools
import platform
import random
import secrets
import shutil
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import msgspec

from technogate import __version__
from technogate.checks.response_predicates import is_error_response
from technogate.contract.loader import Contract, load_contract
from technogate.journal.journal_file import FORMAT, JournalWriter
from technogate.journal.redaction import Redactor
from technogate.judging.waiver_file import waivers_of
from technogate.model.errors import UserError
from technogate.model.events import Abort, Event, Exchange, Header, Waiver
from technogate.model.settings import Settings
from technogate.report import REPORTS
from technogate.report.allure import NAME as ALLURE
from technogate.runner.replay_order import Replay, read_replay
from technogate.runner.suite import CheckCounter
from technogate.target import Target, load_target
from technogate.util.gate_digest import gate_digest
from technogate.util.shipped import find_home

DEFAULT_CONTRACT = "console-v0.1"


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """What the controlling process tells each worker of a run."""

    settings: Settings
    run: str
    run_key: str
    seed: int


@dataclass(slots=True)
class Smallest:
    """The smallest case that fails the item at work, as text that its generator wrote and can read.

    `given` is the one to be played first: that of the finding, in the replay's own item. `kept` is the
    smallest that was found.
    """

    replay: Replay | None
    given: str = ""
    kept: str = ""

    def begin_item(self, item: str) -> None:
        """Forget the last item's case."""
        self.given = self.replay.smallest if self.replay is not None and item == self.replay.item else ""
        self.kept = ""


@dataclass(slots=True, kw_only=True)
class RunContext:
    """What the plugin shares with the fixtures of one pytest process.

    `worker` names the process in the journal; `run_key` is the API key that started programs get;
    `watchers` are called with each event once it is written; `replay` is what is replayed, None in every
    other run.
    """

    settings: Settings
    contract: Contract
    target: Target
    home: Path
    journal: JournalWriter
    worker: str
    run: str
    run_key: str
    seed: int
    replay: Replay | None = None
    item: str = ""
    counter: CheckCounter = field(default_factory=CheckCounter)
    watchers: list[Callable[[Event], None]] = field(default_factory=list)
    redactor: Redactor = field(init=False)
    smallest: Smallest = field(init=False)
    new_id: Callable[[], str] = field(init=False)
    _lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.redactor = Redactor(self.run_key)
        self.smallest = Smallest(self.replay)
        numbers = itertools.count(1)
        self.new_id = lambda: f"{self.worker}-{next(numbers)}"

    def record(self, event: Event) -> None:
        """Append one event to the journal, from whichever thread, and tell the watchers of it."""
        if isinstance(event, Exchange):
            event = self._measured(event)
        with self._lock:
            self.journal.append(event)
            for watch in self.watchers:
                watch(event)

    def _measured(self, exchange: Exchange) -> Exchange:
        """The exchange with what is wrong with a 5xx of a guarded operation: judging has no contract (ERR-02)."""
        response = exchange.response
        if response is None or response.status < 500 or response.body.cut or exchange.responded_by != "backend":
            return exchange
        if exchange.operation not in {operation.id for operation in self.contract.guarded}:
            return exchange
        found = is_error_response(self.contract, exchange)
        return msgspec.structs.replace(exchange, problems=tuple(one.observed for one in found))

    def abort(self, kind: Literal["configuration", "crash"], message: str) -> None:
        """Record that the run cannot go on."""
        clean, _ = self.redactor.clean_text(message)
        self.record(Abort(kind=kind, message=clean))

    def begin_item(self, item: str) -> None:
        """Start counting the checks of a new item."""
        self.item = item
        self.smallest.begin_item(item)
        self.counter = CheckCounter()

    def hand_over(self) -> dict[str, Any]:
        """What a worker needs to join, in plain types."""
        given = HandOver(settings=self.settings, run=self.run, run_key=self.run_key, seed=self.seed)
        plain: dict[str, Any] = msgspec.to_builtins(given)
        return plain


def contract_given(folder: str, home: Path) -> Contract:
    """The contract in the folder that was given, "" for the one shipped; raises ContractError."""
    return load_contract(Path(folder) if folder else home / "contracts" / DEFAULT_CONTRACT)


def load_inputs(settings: Settings) -> tuple[Contract, Target, Path]:
    """Contract, target and home of a run.

    Raises UserError, ContractError or HomeError, each one line for the user.
    """
    home = find_home()
    contract = contract_given(settings.contract, home)
    target = load_target(settings.target, home)
    target.preflight()
    return contract, target, home


def prepare_reports(folder: Path) -> None:
    """Make the reports folder, prove that it can be written, and remove an earlier run's results.

    Raises UserError when that is impossible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # What an earlier run left behind must not be taken for this run's result.
        for name in ("journal.jsonl", *REPORTS):
            if name == ALLURE and (folder / name).exists():
                shutil.rmtree(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        probe = folder / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"cannot write reports to {folder}: {error.strerror}; name another folder with --reports"
        ) from error


def open_run(settings: Settings) -> RunContext:
    """Begin a run: load what it needs, open its journal and write the header."""
    contract, target, home = load_inputs(settings)
    # A check shows what holds and what does not: nothing is waived in it.
    waivers = waivers_of(settings.waivers) if settings.mode == "validate" else ()
    prepare_reports(settings.folder)
    seed = settings.seed if settings.seed is not None else random.SystemRandom().randrange(1, 1_000_000_000)
    run_context = RunContext(
        settings=settings,
        contract=contract,
        target=target,
        home=home,
        journal=JournalWriter(settings.journal, "main"),
        worker="main",
        run=settings.run or new_run(),
        run_key=target.api_key or new_key(),
        seed=seed,
        replay=read_replay(Path(settings.replay)) if settings.replay else None,
    )
    run_context.record(_header(run_context, waivers))
    return run_context


def join_run(given: dict[str, Any], worker: str) -> RunContext:
    """Join a run in a worker process, with what the controlling process handed over."""
    handed = msgspec.convert(given, HandOver)
    contract, target, home = load_inputs(handed.settings)
    return RunContext(
        settings=handed.settings,
        contract=contract,
        target=target,
        home=home,
        journal=JournalWriter(handed.settings.journal, worker),
        worker=worker,
        run=handed.run,
        run_key=handed.run_key,
        seed=handed.seed,
    )


def new_run() -> str:
    """A name for a run: its journal bears it, and so do its requests."""
    return secrets.token_hex(4)


def new_key() -> str:
    """An API key for one run: letters of both cases, so that a comparison that ignores case is caught."""
    alphabet = string.ascii_letters + string.digits
    return "Tg" + "".join(secrets.choice(alphabet) for _ in range(30))


def _header(run_context: RunContext, waivers: tuple[Waiver, ...]) -> Header:
    """All that judging needs besides the events."""
    contract, settings = run_context.contract, run_context.settings
    return Header(
        format=FORMAT,
        run=run_context.run,
        gate_version=__version__,
        contract=contract.ref,
        requirements=tuple(contract.requirements.values()),
        target=msgspec.structs.replace(run_context.target.ref, target_argument=settings.target),
        mode=settings.mode,
        profile=settings.profile,
        seed=run_context.seed,
        started=time.time(),
        selection=settings.selection,
        tolerance_s=contract.behavior.time.clock_tolerance_s,
        versions={
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: metadata.version(name) for name in ("pytest", "hypothesis", "httpx", "playwright")},
        },
        decisions={decision.id: decision.title for decision in contract.decisions.values()},
        groups=dict(contract.groups),
        guarded=tuple(operation.id for operation in contract.guarded),
        trace_header=contract.behavior.headers.trace,
        execute=contract.behavior.operations.execute,
        blocked=contract.behavior.statuses.blocked,
        unaudited=contract.behavior.reason_codes.audit_unavailable,
        response_s=contract.behavior.time.response_s,
        trail_visible_s=contract.behavior.time.trail_visible_s,
        p99_s=dict(contract.behavior.time.p99_s),
        slow=_slow_command(run_context.target),
        waivers=waivers,
        gate_digest=gate_digest(run_context.home),
        replays=run_context.replay.finding if run_context.replay is not None else "",
    )


def _slow_command(target: Target) -> str:
    """The command of the backend that hangs on purpose, "" when the target names none."""
    backend = target.spec.backend
    return (backend.commands.slow if backend else None) or ""
