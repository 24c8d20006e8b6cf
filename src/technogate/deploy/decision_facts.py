"""What a deployment is decided from, and the reason of a line that is not proven."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.deploy.evidence.statement import BACKEND, CONSOLE, Proven, RunRef, Statement, digests
from technogate.deploy.policy import DeployPolicy, TrustedKey
from technogate.deploy.policy_source import TimeFact
from technogate.judging.waivers import expired, is_reason, never_waived, too_long
from technogate.model.events import Waiver
from technogate.model.verdict import WaiverState

#: The reason of a line when there is no evidence, or none that can be trusted.
NO_EVIDENCE = "unknown: no trusted evidence"

#: Seconds that the clocks of two machines may differ.
SKEW_S = 60.0


class UnprovenLine(Exception):  # noqa: N818 - a line that is not proven is not an error of the gate
    """A line is not proven; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What proves the lines. The key or the statement is None when there is none to trust.

    `contract` is the one to compare with, `shipped_contract` the digest of the one that ships with this gate, and
    `gate_digest` that of this gate. `times` have passed for certain.
    """

    policy: DeployPolicy
    key: TrustedKey | None
    statement: Statement | None
    contract: Contract
    shipped_contract: str
    gate_digest: str
    now: float
    times: tuple[TimeFact, ...] = ()

    @property
    def stated(self) -> Statement:
        """The statement; raises UnprovenLine without one."""
        if self.statement is None:
            raise UnprovenLine(NO_EVIDENCE)
        return self.statement

    @property
    def run(self) -> RunRef:
        """The run that the statement is about; raises UnprovenLine without one."""
        return self.stated.predicate.technogate

    @property
    def results(self) -> dict[str, Proven]:
        """The requirements in the evidence, by id."""
        return {proven.id: proven for proven in self.run.requirements}

    def waiver(self, requirement_id: str) -> Waiver | None:
        """A waiver that covers the requirement's failure today, for these images, and that the policy admits."""
        known = digests(self.stated)
        images = {f"sha256:{known[side]}" for side in (CONSOLE, BACKEND)}
        for result in self.run.waivers:
            waiver = result.waiver
            if (
                result.state is WaiverState.USED
                and waiver.requirement == requirement_id
                and (not waiver.image or waiver.image in images)
                and not self.inadmissible(waiver)
            ):
                return waiver
        return None

    def inadmissible(self, waiver: Waiver) -> str:
        """Why the policy does not let this waiver count, "" when it does."""
        requirement = self.contract.requirements.get(waiver.requirement)
        named = {self._terms(one) for one in self.policy.waivers}
        reasons = {
            "what fails closed and what keeps the key is never waived": never_waived(
                waiver.requirement, requirement.group if requirement else ""
            ),
            f"expired at the end of {waiver.expires}": expired(waiver.expires, self.now),
            f"the policy does not let {waiver.requirement} be waived": waiver.requirement not in self.policy.waivable,
            f"the policy does not know the owner {waiver.owner!r}": waiver.owner not in self.policy.owners,
            f"it counts for more than {self.policy.days} days": too_long(
                waiver.expires, min(self.run.started, self.now), self.policy.days
            ),
            "its reason is not more than a word": not is_reason(waiver.reason),
            "it is not in the file that the policy names": self._terms(waiver) not in named,
        }
        return next((reason for reason, applies in reasons.items() if applies), "")

    @staticmethod
    def _terms(waiver: Waiver) -> tuple[str, ...]:
        """What makes two waivers the same: everything but their place."""
        return (waiver.requirement, waiver.reason, waiver.owner, waiver.expires, waiver.image)
