"""The last line of `technogate verify`: the journal judged again by the whole judge, and compared with the evidence."""

from __future__ import annotations

from pathlib import Path

from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.signing_keys import public_key
from technogate.deploy.evidence.statement import GATE, decode, digests, statement_of
from technogate.deploy.standalone_verifier import Line
from technogate.journal.journal_file import JournalError, read_journal
from technogate.judging.judge import judge
from technogate.util.gate_digest import gate_digest

#: The title of the line.
TITLE = "judged again"


def judged_again(evidence: Path, journal: Path, key: Path) -> Line:
    """Whether the judge of this gate comes to the same statement; raises UserError for an unusable key."""
    try:
        stated = decode(envelope.unseal(envelope.read(evidence), public_key(key)))
        document = judge(read_journal(journal, sha256=stated.predicate.technogate.journal_sha256))
        theirs = digests(stated)[GATE]
        again = statement_of(document, theirs)
    except (EvidenceError, JournalError) as error:
        return Line(TITLE, False, str(error))
    # The digest covers browser and Node too: on a stranger's machine another gate may well judge the same.
    by = "this gate" if theirs == gate_digest() else f"this gate, which is not the one of then ({theirs[:16]}…),"
    run, other = stated.predicate.technogate, again.predicate.technogate
    if again == stated:
        return Line(TITLE, True, f"{by} comes to the same {run.verdict.value}, to the last field")
    if run.verdict is not other.verdict:
        return Line(TITLE, False, f"the evidence says {run.verdict.value}; {by} comes to {other.verdict.value}")
    fields = [name for name in run.__struct_fields__ if getattr(run, name) != getattr(other, name)]
    return Line(TITLE, False, f"{by} comes to another {', '.join(fields) or 'statement'}")
