"""The bridge between pytest and a run: options, start, workers, and the exit status.

It is active only when a folder of suites is among pytest's arguments. `technogate.runner.recorder` records
what happens in between.
"""

from __future__ import annotations

import base64
import os
import shlex
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import ExampleDatabase
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from technogate.contract.loader import ContractError
from technogate.journal.journal_file import JournalError
from technogate.model.errors import UserError
from technogate.model.settings import EXAMPLES, Mode, Profile, Settings
from technogate.model.verdict import ExitCode
from technogate.runner.item_order import MARKERS
from technogate.runner.parent_watch import exit_with_parent
from technogate.runner.recorder import Recorder
from technogate.runner.redacted_output import redact_output
from technogate.runner.run_context import RunContext, Smallest, clear_reports, join_run, open_run, withhold_environment
from technogate.runner.self_test.run_self_test import SelfTestRun
from technogate.runner.suite import CheckCounter
from technogate.runner.suite_process import KEY_OPTION, received
from technogate.target.process.kernel_flags import close_to_others
from technogate.target.process.leftovers import Leftovers
from technogate.util.garbage_collector import ignore_existing_objects
from technogate.util.sealed_start import is_sealed, run_sealed, sealed_python
from technogate.util.shipped import ShippedDataError, shipped, user_cache

# By default Hypothesis makes a folder for its tables in the current folder. It reads the place once, early.
if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
    set_hypothesis_home_dir(user_cache(os.environ) / "technogate" / "hypothesis")

RUN_CONTEXT = pytest.StashKey[RunContext]()

#: Variables that would make pytest leave items out, or load plugins that are not the gate's.
PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")

#: What plain `pytest suites` can use beside the gate's own plugin, where it is installed.
PLAIN_PLUGINS = ("_hypothesis_pytestplugin", "xdist.plugin", "allure_pytest.plugin")

#: Process ids of the workers that this process controls.
_workers: list[int] = []
_INTERNAL = "(set by the technogate command)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the gate's options; `technogate validate` sets them, and plain `pytest suites` accepts them."""
    group = parser.getgroup("technogate", "the contract gate between console and backend")
    group.addoption("--target", default="", help="embedded, compose, or a TOML file [default: technogate.toml]")
    group.addoption("--contract", default="", help="folder of the contract")
    group.addoption("--profile", default="standard", choices=get_args(Profile), help="number of generated cases")
    group.addoption("--seed", type=int, default=None, help="seed of all generated cases and faults")
    group.addoption("--waivers", default="", help="file of waivers [default: none]")
    group.addoption("--reports", default="reports", help="folder of the journal and the reports")
    group.addoption("--gate-mode", default="validate", choices=get_args(Mode), help=_INTERNAL)
    group.addoption("--gate-select", default="", help=_INTERNAL)
    group.addoption("--gate-parent", type=int, default=0, help=_INTERNAL)
    group.addoption(KEY_OPTION, type=int, default=-1, help=_INTERNAL)
    group.addoption("--gate-run", default="", help=_INTERNAL)
    group.addoption("--gate-replay", default="", help=_INTERNAL)
    group.addoption("--gate-drivers", default="", help=_INTERNAL)
    group.addoption("--gate-checked", default="", help=_INTERNAL)
    group.addoption("--gate-max-time", type=float, default=0.0, help=_INTERNAL)
    group.addoption("--gate-ends-at", type=float, default=0.0, help=_INTERNAL)
    group.addoption("--gate-act-only", action="store_true", help=_INTERNAL)


def _suites_named(config: pytest.Config, words: Sequence[str] | None = None) -> bool:
    """Whether a folder of suites is among pytest's arguments, or among the `words` of its command line."""
    try:
        suites = shipped("suites")
    except ShippedDataError:
        return False
    here = Path(config.invocation_params.dir)
    paths = [(here / str(argument).split("::")[0]).resolve() for argument in (config.args if words is None else words)]
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
        checked=config.getoption("gate_checked"),
        max_time_s=config.getoption("gate_max_time"),
        ends_at=config.getoption("gate_ends_at"),
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


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run plain `pytest suites` as sealed as the command does; what variables add to it is refused.

    What a person wrote after `pytest` stays. A pytest that another program called is left as it is.
    """
    words = [str(word) for word in config.invocation_params.args]
    if is_sealed() or words != sys.argv[1:] or not _suites_named(config, words):
        return None
    steering = [name for name in PYTEST_VARIABLES if os.environ.get(name)]
    if steering:
        sys.stderr.write(f"technogate: {steering[0]} is set, and could leave out what is judged; unset it\n")
        return int(ExitCode.USAGE)
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    known = [name for name in PLAIN_PLUGINS if find_spec(name.partition(".")[0]) is not None]
    run_sealed(["pytest", "--disable-plugin-autoload", *(f"-p{name}" for name in known), *words])
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Load contract and target and open the journal; a user error ends with exit code 2."""
    for marker in ("requirement(id): the one requirement that an item checks", *MARKERS):
        config.addinivalue_line("markers", marker)
    if not _suites_named(config):
        return
    signal.signal(signal.SIGTERM, _terminate)
    # Before it has a key: the programs under test may be of the same user.
    close_to_others()
    for remembering in ("lfplugin", "nfplugin"):
        # The journal records what failed last; pytest would write it once more, beside the suites.
        if config.pluginmanager.has_plugin(remembering):
            config.pluginmanager.unregister(name=remembering)
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is None and (parent := config.getoption("gate_parent")):
        exit_with_parent(parent)
    collects = bool(config.getoption("collectonly"))
    try:
        run_context = _opened(config, collects=collects) if workerinput is None else _joined(workerinput)
    except (UserError, ContractError, ShippedDataError, JournalError) as mistake:
        pytest.exit(str(mistake), returncode=int(ExitCode.USAGE))
    config.stash[RUN_CONTEXT] = run_context
    if workerinput is None:
        config.add_cleanup(redact_output(run_context.redactor))
    # One process of a run runs the self-test, while the suites are being collected.
    self_test = SelfTestRun(run_context) if workerinput is None and not collects else None
    # The technogate command ends what is left of a run that it started.
    leftovers = Leftovers() if workerinput is None and not (collects or config.getoption("gate_parent")) else None
    recorder = Recorder(
        run_context, act_only=config.getoption("gate_act_only"), self_test=self_test, leftovers=leftovers
    )
    config.pluginmanager.register(recorder, "technogate-recorder")
    # allure-pytest is there, and has a folder to write to.
    if config.getoption("allure_report_dir", None):
        _label_allure_results(config, run_context)
    _load_hypothesis_profile(run_context)


def _opened(config: pytest.Config, *, collects: bool) -> RunContext:
    """The run of a controlling process, which has no report of an earlier one from now on."""
    if not collects:
        clear_reports(_settings(config).folder)
    if config.getoption("gate_mode") == "validate":
        _check_no_suite_left_out(config)
    descriptor = config.getoption("gate_key")
    key = received(descriptor) if descriptor >= 0 else None
    run_context = open_run(_settings(config), collect_only=collects, key=key)
    if not collects:
        withhold_environment(run_context.target)
    if key is not None and not getattr(config.option, "numprocesses", None):
        # The process that started this one proves the journal, and no worker needs a key.
        run_context.journal_key = None
    return run_context


def _joined(workerinput: dict[str, Any]) -> RunContext:
    """The run of a worker."""
    return join_run(workerinput["technogate"], workerinput["workerid"])


def _label_allure_results(config: pytest.Config, run_context: RunContext) -> None:
    """Have allure-pytest write what Allure shows by requirement, until pytest ends."""
    # Imported here: the technogate command writes these results from the journal.
    import allure_commons

    from technogate.runner.allure_results import AllureResults

    results = AllureResults(run_context)
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


def draw_no_local_constants() -> None:
    """Keep Hypothesis from drawing constants of the modules of ours that a process happens to have imported by then.

    Which those are depends on the process, on the order of its items and on where the gate is installed, and with
    them what a seed draws; to parse them all takes half a second.
    """
    if hasattr(providers, "_get_local_constants"):
        nothing = Constants()
        setattr(providers, "_get_local_constants", lambda: nothing)  # noqa: B010 - it is private to Hypothesis


def _load_hypothesis_profile(run_context: RunContext) -> None:
    """Load a profile of our own: where CI is set, Hypothesis' default profile ignores the run's seed."""
    draw_no_local_constants()
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
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Start workers in a Python as sealed as this one."""
    for spec in specs:
        if spec.popen and is_sealed():
            spec.python = shlex.join(sealed_python())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand each worker what it needs to write to the same journal."""
    run_context = node.config.stash.get(RUN_CONTEXT, None)
    if run_context is not None:
        node.workerinput["technogate"] = run_context.hand_over(node.workerinput["workerid"])


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
