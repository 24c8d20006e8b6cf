"""The bridge between pytest and a run: options, start, workers, and the exit status.

It is active only when a folder of suites is among pytest's arguments. `technogate.runner.recorder` records
what happens in between.
"""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import allure_commons
import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import ExampleDatabase

from technogate.contract.loader import ContractError
from technogate.journal.journal_file import JournalError
from technogate.model.errors import UserError
from technogate.model.settings import EXAMPLES, Mode, Profile, Settings
from technogate.model.verdict import ExitCode
from technogate.runner.allure_results import AllureResults
from technogate.runner.item_order import MARKERS
from technogate.runner.parent_watch import exit_with_parent
from technogate.runner.recorder import Recorder
from technogate.runner.run_context import RunContext, Smallest, join_run, open_run
from technogate.runner.self_test.run_self_test import SelfTestRun
from technogate.runner.suite import CheckCounter
from technogate.util.garbage_collector import ignore_existing_objects
from technogate.util.shipped import ShippedDataError, shipped, user_cache

# By default Hypothesis makes a folder for its tables in the current folder. It reads the place once, early.
if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
    set_hypothesis_home_dir(user_cache(os.environ) / "technogate" / "hypothesis")

RUN_CONTEXT = pytest.StashKey[RunContext]()

#: Process ids of the workers that this process controls.
_workers: list[int] = []
_INTERNAL = "(set by the technogate command)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the gate's options; `technogate validate` sets them, and plain `pytest suites` accepts them."""
    group = parser.getgroup("technogate", "the contract gate between console and backend")
    named = os.environ.get("TECHNOGATE_TARGET", "")
    group.addoption("--target", default=named, help="embedded, compose, or a TOML file [default: technogate.toml]")
    group.addoption("--contract", default="", help="folder of the contract")
    group.addoption("--profile", default="standard", choices=get_args(Profile), help="number of generated cases")
    group.addoption("--seed", type=int, default=None, help="seed of all generated cases and faults")
    group.addoption("--waivers", default="", help="file of waivers [default: none]")
    group.addoption("--reports", default="reports", help="folder of the journal and the reports")
    group.addoption("--gate-mode", default="validate", choices=get_args(Mode), help=_INTERNAL)
    group.addoption("--gate-select", default="", help=_INTERNAL)
    group.addoption("--gate-parent", type=int, default=0, help=_INTERNAL)
    group.addoption("--gate-run", default="", help=_INTERNAL)
    group.addoption("--gate-replay", default="", help=_INTERNAL)
    group.addoption("--gate-drivers", default="", help=_INTERNAL)
    group.addoption("--gate-act-only", action="store_true", help=_INTERNAL)


def _suites_named(config: pytest.Config) -> bool:
    """Whether a folder of suites is among pytest's arguments."""
    try:
        suites = shipped("suites")
    except ShippedDataError:
        return False
    here = Path(config.invocation_params.dir)
    paths = [(here / str(argument).split("::")[0]).resolve() for argument in config.args]
    return any(path == suites or suites in path.parents for path in paths)


def _settings(config: pytest.Config) -> Settings:
    return Settings(
        target=config.getoption("target"),
        contract=config.getoption("contract"),
        profile=config.getoption("profile"),
        seed=config.getoption("seed"),
        reports=config.getoption("reports"),
        mode=config.getoption("gate_mode"),
        selection=tuple(filter(None, config.getoption("gate_select").split(","))),
        waivers=config.getoption("waivers"),
        run=config.getoption("gate_run"),
        replay=config.getoption("gate_replay"),
        drivers=tuple(filter(None, config.getoption("gate_drivers").split(","))),
    )


def _check_no_suite_left_out(config: pytest.Config) -> None:
    """Check that a validation collects every suite; raises UserError.

    An item that is left out later is still planned, and inconclusive.
    """
    suites, here = shipped("suites"), Path(config.invocation_params.dir)
    narrowed = [name for name in ("ignore", "ignore_glob") if config.getoption(name, None)]
    # pytest keeps its own strictness options in the same list.
    narrowed += [word for word in config.getoption("override_ini", None) or () if not word.startswith("strict_")]
    if narrowed or suites not in [(here / str(argument)).resolve() for argument in config.args]:
        raise UserError(
            "a validation runs every suite, and these options leave some out; to run a part, use technogate check"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Load contract and target and open the journal; a user error ends with exit code 2."""
    for marker in ("requirement(id): the one requirement that an item checks", *MARKERS):
        config.addinivalue_line("markers", marker)
    if not _suites_named(config):
        return
    signal.signal(signal.SIGTERM, _terminate)
    for remembering in ("lfplugin", "nfplugin"):
        # The journal records what failed last; pytest would write it once more, beside the suites.
        if config.pluginmanager.has_plugin(remembering):
            config.pluginmanager.unregister(name=remembering)
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is None and (parent := config.getoption("gate_parent")):
        exit_with_parent(parent)
    try:
        if workerinput is None and config.getoption("gate_mode") == "validate":
            _check_no_suite_left_out(config)
        joined = None if workerinput is None else join_run(workerinput["technogate"], workerinput["workerid"])
        run_context = joined or open_run(_settings(config), collect_only=config.getoption("collectonly"))
    except (UserError, ContractError, ShippedDataError, JournalError) as mistake:
        pytest.exit(str(mistake), returncode=int(ExitCode.USAGE))
    config.stash[RUN_CONTEXT] = run_context
    # One process of a run runs the self-test, while the suites are being collected.
    self_test = SelfTestRun(run_context) if joined is None and not config.getoption("collectonly") else None
    recorder = Recorder(run_context, act_only=config.getoption("gate_act_only"), self_test=self_test)
    config.pluginmanager.register(recorder, "technogate-recorder")
    if AllureResults.wanted(config):
        _label_allure_results(config, AllureResults(run_context))
    _load_hypothesis_profile(run_context)


def _label_allure_results(config: pytest.Config, results: AllureResults) -> None:
    """Have allure-pytest write what Allure shows by requirement, until pytest ends."""
    config.pluginmanager.register(results, "technogate-allure")
    allure_commons.plugin_manager.register(results, "technogate-allure")
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(name="technogate-allure"))


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """End a run on SIGTERM as on Ctrl-C: fixtures are torn down and the journal is sealed."""
    raise KeyboardInterrupt


class SmallestCase(ExampleDatabase):
    """The example database of a run: a search begins with the case of a replay, and the smallest failure is kept."""

    def __init__(self, smallest: Smallest) -> None:
        super().__init__()
        self._smallest = smallest

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """See ExampleDatabase."""
        replayed = self._smallest.given
        return [base64.b64decode(replayed, validate=True)] if replayed and _is_smallest(key) else []

    def save(self, key: bytes, value: bytes) -> None:
        """See ExampleDatabase: during shrinking, the last case saved is the smallest."""
        if _is_smallest(key):
            self._smallest.kept = base64.b64encode(value).decode("ascii")

    def delete(self, key: bytes, value: bytes) -> None:
        """See ExampleDatabase: nothing is kept longer than for an item."""


def _is_smallest(key: bytes) -> bool:
    """Whether Hypothesis keeps a search's smallest failing case under `key`, and not its larger ones."""
    return not key.endswith((b".secondary", b".pareto"))


def _load_hypothesis_profile(run_context: RunContext) -> None:
    """Load a profile of our own: where CI is set, Hypothesis' default profile ignores the run's seed."""
    hypothesis.settings.register_profile(
        "technogate",
        max_examples=EXAMPLES[run_context.settings.profile],
        derandomize=False,
        database=SmallestCase(run_context.smallest),
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("technogate")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand each worker what it needs to write to the same journal."""
    run_context = node.config.stash.get(RUN_CONTEXT, None)
    if run_context is not None:
        node.workerinput["technogate"] = run_context.hand_over()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """Record the process of each worker."""
    _workers.append(node.gateway._rinfo().pid)


def pytest_keyboard_interrupt() -> None:
    """Interrupt the workers too: otherwise pytest-xdist waits for their items and then kills them without teardown."""
    while _workers:
        with suppress(ProcessLookupError):
            os.kill(_workers.pop(), signal.SIGTERM)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Shorten the end of the process: a last collection would free nothing that matters."""
    if config.stash.get(RUN_CONTEXT, None) is not None:
        ignore_existing_objects()


@pytest.fixture(scope="session")
def run_context(pytestconfig: pytest.Config) -> RunContext:
    """The run's shared state in this process."""
    return pytestconfig.stash[RUN_CONTEXT]


@pytest.fixture
def must_hold(run_context: RunContext) -> CheckCounter:
    """Count checks, and raise the first of the findings that they returned."""
    return run_context.counter
