"""Whether the self-test of a run proved the checks that the run relies on."""

from __future__ import annotations

from collections.abc import Collection

from technogate.journal.journal_file import Journal
from technogate.model.events import Finding, ItemResult, Outcome
from technogate.model.requirement import Party

#: The proofs that the requirements of each party rest on; a fault kind is proven under the name of its module.
BACKEND = ("driver", "backend checks", "run-wide checks", "journal")
FAULT_KINDS = (
    "broken", "cached", "chunked", "compressed", "conforming", "content_length", "drip", "held", "raw_bytes",
    "redirect", "stall", "status_code", "truncated", "unfinished",
)  # fmt: skip
CONSOLE = (*(f"fault {kind}" for kind in (*FAULT_KINDS, "refusal")), "console checks", "journal")
PAIR = ("pair checks",)

#: What to do about a self-test that failed.
HINT = (
    "check that nothing on this machine interferes with loopback connections and validate again; otherwise report a bug"
)


def required(parties: Collection[str]) -> tuple[str, ...]:
    """The names of the proofs that a run against `parties` needs."""
    wanted = (BACKEND if Party.BACKEND in parties else ()) + (CONSOLE if Party.CONSOLE in parties else ())
    pair = PAIR if {Party.BACKEND, Party.CONSOLE} <= set(parties) else ()
    return tuple(dict.fromkeys((*wanted, *pair)))


def self_test_problems(journal: Journal) -> list[str]:
    """Why the self-test does not prove the checks of this run, one line each; empty when it does."""
    proofs = [proof for self_test in journal.self_tests for proof in self_test.proofs]
    if not proofs:
        return ["no self-test ran, so nothing shows that the checks work; validate again"]
    failed = [f"self-test failed: {proof.name}: {proof.problem}; {HINT}" for proof in proofs if proof.problem]
    proven = {proof.name for proof in proofs}
    missing = [name for name in required(journal.header.target.parties) if name not in proven]
    missing += _untried_runtimes(journal)
    failed += [f"self-test failed: {problem}; {HINT}" for problem in _must_fail_problems(journal)]
    return failed + ([f"the self-test did not cover: {', '.join(missing)}; {HINT}"] if missing else [])


def _must_fail_problems(journal: Journal) -> list[str]:
    """Why no item that must fail shows that a violation gets into the journal; each process of a run has one."""
    played = [event for event in journal.must_fail if isinstance(event, ItemResult)]
    with_finding = {event.item for event in journal.must_fail if isinstance(event, Finding)}
    if not played and journal.results:
        return ["it played no item that must fail"]
    return [
        f"{result.item} did not fail"
        for result in played
        if result.outcome is not Outcome.FAILED or not result.checks or result.item not in with_finding
    ]


def _untried_runtimes(journal: Journal) -> list[str]:
    """The drivers whose runtime was not tried on known answers, although it showed what a console is judged by."""
    tried = {runtime.driver for runtime in journal.runtimes}
    used = {rendered.driver for rendered in journal.rendered_outputs}
    return [f"the runtime of the {driver} driver" for driver in sorted(used - tried)]
