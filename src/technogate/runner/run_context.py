"""The part of a run that one process has: its journal, the current item, and what fixtures need."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from technogate.checks.machine_facts import MachineFacts
from technogate.checks.response_predicates import is_error_response
from technogate.contract.loader import Contract, ContractError, load_contract, shipped_digest
from technogate.drivers.http.paces import Paces
from technogate.drivers.http.request_window import RequestWindow
from technogate.fit.console_drivers import with_drivers
from technogate.journal.journal_file import JournalWriter
from technogate.journal.line_marks import JournalKey
from technogate.journal.redaction import Redactor
from technogate.judging.waiver_file import waivers_of
from technogate.model.contract_words import speak
from technogate.model.errors import UserError
from technogate.model.events import Abort, Event, Exchange, FitCheck
from technogate.model.settings import JOURNAL, Settings
from technogate.report.report_files import clear
from technogate.runner.expected_time import learned_limit
from technogate.runner.journal_header import journal_header
from technogate.runner.replay_order import Replay, read_replay
from technogate.runner.suite import CheckCounter
from technogate.target import Target, load_target
from technogate.target.api_key import new_key, variables_of
from technogate.target.environment import know, withheld, withhold
from technogate.target.own_secrets import secrets_of
from technogate.util.plain_file import create
from technogate.util.shipped import shipped

DEFAULT_CONTRACT = "console-v0.1"


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """What the controlling process passes to a worker of a run.

    `contract` is the digest of the one it checked; `journal_key` marks what that worker writes; `withheld` is what no
    child of a worker may inherit of the user's environment, and its target file names.
    """

    settings: Settings
    contract: str
    run: str
    run_key: str
    seed: int
    journal_key: str
    withheld: dict[str, str]


#: The file in the folder of the reports that keeps what a program wrote which did not start.
PROGRAM_OUTPUT = "program-output.log"


@dataclass(slots=True)
class Smallest:
    """The smallest case that fails the current item, as text that its generator wrote and can read.

    `given` is the one to run first: in a replay, that of the finding. `kept` is the smallest that was found.
    """

    replay: Replay | None
    given: str = ""
    kept: str = ""

    def begin_item(self, item: str) -> None:
        """Clear the last item's case."""
        self.given = self.replay.smallest if self.replay is not None and item == self.replay.item else ""
        self.kept = ""


@dataclass(slots=True, kw_only=True)
class RunContext:
    """What the plugin shares with the fixtures of one pytest process.

    `worker` names the process in the journal; `run_key` is the API key of started programs; `watchers` are called
    with each event after it is written; `program_checks` are called when an item ends, and raise what takes the place
    of its result where a program has ended; `facts` is what no response may disclose; `paces` are those of
    its backends; `journal_key` proves its journal, in the process that hands it on or judges it; `replay` is None
    unless the run is a replay; `fit` is what the fit check found, nothing before it.
    """

    settings: Settings
    contract: Contract
    target: Target
    journal: JournalWriter
    worker: str
    run: str
    run_key: str
    seed: int
    journal_key: JournalKey | None = None
    replay: Replay | None = None
    item: str = ""
    counter: CheckCounter = field(default_factory=CheckCounter)
    facts: MachineFacts = field(default_factory=MachineFacts)
    watchers: list[Callable[[Event], None]] = field(default_factory=list)
    program_checks: list[Callable[[bool], None]] = field(default_factory=list)
    fit: FitCheck = field(default_factory=FitCheck)
    redactor: Redactor = field(init=False)
    smallest: Smallest = field(init=False)
    new_id: Callable[[], str] = field(init=False)
    paces: Paces = field(init=False)
    _lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        speak(self.contract.words)
        self.redactor = Redactor(self.run_key, secrets_of(self.target.spec))
        self.journal.redactor = self.redactor
        self.smallest = Smallest(self.replay)
        self.paces = self._paces()
        numbers = itertools.count(1)
        self.new_id = lambda: f"{self.worker}-{next(numbers)}"

    @property
    def console_contract(self) -> Contract:
        """The contract that a console meets: what it lacks is there as well, where no console asks for it."""
        return self.contract.completed()

    def _paces(self) -> Paces:
        """The paces of this process, with what the target file declares."""
        backend = self.target.spec.backend
        limit = backend.rate_limit if backend is not None else None
        keys = backend.wrong_keys if backend is not None else None
        return Paces(
            api_key=self.run_key,
            operations=[operation.id for operation in self.contract.guarded],
            note=self.record,
            window=None if limit is None else RequestWindow(requests=limit.requests, per_s=limit.per_s),
            wrong_keys=None if keys is None else RequestWindow(requests=keys.at_most, per_s=keys.per_s),
            describe=self._learned_limit,
        )

    def _learned_limit(self, window: RequestWindow) -> str:
        settings = self.settings
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        return learned_limit(window, self.contract, settings.selection, settings.profile, workers, settings.max_time_s)

    def record(self, event: Event) -> None:
        """Append one event to the journal, from any thread, and call the watchers with it."""
        if isinstance(event, Exchange):
            event = self._measured(event)
        with self._lock:
            self.journal.append(event)
            for watch in self.watchers:
                watch(event)

    def _measured(self, exchange: Exchange) -> Exchange:
        """Add what judging cannot see: what a response discloses of this machine (ERR-03), what is wrong with a 5xx.

        A 5xx of a guarded operation is held to the contract, which judging does not have (ERR-02).
        """
        if exchange.responded_by == "backend" and (disclosed := self.facts.disclosed(exchange)):
            exchange = msgspec.structs.replace(exchange, disclosed=disclosed)
        response = exchange.response
        if response is None or response.status < 500 or response.body.cut or exchange.responded_by != "backend":
            return exchange
        if exchange.operation not in {operation.id for operation in self.contract.judged}:
            return exchange
        findings = is_error_response(self.contract, exchange)
        return msgspec.structs.replace(exchange, problems=tuple(finding.observed for finding in findings))

    def abort(self, kind: Literal["configuration", "crash"], message: str) -> None:
        """Record that the run cannot go on."""
        clean, _ = self.redactor.clean_text(message)
        self.record(Abort(kind=kind, message=clean))

    def begin_item(self, item: str) -> None:
        """Start counting the checks of a new item."""
        self.item = item
        self.smallest.begin_item(item)
        self.counter = CheckCounter()

    def check_programs(self, *, thoroughly: bool) -> None:
        """See whether a program under test has ended; raises Crash or NotAnswered in place of the item's result.

        `thoroughly` asks also those for which that takes time.
        """
        for check in self.program_checks:
            check(thoroughly)

    def hand_over(self, worker: str) -> dict[str, Any]:
        """Return what a worker needs to join the run, in plain types."""
        if self.journal_key is None:
            raise RuntimeError("only the controlling process of a run has workers")
        handed = HandOver(
            settings=self.settings,
            contract=self.contract.digest,
            run=self.run,
            run_key=self.run_key,
            seed=self.seed,
            journal_key=self.journal_key.of(worker).hex(),
            withheld=withheld(),
        )
        plain: dict[str, Any] = msgspec.to_builtins(handed)
        return plain


def contract_or_default(folder: str, *, checked: str = "") -> Contract:
    """Load the contract in `folder`, or the shipped one for ""; raises ContractError. See `load_contract`.

    One with the id of a shipped contract and other bytes is refused: reports would call it by that name.
    """
    contract = load_contract(Path(folder) if folder else shipped("contracts", DEFAULT_CONTRACT), checked=checked)
    if shipped_digest(contract.id) not in ("", contract.digest):
        raise ContractError(
            f"{folder} is not the shipped contract {contract.id} (sha256 {contract.digest[:16]}…), and has its name; "
            "name the folder otherwise"
        )
    return contract


def load_inputs(settings: Settings, *, starts: bool = True, checked: str = "") -> tuple[Contract, Target]:
    """Load the contract and the target of a run; with `starts` False, skip the checks that only a start needs.

    `checked` is the digest of the contract that another process of the run has checked.
    Raises UserError, ContractError or ShippedDataError, each one line for the user.
    """
    contract = contract_or_default(settings.contract, checked=checked)
    speak(contract.words)
    target = load_target(settings.target)
    if starts:
        target.preflight()
    return contract, target


def withhold_environment(target: Target) -> None:
    """Take what no child of this process has a use for out of its environment, for the rest of its life.

    Compose files may name any variable, and compose alone gets all of them.
    """
    withhold(None if target.ref.kind == "compose" else variables_of(target.spec))


def clear_reports(folder: Path) -> None:
    """Remove an earlier run's results: none of them may be taken for that of a run that did not end.

    Raises UserError when that is impossible.
    """
    try:
        clear(folder)
        for name in (JOURNAL, PROGRAM_OUTPUT):
            (folder / name).unlink(missing_ok=True)
    except NotADirectoryError as error:
        raise _unwritable(folder, error) from error
    except OSError as error:
        raise UserError(
            f"cannot remove the reports of an earlier run from {folder}: {error.strerror}; remove them, or name "
            "another folder with --reports"
        ) from error


def prepare_reports(folder: Path) -> None:
    """Make the reports folder, check that it is writable, and remove an earlier run's results.

    Raises UserError when that is impossible.
    """
    clear_reports(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        os.close(create(probe))
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot write reports to {folder}: {error.strerror}; name another folder with --reports")


def open_run(settings: Settings, *, collect_only: bool = False, key: JournalKey | None = None) -> RunContext:
    """Begin a run: load what it needs, open its journal and write the header.

    `key` marks its journal; None for a run that this process judges itself.
    """
    key = key or JournalKey.new()
    contract, target = load_inputs(settings, starts=not collect_only, checked=settings.checked)
    # Nothing is waived in a check: it shows what passes and what fails.
    settings = with_drivers(settings, contract, target, trial=not collect_only)
    waivers = waivers_of(settings.waivers) if settings.mode == "validate" else ()
    prepare_reports(settings.folder)
    seed = settings.seed if settings.seed is not None else random.SystemRandom().randrange(1, 1_000_000_000)
    run_context = RunContext(
        settings=settings,
        contract=contract,
        target=target,
        journal=JournalWriter(settings.journal, "main", key.of("main")),
        journal_key=key,
        worker="main",
        run=settings.run or new_run(),
        run_key=target.api_key or new_key(),
        seed=seed,
        replay=read_replay(Path(settings.replay)) if settings.replay else None,
    )
    replays = run_context.replay.finding if run_context.replay is not None else ""
    header = journal_header(
        settings, contract, target, run=run_context.run, seed=seed, waivers=waivers, replays=replays
    )
    run_context.record(header)
    return run_context


def join_run(workerinput: dict[str, Any], worker: str) -> RunContext:
    """Join a run in a worker process, with what the controlling process passed to it."""
    handed = msgspec.convert(workerinput, HandOver)
    know(handed.withheld)
    contract, target = load_inputs(handed.settings, checked=handed.contract)
    return RunContext(
        settings=handed.settings,
        contract=contract,
        target=target,
        journal=JournalWriter(handed.settings.journal, worker, bytes.fromhex(handed.journal_key)),
        worker=worker,
        run=handed.run,
        run_key=handed.run_key,
        seed=handed.seed,
    )


def new_run() -> str:
    """Draw a name for a run: it is in the run's journal and in its requests."""
    return secrets.token_hex(4)
