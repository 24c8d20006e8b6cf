"""The findings of a run in the order of the requirements, each with its number and the commands that reproduce it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from technogate.journal.journal_file import Journal
from technogate.judging.curl import curl_for
from technogate.model.events import Exchange, Finding, TargetRef, by_id
from technogate.model.requirement import Requirement
from technogate.model.verdict import Sample, finding_id


def numbered_findings(
    journal: Journal, findings: Iterable[Finding], scope: Mapping[str, Requirement]
) -> tuple[Sample, ...]:
    """Number the findings in the order of the requirements and add the commands that reproduce them."""
    exchanges = by_id(journal.exchanges)
    ca_file = _ca_file(journal.header.target)
    place = {requirement_id: index for index, requirement_id in enumerate(scope)}
    ordered = sorted(findings, key=lambda finding: (place[finding.requirement], finding.item))
    return tuple(
        Sample(
            number=number,
            finding=finding,
            party=scope[finding.requirement].party,
            decisions=scope[finding.requirement].decisions,
            curl=_curl(finding, exchanges, ca_file),
            recheck_command=_recheck_command(finding, journal),
            replay=f"technogate replay {shlex.quote(finding_id(journal.header.run, number))}{_contract(journal)}",
        )
        for number, finding in enumerate(ordered, 1)
    )


def _recheck_command(finding: Finding, journal: Journal) -> str:
    """The command that checks the requirement of a finding again, with the seed, profile and target of its run."""
    header = journal.header
    command = f"technogate check {finding.requirement} --seed {header.seed}"
    command += "" if header.profile == "quick" else f" --profile {header.profile}"
    target = header.target.target_argument
    return command + (f" --target {shlex.quote(target)}" if target else "") + _contract(journal)


def _contract(journal: Journal) -> str:
    """The option that names the contract of a run, "" for the shipped one."""
    folder = journal.header.contract.argument
    return f" --contract {shlex.quote(folder)}" if folder else ""


def _ca_file(target: TargetRef) -> str:
    """The backend's file of certificates as seen from the folder that the run was started in, "" without one."""
    name = target.ca_files.get("backend", "")
    return (Path(target.target_argument).parent / name).as_posix() if name else ""


def _curl(finding: Finding, exchanges: Mapping[str, Exchange], ca_file: str) -> str:
    """The command for the last exchange with the backend that a finding rests on, "" without one."""
    known = [exchanges[exchange_id] for exchange_id in finding.exchanges if exchange_id in exchanges]
    sent = [exchange for exchange in known if exchange.responded_by == "backend"]
    return curl_for(sent[-1], ca_file) if sent else ""
