"""Whether the gate's instruments were proven before a target was judged: what a run's self-test must prove."""

from __future__ import annotations

from collections.abc import Collection

from technogate.journal.journal_file import Journal
from technogate.model.requirement import Party

#: Proofs that each party's requirements rest on; a fault kind is proven under the name of its module.
BACKEND = ("driver", "backend checks", "run-wide checks", "journal")
FAULT_KINDS = (
    "broken", "cached", "chunked", "compressed", "conforming", "content_length", "drip", "held", "raw_bytes",
    "redirect", "stall", "status_code", "truncated",
)  # fmt: skip
CONSOLE = (*(f"fault {kind}" for kind in (*FAULT_KINDS, "refusal")), "console checks", "journal")
PAIR = ("pair checks",)

#: Who can do something about it.
HINT = "see that nothing on this machine disturbs loopback connections, then validate again; else the gate is broken"


def required(parties: Collection[str]) -> tuple[str, ...]:
    """The names of the proofs that a run against `parties` needs."""
    wanted = (BACKEND if Party.BACKEND in parties else ()) + (CONSOLE if Party.CONSOLE in parties else ())
    pair = PAIR if {Party.BACKEND, Party.CONSOLE} <= set(parties) else ()
    return tuple(dict.fromkeys((*wanted, *pair)))


def self_test_problems(journal: Journal) -> list[str]:
    """Why the gate's instruments are not proven, one line each; empty when they are."""
    proofs = [proof for self_test in journal.self_tests for proof in self_test.proofs]
    if not proofs:
        return ["no self-test: nothing shows that the gate's own checks work; validate again"]
    found = [f"self-test failed: {proof.name}: {proof.problem}; {HINT}" for proof in proofs if proof.problem]
    missing = [name for name in required(journal.header.target.parties) if name not in {one.name for one in proofs}]
    return found + ([f"the self-test proved nothing of: {', '.join(missing)}; {HINT}"] if missing else [])
