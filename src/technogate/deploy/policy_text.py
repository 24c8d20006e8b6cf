"""A policy file to begin with: every default written out and explained, filled in from evidence where there is some."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from technogate.deploy.evidence.statement import BACKEND, CONSOLE, CONTRACT, GATE, Statement, digests
from technogate.deploy.image_names import repository_of
from technogate.judging.waivers import MOST_DAYS
from technogate.model.settings import EVIDENCE_AGE
from technogate.target.described_by import RESOLVED, SHIPPED
from technogate.util.timestamps import utc

#: Days that a policy counts unless it says otherwise; its key counts as long.
LIFE_DAYS = 180

_TEXT = """\
# Whom and what a deployment of images trusts: `technogate deploy-check --policy {name}`.
# It counts when it is signed (`technogate policy sign`, --policy-key), or taken from the protected branch of a remote
# (--policy-ref origin/main). What a line leaves out is as strict as it can be.
version = 1
issued = {issued}      # no deployment is decided before this time
expires = {expires}               # the last day (UTC); review the policy before it

# Who may sign evidence. In a rotation two keys overlap: add the new one, then let the old one end.
[[key]]
name = "{key_name}"
public = {public}
from = {today}
until = {expires}

# By digest; an empty list means the contract that ships with the gate that decides.
[contract]
digests = {contracts}

# By digest; an empty list means the gate that decides.
[gate]
digests = {gates}

[evidence]
max_age = "{age}"                   # at most 30d
profile = "standard"              # the weakest that counts: quick, standard, thorough
isolation = "isolated"            # or "any", where the programs under test cannot be kept from the gate

# The least checks of a requirement. Each has a default: a quarter of what the reference gets, at most 50.
[checks]
# AUT-02 = 9

# Target file and compose files, by digest; an empty list means those that ship (`--target compose`).
[target]
digests = {targets}
# The configuration that compose makes of them, with this machine's variables; an empty list means any.
resolved = {resolved}

# Where each image may be deployed from, and the only ids, where they are known before.
[images.console]
repositories = {console}
digests = []

[images.backend]
repositories = {backend}
digests = []

# Without this table no failure is waived. What fails closed (the group fail-closed) and what keeps the key (AUT,
# CON-01, STK-07) never is. A waiver counts when it is in this file, with an owner of this list and a reason.
# [waivers]
# file = "waivers.toml"
# sha256 = ""                     # sha256sum of that file; a signed policy needs it
# requirements = ["TRL-06"]
# owners = ["the backend team"]
# days = {days}                       # at most {days}
"""


def new_policy(name: str, public: str, now: float, statement: Statement | None) -> str:
    """The text of the policy `name` that trusts the public key `public` (PEM), and what `statement` was about."""
    today = datetime.fromtimestamp(now, UTC).date()
    known = digests(statement) if statement else {}
    validated = (
        {subject.name: subject.annotations.get("image", "") for subject in statement.subject} if statement else {}
    )
    targets = dict(statement.predicate.technogate.target_digests) if statement else {}
    resolved = targets.pop(RESOLVED, "")
    own = [digest for file, digest in sorted(targets.items()) if not file.startswith(SHIPPED)]
    return _TEXT.format(
        name=name,
        issued=f"{utc(now)[:19]}Z",
        expires=today + timedelta(days=LIFE_DAYS),
        today=today,
        key_name=f"since {today}",
        public=f'"""\n{public.strip()}\n"""',
        contracts=_list(known.get(name, "") for name in (CONTRACT,)),
        gates=_list(known.get(name, "") for name in (GATE,)),
        targets=_list(own),
        resolved=_list([resolved]),
        console=json.dumps([repository_of(validated[CONSOLE])] if validated.get(CONSOLE) else []),
        backend=json.dumps([repository_of(validated[BACKEND])] if validated.get(BACKEND) else []),
        age=EVIDENCE_AGE,
        days=MOST_DAYS,
    )


def _list(found: Iterable[str]) -> str:
    """Digests as a TOML list; without the empty ones."""
    return json.dumps([f"sha256:{digest}" for digest in found if digest])
