"""VAL: an operation without a part does what its schemas say: it refuses what they forbid, and takes the rest. Pure."""

from __future__ import annotations

from technogate.checks import rule_conditions
from technogate.checks.family import Family, GeneratedRule, Scope
from technogate.generation.requests.request_oracle import RequestDefect, Validity
from technogate.generation.requests.sent_request import Mode
from technogate.model.requirement import Party

_MALFORMED = frozenset({RequestDefect.FIELDS})

RULES = (
    GeneratedRule(
        requirement="VAL-01",
        subject="Every generated request that the schemas forbid is refused with 400 or another documented 4xx.",
        scope=Scope.MALFORMED,
        modes=(Mode.FORBIDDEN,),
        # A body over the limit is another requirement's, and may be cut off without a response.
        concerns=lambda sent: sent.decided and RequestDefect.SIZE not in sent.expectation.faults,
        check=rule_conditions.has_allowed_status,
        good=lambda e: e.sent(
            e.refused(400), validity=Validity.FORBIDDEN, responses=frozenset({400}), defects=_MALFORMED
        ),
        bad=lambda e: e.sent(e.executed(), validity=Validity.FORBIDDEN, responses=frozenset({400}), defects=_MALFORMED),
    ),
    GeneratedRule(
        requirement="VAL-02",
        subject="Every generated request that the schemas allow is not refused as an invalid one.",
        scope=Scope.GENERAL,
        modes=(Mode.ALLOWED,),
        concerns=lambda sent: sent.decided and sent.allowed,
        check=rule_conditions.has_allowed_status,
        good=lambda e: e.sent(e.executed(), responses=frozenset(e.answers)),
        bad=lambda e: e.sent(e.refused(400)),
    ),
)

FAMILY = Family(prefixes=("VAL",), party=Party.BACKEND, rules=RULES)
