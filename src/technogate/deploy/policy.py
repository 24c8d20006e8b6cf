"""The policy of a deployment: whom and what the deployer trusts. What it leaves out is as strict as it can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Literal

import msgspec
from securesystemslib.signer import SSlibKey

from technogate.contract.behavior import worded
from technogate.deploy.evidence.signing_keys import public_key_of
from technogate.deploy.image_names import ImageError, complete, image_name
from technogate.judging.waivers import MOST_DAYS, end_of_day, never_waived
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from technogate.model.settings import EVIDENCE_AGE, Profile
from technogate.util.toml_file import TomlFileError, decode_text, parse_toml

#: The highest maximum age of evidence: 30 days.
OLDEST_S = 30 * 24 * 3600.0

#: The profiles, weaker first.
PROFILES: tuple[Profile, ...] = ("quick", "standard", "thorough")

_AGE = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

Digest = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$", description="sha256: and 64 digits")]


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables in a policy file; unknown keys are refused."""


class KeyTable(PolicyTable, frozen=True, rename={"since": "from"}):
    """A key that may sign evidence; in a rotation two keys overlap."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    public: Annotated[str, msgspec.Meta(description="the public key, as the text of its PEM file")]
    since: Annotated[date, msgspec.Meta(description="the first day (UTC) on which it counts")]
    until: Annotated[date, msgspec.Meta(description="the last day (UTC) on which it counts, for old evidence too")]


class DigestsTable(PolicyTable, frozen=True):
    """What is trusted, by digest."""

    digests: tuple[Digest, ...] = ()


class TargetTable(DigestsTable, frozen=True):
    """What describes the target, by digest."""

    resolved: Annotated[
        tuple[Digest, ...],
        msgspec.Meta(description="configurations that compose makes of all files [default: whatever these files make]"),
    ] = ()


class EvidenceTable(PolicyTable, frozen=True):
    """What evidence must be like."""

    max_age: Annotated[str, msgspec.Meta(description="such as 90m, 24h or 7d; at most 30d")] = EVIDENCE_AGE
    profile: Annotated[Profile, msgspec.Meta(description="the weakest profile that counts")] = "standard"
    isolation: Annotated[
        Literal["isolated", "any"],
        msgspec.Meta(description="isolated: the programs under test could not reach the gate; any: they might have"),
    ] = "isolated"


class SideTable(PolicyTable, frozen=True):
    """The images of one side that may be deployed."""

    repositories: Annotated[
        tuple[str, ...], msgspec.Meta(description="where it may be deployed from [default: as it was validated]")
    ] = ()
    digests: Annotated[
        tuple[Digest, ...], msgspec.Meta(description="the only ids [default: what the evidence names]")
    ] = ()


class ImagesTable(PolicyTable, frozen=True):
    """The images of both sides."""

    console: SideTable = SideTable()
    backend: SideTable = SideTable()


class WaiversTable(PolicyTable, frozen=True):
    """Which failures may be waived, by whom, for how long, in which file. Without this table: none."""

    file: Annotated[str, msgspec.Meta(min_length=1, description="the file of waivers, relative to the policy's folder")]
    requirements: tuple[str, ...]
    owners: tuple[str, ...]
    sha256: Annotated[
        str,
        msgspec.Meta(
            pattern="^([0-9a-f]{64})?$",
            description='digest of that file\'s bytes; may be "" in a policy of the protected branch alone',
        ),
    ] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = MOST_DAYS


class PolicyFile(PolicyTable, frozen=True):
    """The whole file."""

    version: Literal[1]
    issued: Annotated[datetime, msgspec.Meta(tz=True, description="when it was written: no deployment is earlier")]
    expires: Annotated[date, msgspec.Meta(description="its last day (UTC)")]
    key: Annotated[tuple[KeyTable, ...], msgspec.Meta(min_length=1, description="who may sign evidence")]
    contract: Annotated[DigestsTable, msgspec.Meta(description="contracts [default: the one that ships]")] = (
        DigestsTable()
    )
    gate: Annotated[DigestsTable, msgspec.Meta(description="gates [default: the one that decides]")] = DigestsTable()
    evidence: EvidenceTable = EvidenceTable()
    checks: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=1)]],
        msgspec.Meta(description="the least checks of a requirement [default: a quarter of what the reference gets]"),
    ] = {}
    target: Annotated[
        TargetTable, msgspec.Meta(description="target files and compose files [default: those that ship]")
    ] = TargetTable()
    images: ImagesTable = ImagesTable()
    waivers: WaiversTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key and the time in which it counts, in seconds since the epoch."""

    name: str
    key: SSlibKey
    since: float = 0.0
    until: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployPolicy:
    """What a deployment is decided by. Digests have 64 digits without a prefix; an empty set means the default.

    `source` says where it comes from, `issued` and `expires` are seconds since the epoch. Without `targets` only the
    target that ships counts, without a waiver in `waivers` none does. Without `resolved` any configuration counts that
    compose makes of trusted files.
    """

    source: str
    keys: tuple[TrustedKey, ...]
    issued: float = 0.0
    expires: float = float("inf")
    contracts: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    max_age_s: float
    profile: Profile = "standard"
    isolated: bool = True
    checks: Mapping[str, int] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    repositories: Mapping[str, frozenset[str]] = field(default_factory=dict)
    images: Mapping[str, frozenset[str]] = field(default_factory=dict)
    waivable: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    days: int = MOST_DAYS
    waivers: tuple[Waiver, ...] = ()


def strict_policy(key: SSlibKey, max_age: str = EVIDENCE_AGE) -> DeployPolicy:
    """The policy without a file: one key, and every default."""
    trusted = TrustedKey(name="the key given", key=key)
    return DeployPolicy(source="no policy file: the strict defaults", keys=(trusted,), max_age_s=seconds_of(max_age))


def seconds_of(age: str) -> float:
    """An age such as `90m`, `24h` or `7d` in seconds; raises UserError for anything else, and beyond OLDEST_S."""
    match = _AGE.fullmatch(age)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= OLDEST_S:
        raise UserError(f"{age!r} is not an age: --max-age takes a number with s, m, h or d, at most 30d, such as 24h")
    return seconds


def parse_policy(raw: bytes, name: str) -> PolicyFile:
    """The policy in the bytes of the file `name`; raises UserError, one line, for a mistake in it."""
    try:
        policy = msgspec.convert(parse_toml(decode_text(raw, name), name), PolicyFile)
    except TomlFileError as error:
        raise UserError(str(error)) from error
    except msgspec.ValidationError as error:
        raise UserError(f"{name}: {worded(error)}") from error
    if policy.waivers is not None and (forbidden := [one for one in policy.waivers.requirements if never_waived(one)]):
        raise UserError(f"{name}: {forbidden[0]} keeps the key, and that is never waived; remove it from [waivers]")
    for key in policy.key:
        if key.until < key.since:
            raise UserError(f"{name}: the key {key.name} ends before it begins; correct from and until")
    for repository in (*policy.images.console.repositories, *policy.images.backend.repositories):
        if not _is_repository(repository):
            raise UserError(f"{name}: {repository!r} is no repository; write one without tag and digest")
    return policy


def _is_repository(text: str) -> bool:
    """Whether a text is the repository of an image, without tag and digest."""
    try:
        return image_name(f"{text}@sha256:{'0' * 64}").short == text
    except ImageError:
        return False


def deploy_policy(file: PolicyFile, name: str, source: str, waivers: tuple[Waiver, ...]) -> DeployPolicy:
    """What the file `name` says, with the `waivers` of the file that it names; raises UserError for a key or an age."""
    sides = {"console": file.images.console, "backend": file.images.backend}
    table = file.waivers
    return DeployPolicy(
        source=source,
        keys=tuple(
            TrustedKey(
                name=key.name,
                key=public_key_of(key.public.encode(), f"{name}: the key {key.name}"),
                since=_start(key.since),
                until=end_of_day(key.until.isoformat()),
            )
            for key in file.key
        ),
        issued=file.issued.timestamp(),
        expires=end_of_day(file.expires.isoformat()),
        contracts=_digits(file.contract.digests),
        gates=_digits(file.gate.digests),
        max_age_s=seconds_of(file.evidence.max_age),
        profile=file.evidence.profile,
        isolated=file.evidence.isolation == "isolated",
        checks=file.checks,
        targets=_digits(file.target.digests),
        resolved=_digits(file.target.resolved),
        repositories={side: frozenset(map(complete, entry.repositories)) for side, entry in sides.items()},
        images={side: _digits(entry.digests) for side, entry in sides.items()},
        waivable=frozenset(table.requirements if table else ()),
        owners=frozenset(table.owners if table else ()),
        days=table.days if table else MOST_DAYS,
        waivers=waivers,
    )


def _digits(digests: tuple[str, ...]) -> frozenset[str]:
    """Digests without their prefix."""
    return frozenset(digest.removeprefix("sha256:") for digest in digests)


def _start(day: date) -> float:
    """The start of a day (UTC) in seconds since the epoch."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
