"""The images to deploy, as the container engine of this machine lists them."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

from technogate.model.events import ImageRef
from technogate.util.shipped import ShippedDataError, shipped
from technogate.util.strict_json import NotStrictJson, parse

#: Timeout of the engine in seconds.
RESPONSE_S = 30.0

#: `repository:tag`, the repository with or without a host and a port.
_NAME = re.compile(r"(?P<repository>[a-zA-Z0-9][a-zA-Z0-9._/:-]{0,254}):(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})")
_ID = re.compile(r"sha256:[0-9a-f]{64}")


class ImageError(Exception):
    """An image that is missing, or whose name does not pin it; the text is one line."""


def tagged(name: str) -> str:
    """The tag in the name of an image.

    Raises ImageError for a name without a tag, for a tag that moves, and when the list of moving tags is missing.
    """
    match = _NAME.fullmatch(name)
    # `sha256:…` looks like a name with a tag, but is an id.
    if match is None or "/" in match["tag"] or match["repository"] == "sha256":
        raise ImageError(f"{name!r} has no tag: name the image as repository:tag")
    tag = match["tag"].lower()
    if tag in _moving_tags() or "latest" in re.split(r"[._-]", tag):
        raise ImageError(f"{name!r} has a tag that moves; give the image one of its own, such as its version")
    return match["tag"]


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


def inspect(name: str) -> ImageRef:
    """The image `name` with its id on this machine.

    Raises ImageError when the name does not pin an image, the image does not exist on this machine, or the engine
    returns no id for it.
    """
    tagged(name)
    image = _described(name, _inspect_output(name))
    digest = image.get("Id")
    if not isinstance(digest, str) or not _ID.fullmatch(digest):
        raise ImageError(f"the engine gives no id for {name!r}")
    tags = image.get("RepoTags")
    if not isinstance(tags, list) or not any(isinstance(tag, str) and _same(tag, name) for tag in tags):
        raise ImageError(f"the engine has no image that is tagged {name!r}")
    return ImageRef(name=name, digest=digest)


def _same(tag: str, name: str) -> bool:
    """Whether a tag from the engine is the name `name`: the default host may be left out of either."""
    return tag == name or tag.endswith(f"/{name}") or name.endswith(f"/{tag}")


def _inspect_output(name: str) -> bytes:
    """The output of `docker image inspect`."""
    program = shutil.which("docker")
    if program is None:
        raise ImageError("docker is not installed on this machine, so the id of the image is unknown")
    try:
        done = subprocess.run(
            [program, "image", "inspect", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RESPONSE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"docker did not respond within {RESPONSE_S:.0f} s") from error
    except OSError as error:
        raise ImageError(f"docker cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        message = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise ImageError(f"docker does not know it: {message or f'exit code {done.returncode}'}")
    return done.stdout


def _described(name: str, raw: bytes) -> dict[str, Any]:
    """The only image in the output of the engine."""
    try:
        response = parse(raw)
    except NotStrictJson as error:
        raise ImageError(f"docker's output is not JSON: {error.reason}") from error
    if not isinstance(response, list) or len(response) != 1 or not isinstance(response[0], dict):
        raise ImageError(f"docker does not describe one image for {name!r}")
    return response[0]
