"""The files of an image, layer by layer: including those that a later layer removes."""

from __future__ import annotations

import base64
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO

from technogate.target.compose.engine import EngineError
from technogate.util.secret_patterns import Secret, secrets_in_file

#: Bytes of one file that are searched; files of settings and keys are shorter.
FILE_LIMIT = 64 << 20


def secrets_in_layers(image: str, api_key: str) -> tuple[list[Secret], int]:
    """Return what looks like a secret in the files of `image`, or is the pair's own key, and how many files were read.

    Raises EngineError when the image cannot be read as a whole.
    """
    secrets: dict[Secret, None] = {}
    needles = (api_key.encode(), base64.b64encode(api_key.encode()).rstrip(b"=")[:-1])
    count = 0
    with _saved(image) as stream:
        for path, raw in _files(stream):
            count += 1
            secrets |= dict.fromkeys(secrets_in_file(path, raw))
            if any(needle in raw for needle in needles):
                secrets[Secret(place=f"/{path}", what="the API key of this pair")] = None
    if not count:
        raise EngineError(f"the image {image} has no file that can be read")
    return list(secrets), count


def first_below(image: str, folders: Iterable[str]) -> dict[str, str]:
    """For each of `folders` a file of `image` that it holds or is, or a link on the way to it; without it, none is.

    Raises EngineError when the image cannot be read as a whole.
    """
    found: dict[str, str] = {}
    wanted = {folder: str(PurePosixPath(folder)) for folder in folders}
    with _saved(image) as stream:
        for member, _ in _members(stream):
            if member.isdir():
                continue
            path = str(PurePosixPath("/", member.name))
            for folder, place in wanted.items():
                on_the_way = member.issym() and f"{place}/".startswith(f"{path}/")
                if on_the_way or f"{path}/".startswith(f"{place}/"):
                    found.setdefault(folder, path)
    return found


def _files(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Each regular file of each layer: its path and its bytes."""
    for member, layer in _members(stream):
        file = layer.extractfile(member) if member.isfile() else None
        if file is not None:
            yield member.name.removeprefix("./"), file.read(FILE_LIMIT)


def _members(stream: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Each entry of each layer, with its layer."""
    with tarfile.open(fileobj=stream, mode="r|") as saved:
        for member in saved:
            content = saved.extractfile(member) if member.isfile() else None
            if content is None or member.name.endswith(("json", "VERSION", "oci-layout", "repositories")):
                continue
            yield from _layer(content)


def _layer(content: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """The entries of one layer; nothing when it is no layer but a description."""
    try:
        layer = tarfile.open(fileobj=content, mode="r|*")  # noqa: SIM115 - the next line closes it
    except tarfile.ReadError:
        return
    with layer:
        for member in layer:
            yield member, layer


@contextmanager
def _saved(image: str) -> Iterator[IO[bytes]]:
    """The stream of `docker save`; raises EngineError when it breaks off."""
    with subprocess.Popen(
        ["docker", "save", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        if process.stdout is None:
            raise EngineError("docker save has no output")
        try:
            yield process.stdout
            # What follows the last entry is padding.
            process.stdout.read()
        except tarfile.TarError as error:
            process.kill()
            raise EngineError(f"the image {image} cannot be read: {error}") from error
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise EngineError(f"docker save {image} ended with exit code {process.returncode}")
