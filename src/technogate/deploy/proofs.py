"""The lines that trusted evidence must prove: one function for each, which returns the proof or raises the reason.

Pure: the functions use the facts and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from technogate.deploy import result_proofs
from technogate.deploy.decision_facts import SKEW_S, Facts, UnprovenLine
from technogate.deploy.evidence.statement import CONTRACT, GATE, digests
from technogate.model.program_isolation import ISOLATED
from technogate.target.described_by import RESOLVED, SHIPPED
from technogate.util.phrases import duration, few, utc_time

#: What `--target` is for the target that ships.
_SHIPPED_TARGET = "compose"


def _in_force(facts: Facts) -> str:
    """The policy was issued, and has not expired."""
    policy = facts.policy
    if facts.now < policy.issued - SKEW_S:
        raise UnprovenLine(f"{policy.source}: it was issued {utc_time(policy.issued)}, later than the clock says now")
    if facts.now > policy.expires:
        raise UnprovenLine(f"{policy.source}: it expired {utc_time(policy.expires)}; review it and issue it again")
    return policy.source


def _clock(facts: Facts) -> str:
    """The clock is not before a time that has passed."""
    # Nothing is known of a clock without evidence: the latest of the facts is then still compared.
    facts_of_time = [*facts.times]
    if facts.statement is not None:
        facts_of_time.append((facts.run.ended, "the end of the validation"))
    for time, what in facts_of_time:
        if not time <= facts.now + SKEW_S:
            raise UnprovenLine(f"the clock says {utc_time(facts.now)}, but later than that is {what}; set it right")
    return f"{utc_time(facts.now)}, not before any of {len(facts_of_time)} times that have passed"


def _key(facts: Facts) -> str:
    """The key counted when the validation ended, and counts now."""
    key, ended = facts.key, facts.run.ended
    if key is None:
        raise UnprovenLine("unknown: no trusted key signed it")
    if not key.since <= ended + SKEW_S:
        raise UnprovenLine(f"{key.name} counts from {utc_time(key.since)}, after the validation")
    if facts.now > key.until:
        raise UnprovenLine(f"{key.name} counted until {utc_time(key.until)}; validate again with its successor")
    return f"{key.name} ({key.key.keyid[:16]}…)"


def _gate(facts: Facts) -> str:
    """The gate that judged is one that the policy trusts: without a list, this one."""
    theirs = digests(facts.stated)[GATE]
    trusted = facts.policy.gates or {facts.gate_digest}
    if theirs not in trusted:
        raise UnprovenLine(f"another gate judged ({theirs[:16]}…, not {_short(trusted)}); validate with a trusted one")
    return f"sha256 {theirs}"


def _contract(facts: Facts) -> str:
    """The contract that was judged is the one compared with, and one that the policy trusts: else the shipped one."""
    theirs, ours = digests(facts.stated)[CONTRACT], facts.contract.digest
    trusted = facts.policy.contracts or {facts.shipped_contract}
    if theirs != ours:
        raise UnprovenLine(f"another contract was judged ({theirs[:16]}…; {facts.contract.id} is {ours[:16]}…)")
    if theirs not in trusted:
        raise UnprovenLine(f"the contract {theirs[:16]}… is not trusted: it is not {_short(trusted)}")
    return f"{facts.contract.id} {facts.contract.version}, sha256 {ours}"


def _age(facts: Facts) -> str:
    """The validation ended neither too long ago nor in the future."""
    run, most = facts.run, facts.policy.max_age_s
    age = facts.now - run.ended
    if not run.started <= run.ended:
        raise UnprovenLine("the validation ended before it began")
    if not age >= -SKEW_S:
        raise UnprovenLine("it is from the future: it ended later than the current time of this machine")
    if not age <= most:
        raise UnprovenLine(f"it ended {_span(age)} ago, the maximum age is {_span(most)}; validate again")
    return f"it ended {utc_time(run.ended)}, {_span(max(age, 0.0))} ago; the maximum age is {_span(most)}"


def _target(facts: Facts) -> str:
    """The files that describe the target are those of the policy: without a list, those that ship.

    The configuration that compose made of them is one that the policy names, where it names any.
    """
    run, trusted = facts.run, facts.policy.targets
    files = {name: digest for name, digest in run.target_digests.items() if name != RESOLVED}
    resolved = run.target_digests.get(RESOLVED, "")
    if not resolved:
        raise UnprovenLine("the evidence has no digest of the configuration that compose made of the target")
    if facts.policy.resolved and resolved not in facts.policy.resolved:
        raise UnprovenLine(f"the {RESOLVED} is another ({resolved[:16]}…, not {_short(facts.policy.resolved)})")
    if not trusted:
        if run.target_argument != _SHIPPED_TARGET:
            raise UnprovenLine(f"{run.target_argument!r} is not the shipped target, and no policy names its digest")
        # The digest of the gate covers the shipped files, so that what is left are files of others.
        if added := sorted(name for name in files if not name.startswith(SHIPPED)):
            raise UnprovenLine(f"beside the shipped target it has {few(added, 3)}, and no policy names their digests")
        return f"the shipped target {_SHIPPED_TARGET}, {RESOLVED} {resolved[:16]}…"
    if not files:
        raise UnprovenLine(f"the evidence has no digest of the files of the target {run.target_argument!r}")
    unknown = sorted(name for name, digest in files.items() if digest not in trusted and not name.startswith(SHIPPED))
    if unknown:
        raise UnprovenLine(f"the policy does not know {few(unknown, 3)} as it was when the target was judged")
    return f"{run.target_argument}: {few(sorted(files), 4)}, {RESOLVED} {resolved[:16]}…"


def _isolation(facts: Facts) -> str:
    """The programs under test could not reach the gate; missing knowledge is no proof."""
    if facts.run.isolation == ISOLATED:
        return ISOLATED
    why = facts.run.isolation or "the evidence does not say that the programs under test were isolated from the gate"
    if facts.policy.isolated:
        raise UnprovenLine(why)
    return f"not asked for by the policy: {why}"


def _span(seconds: float) -> str:
    """A length of time, with hours from one hour on."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours:.0f} h {rest // 60:.0f} min" if hours else duration(seconds)


def _short(digests_of: frozenset[str] | set[str]) -> str:
    """The beginnings of digests."""
    return few([f"{digest[:16]}…" for digest in sorted(digests_of)], 3)


#: The lines that the evidence alone proves, in the order of the checklist.
PROOFS: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("policy in force", _in_force),
    ("clock not set back", _clock),
    ("key valid", _key),
    ("validated by a trusted gate", _gate),
    ("against a trusted contract", _contract),
    ("not too long ago", _age),
    ("of a known target", _target),
    ("isolated from the gate", _isolation),
    ("verdict PASS", result_proofs.verdict),
    ("profile and checks", result_proofs.depth),
    ("full stack tested", partial(result_proofs.passed_groups, groups=result_proofs.STACK)),
    ("techno-net verified", lambda facts: result_proofs.passed(facts, [result_proofs.NETWORK])),
    ("endpoints verified", partial(result_proofs.passed_groups, groups=result_proofs.ENDPOINTS)),
    ("audit trail verified", partial(result_proofs.passed_groups, groups=result_proofs.TRAIL)),
    ("rest of the contract", result_proofs.others),
    ("waivers in force", result_proofs.waivers),
)
