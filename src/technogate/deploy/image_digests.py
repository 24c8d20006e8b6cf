"""The images that are about to be deployed, as the container engine of this machine knows them."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

from technogate.model.events import ImageRef
from technogate.util.strict_json import NotStrictJson, parse

#: Seconds that the engine gets for an answer.
RESPONSE_S = 30.0

#: Tags that are moved from one image to the next by custom: what they name today says nothing of tomorrow.
MOVING = frozenset({
    "latest", "stable", "edge", "nightly", "self_test", "current", "newest", "next", "snapshot", "head", "tip",
    "main", "master", "trunk", "develop", "development", "dev", "test", "staging", "prod", "production", "release",
})  # fmt: skip

#: `repository:tag`, the repository with or without a host and a port.
_NAME = re.compile(r"(?P<repository>[a-zA-Z0-9][a-zA-Z0-9._/:-]{0,254}):(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})")
_ID = re.compile(r"sha256:[0-9a-f]{64}")


class ImageError(Exception):
    """An image that is not there, or that its name does not pin; the text is one line."""


def tagged(name: str) -> str:
    """The tag of an image's name; raises ImageError for a name without one, or with one that moves."""
    found = _NAME.fullmatch(name)
    # `sha256:…` looks like a name with a tag, and is an id.
    if found is None or "/" in found["tag"] or found["repository"] == "sha256":
        raise ImageError(f"{name!r} has no tag: name the image as repository:tag")
    parts = re.split(r"[._-]", found["tag"].lower())
    if found["tag"].lower() in MOVING or "latest" in parts:
        raise ImageError(f"{name!r} has a tag that moves; give the image one of its own, such as its version")
    return found["tag"]


def inspect(name: str) -> ImageRef:
    """The image `name` with the id that it has here and now.

    Raises ImageError when the name pins nothing, the image does not exist here, or the engine does not
    say.
    """
    tagged(name)
    image = _described(name, _ask(name))
    digest = image.get("Id")
    if not isinstance(digest, str) or not _ID.fullmatch(digest):
        raise ImageError(f"the engine gives no id for {name!r}")
    tags = image.get("RepoTags")
    if not isinstance(tags, list) or not any(isinstance(tag, str) and _same(tag, name) for tag in tags):
        raise ImageError(f"the engine knows no image that is tagged {name!r}")
    return ImageRef(name=name, digest=digest)


def _same(tag: str, name: str) -> bool:
    """Whether a tag of the engine's is the name that was given: a host that goes without saying may be left out."""
    return tag == name or tag.endswith(f"/{name}") or name.endswith(f"/{tag}")


def _ask(name: str) -> bytes:
    """What the engine answers when asked for the image."""
    program = shutil.which("docker")
    if program is None:
        raise ImageError("docker is not installed here, so nobody can say what the image is")
    try:
        ended = subprocess.run(
            [program, "image", "inspect", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RESPONSE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"docker did not answer within {RESPONSE_S:.0f} s") from error
    except OSError as error:
        raise ImageError(f"docker cannot be run: {error.strerror}") from error
    if ended.returncode != 0:
        said = " ".join(ended.stderr.decode("utf-8", "replace").split())[:200]
        raise ImageError(f"docker does not know it: {said or f'exit code {ended.returncode}'}")
    return ended.stdout


def _described(name: str, raw: bytes) -> dict[str, Any]:
    """The one image in an answer of the engine's."""
    try:
        response = parse(raw)
    except NotStrictJson as error:
        raise ImageError(f"docker's answer is not JSON: {error.reason}") from error
    if not isinstance(response, list) or len(response) != 1 or not isinstance(response[0], dict):
        raise ImageError(f"docker does not describe one image for {name!r}")
    return response[0]
