"""Names of images: parsed, completed, and refused where their tag moves by custom."""

from __future__ import annotations

import re
from dataclasses import dataclass

from technogate.util.shipped import ShippedDataError, shipped

#: `repository:tag`, `repository@sha256:…` or both, the repository with or without a host and a port.
_NAME = re.compile(
    r"(?P<repository>(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]{1,5})?/)?[a-zA-Z0-9][a-zA-Z0-9._-]*(?:/[a-zA-Z0-9._-]+)*)"
    r"(?::(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)

#: The most characters of a name.
_LONGEST = 512

#: The registry of a repository that names none, and the folder there of a repository that is one word.
_REGISTRY, _LIBRARY = "docker.io", "library"

#: A major version alone: the image behind it is another one with each release.
_MAJOR = re.compile(r"v?[0-9]{1,3}", re.ASCII)


class ImageError(Exception):
    """An image that is missing, or whose name does not pin it; the text is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageName:
    """A name as it was `given`: the complete `repository`, and `tag` or `digest` (`sha256:…`), each "" without one."""

    given: str
    repository: str
    tag: str
    digest: str

    @property
    def short(self) -> str:
        """The repository as it was given, without tag and digest."""
        name = self.given.partition("@")[0]
        return name.removesuffix(f":{self.tag}") if self.tag else name

    def at(self, digest: str) -> str:
        """The image of this repository with a digest (`sha256:…`), by a name that pins it."""
        return f"{self.short}@{digest}"


def image_name(text: str) -> ImageName:
    """The parts of the name of an image.

    Raises ImageError for a name with neither tag nor digest, for a tag that moves, and when the list of moving tags is
    missing. A name with a digest may have any tag: the digest alone counts.
    """
    match = _NAME.fullmatch(text) if len(text) <= _LONGEST else None
    # `sha256:…` looks like a name with a tag, but is an id.
    if match is None or match["repository"] == "sha256" or not (match["tag"] or match["digest"]):
        raise ImageError(f"{text!r} has no tag and no digest: name the image as repository@sha256:… or repository:tag")
    tag, digest = match["tag"] or "", match["digest"] or ""
    if not digest:
        _refuse_moving(text, tag.lower())
    return ImageName(given=text, repository=complete(match["repository"]), tag=tag, digest=digest)


def complete(repository: str) -> str:
    """A repository with its registry: `x` is `docker.io/library/x`, and `evil/x` is `docker.io/evil/x`."""
    host, slash, rest = repository.partition("/")
    if not slash or not (host == "localhost" or "." in host or ":" in host):
        host, rest = _REGISTRY, repository
    host = host.lower()
    if host in (f"index.{_REGISTRY}", f"registry-1.{_REGISTRY}"):
        host = _REGISTRY
    return f"{host}/{_LIBRARY}/{rest}" if host == _REGISTRY and "/" not in rest else f"{host}/{rest}"


def repository_of(text: str) -> str:
    """The repository in the name of an image, as it is written there, whatever its tag."""
    folder, slash, last = text.partition("@")[0].rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _refuse_moving(text: str, tag: str) -> None:
    """Raise ImageError for a tag that by custom moves from one image to the next."""
    parts = re.split(r"[._-]", tag)
    if tag in _moving_tags() or "latest" in parts or _MAJOR.fullmatch(tag):
        raise ImageError(
            f"{text!r} has a tag that moves; name the image by its digest (repository@sha256:…) or by its own version"
        )


def _moving_tags() -> frozenset[str]:
    """Tags that by custom move from one image to the next: their image today may be another one tomorrow.

    Raises ImageError when the list cannot be read or is empty: without it no tag is known to be safe.
    """
    try:
        lines = shipped("images", "moving-tags.txt").read_text("utf-8").splitlines()
    except (ShippedDataError, OSError, UnicodeDecodeError) as error:
        raise ImageError(f"the list of moving image tags cannot be read, install technogate again: {error}") from error
    tags = frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not tags:
        raise ImageError("the list of moving image tags is empty, install technogate again")
    return tags
