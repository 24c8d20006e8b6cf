"""Whether a run proves anything: it finished, its journal is whole and proven, the clocks and self-test were right."""

from __future__ import annotations

from technogate.journal.journal_file import Journal
from technogate.judging.self_test_result import self_test_problems
from technogate.model.container_facts import container_problems

#: Seconds that a clock may be corrected by during a run; a time service corrects it by a tenth.
CLOCK_S = 2.0


def unsound(journal: Journal) -> list[str]:
    """Why the run as a whole proves nothing, whatever its items report; empty when it is sound."""
    problems = list(dict.fromkeys(abort.message for abort in journal.aborts))
    if journal.torn:
        problems.append(f"the journal is torn: {journal.torn}")
    elif journal.footer is not None and journal.footer.end != "finished":
        problems.append("the run crashed" if journal.footer.end == "crashed" else f"the run was {journal.footer.end}")
    if journal.unproven:
        problems.append(journal.unproven)
    return problems + invalid(journal)


def invalid(journal: Journal) -> list[str]:
    """Why not even a finding of the run proves anything; a run that only crashed or was interrupted is not among it."""
    problems = _clock_problems(journal) + self_test_problems(journal)
    problems += container_problems(journal.containers, _sides_in_containers(journal))
    if not any(plan.items for plan in journal.plans):
        problems.append("no tests were collected: no check ran")
    return problems


def _sides_in_containers(journal: Journal) -> list[str]:
    """The sides whose containers must be known: those of a validation of containers that did not end early."""
    header, footer = journal.header, journal.footer
    ended_early = footer is None or footer.end != "finished" or bool(journal.aborts)
    if header.target.kind != "compose" or header.mode != "validate" or ended_early:
        return []
    return sorted(header.target.images)


def _clock_problems(journal: Journal) -> list[str]:
    """Why the times of a run prove nothing: a check of them may have passed only because the clock was set."""
    footer = journal.footer
    back = "the clock was set back during the run"
    if footer is not None and footer.ended < journal.header.started:
        return [back]
    if footer is not None and abs(footer.moved) > CLOCK_S:
        return [back if footer.moved < 0 else "the clock was set forward during the run, or the machine slept"]
    return [back] if any(exchange.started - exchange.ended > CLOCK_S for exchange in journal.exchanges) else []
