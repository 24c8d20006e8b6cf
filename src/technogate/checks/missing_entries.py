"""Entries of the trail that a later read leaves out (AUD-02). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from technogate.checks import audit_list, response_checks
from technogate.contract.loader import Contract
from technogate.generation.requests.request_oracle import limit_of, state_of
from technogate.generation.requests.sent_request import Findings, SentRequest


def missing_entries(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[tuple[SentRequest, Findings]]:
    """Each read in the order sent, with the entry that it leaves out although an earlier one showed it (AUD-02).

    The trail only grows, so an entry once seen is in every later list that asks for its state, unless
    the list is full: then entries as old as its last one may be cut off.
    """
    known: dict[str, tuple[str, float]] = {}
    for sent in sents:
        if not (sent.status == 200 and sent.allowed and isinstance(response_checks.json_value(sent.exchange), list)):
            continue
        shown = {json.dumps(entry, sort_keys=True): entry for entry in audit_list.entries(sent.exchange)}
        yield sent, _missing(contract, sent, known, shown)
        for text, entry in shown.items():
            at = response_checks.seconds_of(entry.get("timestamp"))
            if at is not None:
                known[text] = (str(entry.get("state")), at)


def _missing(
    contract: Contract,
    sent: SentRequest,
    known: Mapping[str, tuple[str, float]],
    shown: Mapping[str, Mapping[str, object]],
) -> Findings:
    """The finding on the first entry that a read leaves out, if there is one."""
    state = state_of(contract, sent.case)
    full = len(shown) >= limit_of(contract, sent.case)
    times = (response_checks.seconds_of(entry.get("timestamp")) for entry in shown.values())
    oldest = min((at for at in times if at is not None), default=0.0)
    for text, (its_state, at) in known.items():
        if text not in shown and state in ("", its_state) and (not full or at > oldest):
            wanted = f"the entry {text}, which an earlier answer showed"
            return response_checks.finding("complete", sent.exchange, wanted, f"{len(shown)} entries without it")
    return []
