"""CON-02 to CON-05, CON-08, CON-10, CON-11, CON-16, CON-18: generated answers, conforming and hostile.

The contract says which answer is which: what it accepts is shown as it is, anything else fails closed.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from fixtures.console import Stage
from fixtures.trial import every, hostile_cases
from technogate.checks import console
from technogate.checks.console import Scene
from technogate.checks.console_shown import command_shown, list_shown, snapshot_shown
from technogate.generation.responses.framing import Sent
from technogate.generation.responses.response_cases import Answers, Cases
from technogate.generation.responses.response_oracle import Meaning, Reading
from technogate.model.events import Finding
from technogate.runner.run_context import Gate
from technogate.runner.suite import requirement


def commands(gate: Gate, stage: Stage, cases: Cases, share: float, meaning: Meaning) -> None:
    """Answer commands with each of the cases that the contract reads so."""
    answers = Answers.to_execute(gate.contract)

    def trial(sent: Sent) -> list[Finding] | None:
        reading = answers.read(sent)
        if reading.meaning is not meaning:
            return None
        scene = stage.execute(sent.fault(), case=sent.case)
        return console.reached(scene, answers.operation) or command_shown(scene, reading)

    every(gate, cases, hostile_cases(gate, stage.driver.name, share), trial)


@requirement("CON-03")
def test_any_other_status_is_blocked(gate: Gate, stage: Stage) -> None:
    """Whatever stands where the status should be, other than one of the five words, is shown as BLOCKED."""
    commands(gate, stage, Answers.to_execute(gate.contract).status_words(), 0.25, Meaning.REFUSED)


@requirement("CON-04")
def test_any_4xx_is_blocked(gate: Gate, stage: Stage) -> None:
    """Any 4xx with any body is shown as BLOCKED."""
    commands(gate, stage, Answers.to_execute(gate.contract).coded(400, 499), 0.125, Meaning.REFUSED)


@requirement("CON-05")
def test_any_5xx_is_blocked(gate: Gate, stage: Stage) -> None:
    """Any 5xx with any body is shown as BLOCKED."""
    commands(gate, stage, Answers.to_execute(gate.contract).coded(500, 599), 0.125, Meaning.REFUSED)


@requirement("CON-08")
def test_any_violation_is_blocked(gate: Gate, stage: Stage) -> None:
    """An answer that breaks the contract in any other way is shown as BLOCKED."""
    answers = Answers.to_execute(gate.contract)
    cases = st.one_of(*[answers.hostile(leave=frozenset({"status"}))] * 3, answers.other_success())
    commands(gate, stage, cases, 0.5, Meaning.REFUSED)


@requirement("CON-02")
def test_any_approval_is_shown(gate: Gate, stage: Stage) -> None:
    """Any conforming approval is shown as one, with its trace id and reason codes."""
    cases = Answers.to_execute(gate.contract).conforming(status=gate.contract.behavior.statuses.approved)
    commands(gate, stage, cases, 0.1, Meaning.CONFORMS)


@requirement("CON-18")
def test_any_other_status_is_shown(gate: Gate, stage: Stage) -> None:
    """Any conforming answer with another status is shown with it, its trace id and its reason codes."""
    approved = gate.contract.behavior.statuses.approved
    cases = Answers.to_execute(gate.contract).conforming(but=approved)
    commands(gate, stage, cases, 0.1, Meaning.CONFORMS)


@requirement("CON-10")
def test_any_broken_list_leads_to_the_fallback(gate: Gate, stage: Stage) -> None:
    """Whatever is wrong with the list, the fallback is asked once with the same query, and shown if it conforms."""
    names = gate.contract.behavior.operations
    first, second = Answers.to_audit(gate.contract), Answers.to_fallback(gate.contract)

    def trial(pair: tuple[Sent, Sent]) -> list[Finding] | None:
        reading, fallback = first.read(pair[0]), second.read(pair[1])
        if reading.meaning is not Meaning.REFUSED or fallback.meaning is Meaning.OPEN:
            return None
        case = f"the list: {pair[0].case} ({reading.why}); the fallback: {pair[1].case}"
        scene = stage.audit(pair[0].fault(), pair[1].fault(), case=case)
        return (
            console.asked(scene, names.audit, 1)
            or console.asked(scene, names.fallback, 1)
            or console.same_query(scene, names.audit, names.fallback)
            or list_shown(scene, fallback)
        )

    fallbacks = st.one_of(second.conforming(), second.any_hostile())
    every(gate, st.tuples(first.any_hostile(), fallbacks), hostile_cases(gate, stage.driver.name), trial)


@requirement("CON-11")
def test_any_broken_memory_is_no_snapshot(gate: Gate, stage: Stage) -> None:
    """Whatever is wrong with the memory, there is no snapshot and no error."""
    answers = Answers.to_memory(gate.contract)

    def trial(sent: Sent) -> list[Finding] | None:
        reading = answers.read(sent)
        if reading.meaning is not Meaning.REFUSED:
            return None
        scene = stage.memory(sent.fault(), case=sent.case)
        return console.reached(scene, answers.operation) or snapshot_shown(scene, reading)

    every(gate, answers.any_hostile(), hostile_cases(gate, stage.driver.name), trial)


Series = tuple[list[Sent], Sent]


def series(answers: Answers) -> st.SearchStrategy[Series]:
    """One to three hostile answers, then a conforming one."""
    return st.tuples(st.lists(answers.any_hostile(), min_size=1, max_size=3), answers.conforming())


def recovers(gate: Gate, stage: Stage, answers: Answers, play: Callable[[Sent], Scene], shown: "Shown") -> None:
    """Play each series and hold its last scene to what it was answered."""

    def trial(case: tuple[tuple[Sent, ...], Sent]) -> list[Finding] | None:
        bad, good = case
        reading = answers.read(good)
        if reading.meaning is not Meaning.CONFORMS:
            return None
        for sent in bad:
            stuck = console.not_stuck(play(sent))
            if stuck:
                return stuck
        scene = play(good)
        return console.after(shown(scene, reading), [sent.case for sent in bad])

    cases = series(answers).map(lambda drawn: (tuple(drawn[0]), drawn[1]))
    every(gate, cases, hostile_cases(gate, stage.driver.name, 0.1), trial)


Shown = Callable[[Scene, Reading], list[Finding]]


@requirement("CON-16")
def test_a_command_after_failures(gate: Gate, stage: Stage) -> None:
    """After any failures, the next conforming answer to a command is shown as it is."""

    def play(sent: Sent) -> Scene:
        return stage.execute(sent.fault(), case=sent.case)

    recovers(gate, stage, Answers.to_execute(gate.contract), play, command_shown)


@requirement("CON-16")
def test_a_list_after_failures(gate: Gate, stage: Stage) -> None:
    """After any failures, the next conforming audit list is shown as it is."""

    def play(sent: Sent) -> Scene:
        return stage.audit(sent.fault(), stage.error(503), case=sent.case)

    recovers(gate, stage, Answers.to_audit(gate.contract), play, list_shown)


@requirement("CON-16")
def test_a_snapshot_after_failures(gate: Gate, stage: Stage) -> None:
    """After any failures, the next conforming memory snapshot is shown as it is."""

    def play(sent: Sent) -> Scene:
        return stage.memory(sent.fault(), case=sent.case)

    recovers(gate, stage, Answers.to_memory(gate.contract), play, snapshot_shown)
