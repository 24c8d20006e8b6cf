"""Record what pytest does: the plan, each item's result, each finding, and the end of the journal."""

from __future__ import annotations

import inspect
import sys
import zlib
from collections.abc import Generator
from typing import Any, Literal

import hypothesis
import msgspec
import pytest

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.faults.fault_errors import NotDelivered
from technogate.journal.journal_file import JournalError
from technogate.model.errors import UserError
from technogate.model.events import Finding, ItemResult, Outcome, Plan, PlannedItem
from technogate.model.verdict import ExitCode
from technogate.runner.item_order import has_its_parts, in_order, needs_a_page, runs_in_containers_alone
from technogate.runner.operation_kinds import kinds_of
from technogate.runner.run_context import RunContext
from technogate.runner.self_test.must_fail import item_that_must_fail, play
from technogate.runner.self_test.run_self_test import SelfTestRun
from technogate.runner.setup_strikes import SetupStrikes
from technogate.runner.suite import HINT, Absent, Crash, NotAnswered, Violation, leaves, not_exercised
from technogate.runner.suite_process import still_running
from technogate.runner.time_budget import OutOfTime, TimeBudget
from technogate.target.process.leftovers import Leftovers
from technogate.trail.entry import TrailError
from technogate.util.garbage_collector import collect_rarely
from technogate.util.sealed_start import close_bytecode

#: The longest reason that a result keeps, in characters.
REASON_LIMIT = 2000

#: The requirement that a backend without any operation breaks first.
EXECUTION = "EXE-01"

#: Exceptions of the target's making: the item proves nothing, and its check is not broken. What to do about each.
_PROVES_NOTHING: dict[type[Exception], str] = {
    NotDelivered: "mend what kept the fault from being injected, then validate again",
    TrailError: "see that the trail can be read: [backend.audit] in the target file; then validate again",
}

_WORST_FIRST = (Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.PASSED)


class _Phase(msgspec.Struct, frozen=True, kw_only=True):
    """How one phase (setup, call, teardown) of an item ended."""

    outcome: Outcome
    seconds: float
    reason: str = ""
    finding: Finding | None = None


class Recorder:
    """The pytest plugin of one process of a run. It judges nothing: judging reads the journal."""

    def __init__(
        self,
        run_context: RunContext,
        *,
        act_only: bool,
        self_test: SelfTestRun | None,
        leftovers: Leftovers | None = None,
    ) -> None:
        """With `act_only` the controlling process does not judge: the process that started it does.

        `leftovers` is what this process has to end before the run is judged, None when another one does that.
        """
        self._leftovers = leftovers
        self._self_test = self_test
        self._run_context = run_context
        self._act_only = act_only
        self._phases: list[_Phase] = []
        self._strikes = SetupStrikes()
        self._budget = TimeBudget(run_context.settings, lambda: run_context.paces.waited_s)
        run_context.watchers.append(self._budget.note)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Tie each item to its requirement, drop what is not judged here, write the plan, and order the items.

        First of all such hooks: an item that is planned and left out afterwards is inconclusive.
        """
        run_context = self._run_context
        wanted = set(run_context.settings.selection)
        replayed = None if run_context.replay is None else set(run_context.replay.items)
        covered: set[str] = set()
        kept: list[pytest.Item] = []
        # A requirement that only items for containers check is inconclusive for any other pair.
        target = run_context.target.ref
        contained = target.kind == "compose"
        # Whoever only collects wants to see which checks there are, also those on images.
        images = target.of_images or bool(config.getoption("collectonly"))
        considered = [item for item in items if contained or not runs_in_containers_alone(item)]
        considered = [item for item in considered if target.page or not needs_a_page(item)]
        parts, kinds = run_context.contract.parts, kinds_of(run_context.contract)
        considered = [item for item in considered if has_its_parts(item, parts, kinds)]
        for item in considered:
            requirement = run_context.contract.requirements.get(_requirement_id(item))
            if requirement is None and not run_context.contract.ref.shipped:
                # Another contract need not have each requirement that there is a check for.
                continue
            if requirement is None:
                raise pytest.UsageError(f"{item.nodeid}: the contract has no requirement {_requirement_id(item)!r}")
            covered.add(requirement.id)
            selected = item.nodeid in replayed if replayed is not None else not wanted or requirement.id in wanted
            if selected and requirement.concerns(target.parties, images=images, page=target.page):
                kept.append(item)
                self._seed(item)
        plan = tuple(
            PlannedItem(item=item.nodeid, requirement=_requirement_id(item), subject=_subject(item)) for item in kept
        )
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in considered if item not in chosen])
        workers: dict[str, int] = getattr(config, "workerinput", {})
        items[:] = in_order(kept, workers.get("workercount", 1))
        if run_context.worker in ("main", "gw0"):
            run_context.record(Plan(items=plan, covered=tuple(sorted(covered))))

    @staticmethod
    def pytest_collection_finish() -> None:
        """Collect garbage rarely from now on: what has been collected as items stays to the end."""
        collect_rarely()
        close_bytecode()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Run no item before the self-test has passed: a check that detects nothing must not judge a target."""
        problems = [] if self._self_test is None else self._self_test.end()
        if not problems and not session.config.getoption("collectonly"):
            problems = self._play_must_fail(session)
        if problems:
            pytest.exit(f"self-test failed: {problems[0]}", returncode=int(ExitCode.INCONCLUSIVE))

    def _play_must_fail(self, session: pytest.Session) -> list[str]:
        """Run the item that must fail, unless workers run the items; return what it does not prove."""
        if session.config.getoption("dist", "no") != "no":
            return []
        run_context = self._run_context
        self._phases = []
        try:
            problems = play(item_that_must_fail(session, run_context.worker), run_context)
        except Exception as error:  # noqa: BLE001 - whatever breaks an instrument is reported and fails the self-test
            problems = [f"the item that must fail: {type(error).__name__}: {error}"]
        for problem in problems:
            run_context.abort("crash", f"self-test failed: {problem}")
        return problems

    def _seed(self, item: pytest.Item) -> None:
        """Draw the generated cases of an item from the run's seed and the item's name alone."""
        test: Any = getattr(item, "obj", None)
        if getattr(test, "is_hypothesis_test", False):
            hypothesis.seed(self._run_context.seed ^ zlib.crc32(item.nodeid.encode()))(test)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a suite that does not import as a crash of the run, never as a smaller run."""
        if report.failed:
            lines = [line.strip() for line in report.longreprtext.splitlines() if line.strip()]
            self._run_context.abort(
                "crash", f"{report.nodeid} could not be collected: {lines[-1] if lines else 'no reason'}"
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Set the current item, so that every exchange names the item that it was sent for."""
        self._run_context.begin_item(item.nodeid)
        self._phases = []
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Set up no item whose set-up has failed often, and run none after a fit check that found nothing to judge.

        None is set up either when the time of the run is over.
        """
        self._budget.require_time()
        reason = self._strikes.reason(_needs(item))
        if reason:
            not_exercised(reason, "mend that, then run again")
        # The first item of a process is set up before the fit is known: its fixtures check that.
        self._check_fit(item)
        with self._budget.bounded(item=False):
            yield
        self._check_fit(item)

    def _check_fit(self, item: pytest.Item) -> None:
        """End an item after a fit check that found nothing to judge; one of them reports that."""
        fit = self._run_context.fit
        if fit.finding is None:
            return
        if item.nodeid == _reporting(item.session.items):
            raise Absent(fit.finding)
        not_exercised(fit.ends, "see the finding: the routes that do exist, and whether the target file lacks a prefix")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Note which fixtures cannot be set up: a program does not start, a console cannot be driven."""
        item = request.node if isinstance(request.node, pytest.Item) else None
        fixture = _fixture(request.fixturename or "", item) if item is not None else request.fixturename or ""
        try:
            result = yield
        except ConsoleEnded:
            raise
        except (UserError, DriverError) as error:
            self._strikes.failed(fixture, f"{type(error).__name__}: {error}")
            raise
        self._strikes.passed(fixture)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """See at the end of each item whether a program has ended: what the item found may come of that."""
        try:
            with self._budget.bounded(item=True):
                result = yield
        except Crash:
            raise
        except Exception:
            self._run_context.check_programs(thoroughly=True)
            raise
        self._run_context.check_programs(thoroughly=False)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the phases of an item into one result, and a violation into a finding."""
        report = yield
        phase = _phase(call, report)
        found = self._run_context.counter.violation
        if call.excinfo is not None and isinstance(call.excinfo.value, OutOfTime) and found is not None:
            # Its smallest case was still looked for: a larger one is a finding too.
            phase = msgspec.structs.replace(phase, outcome=Outcome.FAILED, reason=str(found), finding=found.finding)
        self._phases.append(phase)
        if call.when == "teardown":
            self._write_result(item)
        return report

    def _write_result(self, item: pytest.Item) -> None:
        """Write the finding, if there is one, and the item's result: the worst of its phases."""
        worst = min(self._phases, key=lambda phase: _WORST_FIRST.index(phase.outcome))
        requirement = _requirement_id(item)
        if worst.finding is not None:
            smallest = worst.finding.smallest or self._run_context.smallest.kept
            self._run_context.record(
                msgspec.structs.replace(worst.finding, item=item.nodeid, requirement=requirement, smallest=smallest)
            )
        reason, _, hint = worst.reason.partition(HINT)
        clean, _ = self._run_context.redactor.clean_text(reason)
        self._run_context.record(
            ItemResult(
                item=item.nodeid,
                requirement=requirement,
                outcome=worst.outcome,
                checks=self._run_context.counter.count,
                seconds=sum(phase.seconds for phase in self._phases),
                reason=clean if len(clean) <= REASON_LIMIT else clean[:REASON_LIMIT] + " …",
                hint=hint,
            )
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close this process's journal; the controlling process seals it, and judges it unless `act_only` is set."""
        journal = self._run_context.journal
        if hasattr(session.config, "workerinput"):
            journal.end()
            return
        try:
            self._end_leftovers()
            journal.seal(_end(exitstatus))
        except JournalError as error:
            sys.stderr.write(f"{error}\n")
            session.exitstatus = ExitCode.INCONCLUSIVE
            return
        if not self._act_only:
            session.exitstatus = self._finish()

    def _end_leftovers(self) -> None:
        """End what the programs under test left behind; raises JournalError when that is impossible."""
        if self._leftovers is not None and (left := self._leftovers.end()):
            raise JournalError(still_running(left))

    def _finish(self) -> int:
        """Judge the run and show the summary, for `pytest suites` without the technogate command."""
        # Imported here: the technogate command judges what its own suites recorded, and no worker judges.
        from rich.console import Console

        from technogate.report import terminal_summary
        from technogate.runner.finish_run import finish_run, reports_removed_on_error

        try:
            finished_run = finish_run(
                self._run_context.journal.path, self._run_context.settings.folder, key=self._run_context.journal_key
            )
        except JournalError as error:
            sys.stderr.write(f"{error}\n")
            return int(ExitCode.INCONCLUSIVE)
        with reports_removed_on_error(self._run_context.settings.folder):
            if finished_run.problem:
                sys.stderr.write(finished_run.problem + "\n")
            terminal_summary.show(
                Console(highlight=False, emoji=False), finished_run.document, files=finished_run.files
            )
        return int(finished_run.exit_code)


def _needs(item: pytest.Item) -> set[str]:
    """The fixtures of an item, as they are known by `SetupStrikes`."""
    names = getattr(item, "fixturenames", ())
    return {*names, *(_fixture(name, item) for name in names)}


def _fixture(name: str, item: pytest.Item) -> str:
    """The name of a fixture with the driver that its item chooses, if it does."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    driver = params.get("console_driver", params.get("cheap_driver", ""))
    return f"{name} {driver}".rstrip()


def _end(exitstatus: int) -> Literal["finished", "interrupted", "crashed"]:
    """How the session ended, by pytest's exit status; an unknown status is a crash."""
    known: dict[int, Literal["finished", "interrupted", "crashed"]] = {
        int(pytest.ExitCode.OK): "finished",
        int(pytest.ExitCode.TESTS_FAILED): "finished",
        int(pytest.ExitCode.NO_TESTS_COLLECTED): "finished",
        int(pytest.ExitCode.INTERRUPTED): "interrupted",
    }
    return known.get(int(exitstatus), "crashed")


def _requirement_id(item: pytest.Item) -> str:
    """The one requirement that an item is marked with; raises UsageError for none or several."""
    marks = list(item.iter_markers("requirement"))
    if len(marks) != 1 or len(marks[0].args) != 1:
        raise pytest.UsageError(f"{item.nodeid}: a check needs exactly one @requirement, this has {len(marks)}")
    return str(marks[0].args[0])


def _reporting(items: list[pytest.Item]) -> str:
    """The item that reports a backend without any operation: the first on the execution of commands, else the first."""
    on_execution = [item.nodeid for item in items if _requirement_id(item) == EXECUTION]
    backend = [item.nodeid for item in items if "backend" in getattr(item, "fixturenames", ())]
    return min(on_execution or backend, default="")


def _subject(item: pytest.Item) -> str:
    """The sentence that reports show: the subject in the item's requirement marker, else the test's docstring."""
    declared = [str(mark.kwargs["subject"]) for mark in item.iter_markers("requirement") if "subject" in mark.kwargs]
    text = declared[0] if declared else inspect.getdoc(getattr(item, "function", None))
    if not text:
        raise pytest.UsageError(f"{item.nodeid}: a check needs a docstring that states what it requires of the target")
    return text.splitlines()[0]


def _phase(call: pytest.CallInfo[None], report: pytest.TestReport) -> _Phase:
    """Classify one phase. Only a violation is a failure; any other exception is an error of the check."""
    if call.excinfo is None:
        clean = report.outcome == "passed" and not hasattr(report, "wasxfail")
        return _Phase(outcome=Outcome.PASSED if clean else Outcome.ERRORED, seconds=call.duration)
    error = call.excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return _Phase(outcome=Outcome.SKIPPED, reason=error.msg or "skipped without a reason", seconds=call.duration)
    inner = list(leaves(error))
    violations = [leaf for leaf in inner if isinstance(leaf, Violation)]
    crash = next((leaf for leaf in violations if isinstance(leaf, Crash)), None)
    unanswered = next((leaf for leaf in inner if isinstance(leaf, NotAnswered)), None)
    if unanswered is not None and crash is None:
        return _Phase(outcome=Outcome.SKIPPED, reason=unanswered.reason + HINT + unanswered.hint, seconds=call.duration)
    # Only what an item does can violate its requirement, but for a request of its setup that ended the backend, and
    # for a backend that is not there at all.
    absent = next((leaf for leaf in violations if isinstance(leaf, Absent)), None)
    if violations and (call.when == "call" or (call.when == "setup" and (crash or absent) is not None)):
        first = crash or violations[0]
        return _Phase(outcome=Outcome.FAILED, reason=str(first), finding=first.finding, seconds=call.duration)
    hint = next((text for leaf in inner for kind, text in _PROVES_NOTHING.items() if isinstance(leaf, kind)), "")
    if hint and not violations:
        return _Phase(outcome=Outcome.SKIPPED, reason=f"{error}{HINT}{hint}", seconds=call.duration)
    return _Phase(
        outcome=Outcome.ERRORED, reason=f"{call.when}: {type(error).__name__}: {error}", seconds=call.duration
    )
