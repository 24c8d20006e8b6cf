"""Whether the gate's instruments were proven before anybody was judged: what the canary of a run must have shown."""

from __future__ import annotations

from collections.abc import Collection

from technogate.journal.journal_file import Journal
from technogate.model.requirement import Party

#: Proofs that each party's requirements rest on; a fault kind is proven under the name of its module.
BACKEND = ("driver", "backend checks", "trail reconciliation", "journal")
FAULT_KINDS = (
    "broken", "cached", "chunked", "compressed", "conforming", "drip", "held", "length", "raw", "redirect", "stall",
    "status", "truncated",
)  # fmt: skip
CONSOLE = (*(f"fault {kind}" for kind in (*FAULT_KINDS, "refusal")), "console checks", "journal")

#: Who can do something about it.
CURE = "see that nothing on this machine disturbs loopback connections, then validate again; else the gate is broken"


def required(parties: Collection[str]) -> tuple[str, ...]:
    """The names of the proofs that a run against `parties` needs."""
    wanted = (BACKEND if Party.BACKEND in parties else ()) + (CONSOLE if Party.CONSOLE in parties else ())
    return tuple(dict.fromkeys(wanted))


def canary_problems(journal: Journal) -> list[str]:
    """Why the gate's instruments are not proven, one line each; empty when they are."""
    proofs = [proof for canary in journal.canaries for proof in canary.proofs]
    if not proofs:
        return ["no canary: nothing shows that the gate's own instruments work; validate again"]
    found = [f"the canary is silent: {proof.name}: {proof.problem}; {CURE}" for proof in proofs if proof.problem]
    missing = [name for name in required(journal.header.target.parties) if name not in {one.name for one in proofs}]
    return found + ([f"the canary proved nothing of: {', '.join(missing)}; {CURE}"] if missing else [])
