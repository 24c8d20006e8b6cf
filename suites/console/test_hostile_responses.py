"""CON-02 to CON-05, CON-08, CON-10, CON-11, CON-16, CON-18: generated responses, conforming and hostile.

The contract defines which response is which: what it accepts is shown as it is, anything else fails closed.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from fixtures.console_harnesses import Harness
from fixtures.property_check import every, hostile_cases
from technogate.checks.console_display import after_failures, is_not_stuck
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_readings import command_is_shown, list_is_shown, snapshot_is_shown
from technogate.checks.console_recovery import goes_on, sends_again
from technogate.checks.console_requests import queries_agree, sent_times, was_sent
from technogate.generation.responses.framing import FramedResponse
from technogate.generation.responses.response_cases import Cases, Responses
from technogate.generation.responses.response_oracle import Meaning, ResponseReading
from technogate.model.events import Finding
from technogate.runner.run_context import RunContext
from technogate.runner.suite import Violation, parts, requirement

pytestmark = parts("console")


def commands(run_context: RunContext, harness: Harness, cases: Cases, share: float, meaning: Meaning) -> None:
    """Respond to commands with each of the cases that the contract reads so."""
    responses = Responses.to_execute(run_context.contract)

    def property_check(sent: FramedResponse) -> list[Finding] | None:
        reading = responses.read(sent)
        if reading.meaning is not meaning:
            return None
        must_send = meaning is Meaning.CONFORMS
        interaction = harness.execute(sent.fault(), case=sent.case, must_send=must_send)
        unshrunk(was_sent(interaction, responses.operation))
        found = command_is_shown(interaction, reading)
        unshrunk(found if interaction.ended else [])
        # The items with one response each are not exercised by such a response.
        return None if found and not must_send and harness.takes_for_broken(interaction) else found

    every(run_context, cases, hostile_cases(run_context, harness.driver.name, share), property_check)


@requirement("CON-03")
def test_any_other_status_is_blocked(run_context: RunContext, harness: Harness) -> None:
    """Any value in place of the status, other than one of the contract's words, is shown as a refusal."""
    commands(run_context, harness, Responses.to_execute(run_context.contract).status_words(), 0.25, Meaning.REFUSED)


@requirement("CON-04")
def test_any_4xx_is_blocked(run_context: RunContext, harness: Harness) -> None:
    """Any 4xx with any body is shown as a refusal."""
    commands(run_context, harness, Responses.to_execute(run_context.contract).coded(400, 499), 0.125, Meaning.REFUSED)


@requirement("CON-05")
def test_any_5xx_is_blocked(run_context: RunContext, harness: Harness) -> None:
    """Any 5xx with any body is shown as a refusal."""
    commands(run_context, harness, Responses.to_execute(run_context.contract).coded(500, 599), 0.125, Meaning.REFUSED)


@requirement("CON-08")
def test_any_violation_is_blocked(run_context: RunContext, harness: Harness) -> None:
    """A response that breaks the contract in any other way is shown as a refusal."""
    responses = Responses.to_execute(run_context.contract)
    cases = st.one_of(*[responses.hostile(leave=frozenset({"status"}))] * 3, responses.other_success())
    commands(run_context, harness, cases, 0.5, Meaning.REFUSED)


@requirement("CON-02")
def test_any_approval_is_shown(run_context: RunContext, harness: Harness) -> None:
    """Any conforming approval is shown as one, with its trace id and reason codes."""
    cases = Responses.to_execute(run_context.contract).conforming(
        status=run_context.contract.behavior.statuses.approved
    )
    commands(run_context, harness, cases, 0.1, Meaning.CONFORMS)


@requirement("CON-18")
def test_any_other_status_is_shown(run_context: RunContext, harness: Harness) -> None:
    """Any conforming response with another status is shown with it, its trace id and its reason codes."""
    approved = run_context.contract.behavior.statuses.approved
    cases = Responses.to_execute(run_context.contract).conforming(but=approved)
    commands(run_context, harness, cases, 0.1, Meaning.CONFORMS)


@requirement("CON-10")
@parts("fallback")
def test_any_broken_list_leads_to_the_fallback(run_context: RunContext, harness: Harness) -> None:
    """Whatever is wrong with the list, the fallback is requested once with the same query, and shown if it conforms."""
    names = run_context.contract.behavior.operations
    first, second = Responses.to_audit(run_context.contract), Responses.to_fallback(run_context.contract)

    def property_check(pair: tuple[FramedResponse, FramedResponse]) -> list[Finding] | None:
        reading, fallback = first.read(pair[0]), second.read(pair[1])
        if reading.meaning is not Meaning.REFUSED or fallback.meaning is Meaning.OPEN:
            return None
        case = f"the list: {pair[0].case} ({reading.why}); the fallback: {pair[1].case}"
        interaction = harness.audit(pair[0].fault(), pair[1].fault(), case=case)
        return (
            sent_times(interaction, names.audit, 1)
            or sent_times(interaction, names.fallback, 1)
            or queries_agree(interaction, names.audit, names.fallback)
            or list_is_shown(interaction, fallback)
        )

    fallbacks = st.one_of(second.conforming(), second.any_hostile())
    every(
        run_context,
        st.tuples(first.any_hostile(), fallbacks),
        hostile_cases(run_context, harness.driver.name),
        property_check,
    )


@requirement("CON-11")
@parts("memory")
def test_any_broken_memory_is_no_snapshot(run_context: RunContext, harness: Harness) -> None:
    """Whatever is wrong with the memory, there is no snapshot and no error."""
    responses = Responses.to_memory(run_context.contract)

    def property_check(sent: FramedResponse) -> list[Finding] | None:
        reading = responses.read(sent)
        if reading.meaning is not Meaning.REFUSED:
            return None
        interaction = harness.memory(sent.fault(), case=sent.case)
        return was_sent(interaction, responses.operation) or snapshot_is_shown(interaction, reading)

    every(run_context, responses.any_hostile(), hostile_cases(run_context, harness.driver.name), property_check)


Series = tuple[list[FramedResponse], FramedResponse]


def series(responses: Responses) -> st.SearchStrategy[Series]:
    """One to three hostile responses, then a conforming one."""
    return st.tuples(st.lists(responses.any_hostile(), min_size=1, max_size=3), responses.conforming())


def recovers(
    run_context: RunContext,
    harness: Harness,
    responses: Responses,
    play: Callable[[FramedResponse], Interaction],
    shown: "Shown",
) -> None:
    """Run each series and hold its last interaction to the response that it was sent."""

    def property_check(case: tuple[tuple[FramedResponse, ...], FramedResponse]) -> list[Finding] | None:
        bad, good = case
        reading = responses.read(good)
        if reading.meaning is not Meaning.CONFORMS:
            return None
        for place, sent in enumerate(bad):
            made = play(sent)
            # Before the first of a series comes what other cases and items did to the console.
            unshrunk(sends_again(made) if place else [])
            unshrunk(goes_on(made))
            pending = is_not_stuck(made)
            if pending:
                return pending
        interaction = play(good)
        unshrunk(sends_again(interaction))
        return after_failures(shown(interaction, reading), [sent.case for sent in bad])

    cases = series(responses).map(lambda drawn: (tuple(drawn[0]), drawn[1]))
    every(run_context, cases, hostile_cases(run_context, harness.driver.name, 0.1), property_check)


def unshrunk(findings: list[Finding]) -> None:
    """Raise the violation of a console that sent nothing or ended: starting it afresh for each try takes too long."""
    for found in findings:
        raise Violation(found)


Shown = Callable[[Interaction, ResponseReading], list[Finding]]


@requirement("CON-16")
def test_a_command_after_failures(run_context: RunContext, harness: Harness) -> None:
    """After any failures, the next conforming response to a command is shown as it is."""

    def play(sent: FramedResponse) -> Interaction:
        return harness.execute(sent.fault(), case=sent.case)

    recovers(run_context, harness, Responses.to_execute(run_context.contract), play, command_is_shown)


@requirement("CON-16")
@parts("audit")
def test_a_list_after_failures(run_context: RunContext, harness: Harness) -> None:
    """After any failures, the next conforming audit list is shown as it is."""

    def play(sent: FramedResponse) -> Interaction:
        return harness.audit(sent.fault(), harness.error(503), case=sent.case)

    recovers(run_context, harness, Responses.to_audit(run_context.contract), play, list_is_shown)


@requirement("CON-16")
@parts("memory")
def test_a_snapshot_after_failures(run_context: RunContext, harness: Harness) -> None:
    """After any failures, the next conforming memory snapshot is shown as it is."""

    def play(sent: FramedResponse) -> Interaction:
        return harness.memory(sent.fault(), case=sent.case)

    recovers(run_context, harness, Responses.to_memory(run_context.contract), play, snapshot_is_shown)
