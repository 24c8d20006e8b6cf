"""The first and the last line of a journal: what was judged against what, and how the run ended."""

from __future__ import annotations

from typing import Literal

import msgspec

from technogate.model.contract_words import ContractWords
from technogate.model.record import Record
from technogate.model.requirement import Requirement


class ContractRef(Record, frozen=True):
    """Which contract the run was held to; `digest` is the sha256 of the folder's files.

    `shipped` is whether it is one that came with the gate, byte for byte; `argument` is what the user wrote after
    `--contract`, "" for the shipped one.
    """

    id: str
    title: str
    version: str
    digest: str
    shipped: bool = False
    argument: str = ""


class ImageRef(Record, frozen=True):
    """A container image: the name with its tag, and the image id (`sha256:` and 64 digits) that it had."""

    name: str
    digest: str


class TargetRef(Record, frozen=True):
    """Which pair was judged and how it was reached; `target_argument` is what the user wrote after `--target`.

    It is "" for the file that was found without being named. `images` are the images that ran, by party; empty when
    processes were judged. `page` is whether its console, if it has one, is a page: a client module alone shows nothing.
    `ca_files` are the files of the certificates that it is verified with, by party, relative to the target file.
    `digests` are the sha256 of the files that describe images: target file, those that it extends, and compose files.
    """

    name: str
    kind: Literal["embedded", "compose", "file"]
    parties: tuple[str, ...]
    started_by_gate: bool
    faults: bool
    addresses: dict[str, str] = msgspec.field(default_factory=dict)
    target_argument: str = "embedded"
    images: dict[str, ImageRef] = msgspec.field(default_factory=dict)
    page: bool = True
    ca_files: dict[str, str] = msgspec.field(default_factory=dict)
    digests: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def of_images(self) -> bool:
        """Whether images are judged. A target of containers is, also while the engine has not named its images."""
        return self.kind == "compose" or bool(self.images)


class Waiver(Record, frozen=True):
    """An accepted failure: its owner, its reason, and the day (UTC, ISO 8601) at whose end it expires.

    With `image` it is for that image alone. `place` is the file and line where it is written.
    """

    requirement: str
    reason: str
    owner: str
    expires: str
    image: str = ""
    place: str = ""


class Header(Record, frozen=True, tag_field="event", tag="header"):
    """First line of a journal: all that judging needs to know besides the events themselves.

    `guarded` are the operations that need a key and carry a trace id; `decisions` and `groups` hold
    titles by id. `execute` is the operation whose every response must have an entry in the audit trail, `blocked` the
    state of a refusal's entry, `unaudited` the reason code for a trail that cannot be written, `words` are all that
    the contract calls things. Seconds: a complete
    response takes no longer than `response_s`, an entry is visible `trail_visible_s` after it, 99 of 100
    responses of an operation within `p99_s`. `slow` is the command that hangs on purpose. `gate_digest` is
    the sha256 of the gate's own files. `replays` names the finding that a replay is about.
    """

    format: int
    run: str
    gate_version: str
    contract: ContractRef
    requirements: tuple[Requirement, ...]
    target: TargetRef
    mode: Literal["validate", "check", "replay"]
    profile: str
    seed: int
    started: float
    selection: tuple[str, ...] = ()
    tolerance_s: float = 5.0
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    decisions: dict[str, str] = msgspec.field(default_factory=dict)
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    guarded: tuple[str, ...] = ()
    trace_header: str = ""
    execute: str = ""
    blocked: str = ""
    unaudited: str = ""
    words: ContractWords = ContractWords()
    response_s: float = 15.0
    trail_visible_s: float = 2.0
    p99_s: dict[str, float] = msgspec.field(default_factory=dict)
    slow: str = ""
    waivers: tuple[Waiver, ...] = ()
    gate_digest: str = ""
    replays: str = ""


class WriterEnd(Record, frozen=True, tag_field="event", tag="writer-end"):
    """Last line of a process that wrote to a journal and does not seal it: none of its own is missing at the end."""


class Footer(Record, frozen=True, tag_field="event", tag="footer"):
    """Last line of a journal: how the run ended, and the digest of every byte before this line and of its own words.

    `moved` is by how many seconds the clock was changed while the journal was written, by a monotonic clock.
    """

    end: Literal["finished", "interrupted", "crashed"]
    lines: int
    sha256: str
    ended: float
    moved: float = 0.0
