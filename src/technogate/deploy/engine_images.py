"""The images of this machine, from the socket of its container engine.

No program is started and no variable of the environment is read: neither a `docker` on the PATH nor DOCKER_HOST can
answer in the engine's place. The machine of the deployment is trusted, and with it the engine behind these sockets.
"""

from __future__ import annotations

import http.client
import os
import pwd
import socket
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from technogate.deploy.image_names import ImageError, ImageName, image_name
from technogate.util.strict_json import NotStrictJson, parse

#: Timeout of the engine in seconds, and the most bytes of its response.
RESPONSE_S = 30.0
_MOST = 8 * 1024 * 1024

#: The sockets of engines that the system starts.
SYSTEM_SOCKETS = (Path("/run/docker.sock"), Path("/var/run/docker.sock"), Path("/run/podman/podman.sock"))

#: The status that the engine has for an image that it knows.
_FOUND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """An image of the engine: its id (`sha256:…`), and its digest in the registry of the name, "" when it has none."""

    id: str
    registry_digest: str


class _EngineConnection(http.client.HTTPConnection):
    """HTTP over the socket of an engine."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=RESPONSE_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def engine_sockets() -> Iterator[Path]:
    """The sockets of engines on this machine: of the system, then of the user who runs this."""
    yield from SYSTEM_SOCKETS
    user = os.getuid()
    yield from (Path(f"/run/user/{user}/docker.sock"), Path(f"/run/user/{user}/podman/podman.sock"))
    # The home of the account, and not what the environment calls it.
    yield Path(pwd.getpwuid(user).pw_dir, ".docker", "run", "docker.sock")


def find_image(name: ImageName) -> FoundImage:
    """The image with this name on this machine.

    Raises ImageError without an engine, and when the engine does not know exactly this name.
    """
    image = _described(name, _response(name))
    image_id = image.get("Id")
    if not isinstance(image_id, str) or not image_id.startswith("sha256:") or len(image_id) != 71:
        raise ImageError(f"the engine gives no id for {name.given!r}")
    tags, digests = list(_names(image.get("RepoTags"))), list(_names(image.get("RepoDigests")))
    registry = [known.digest for known in digests if known.repository == name.repository]
    if name.digest:
        if name.digest not in registry:
            raise ImageError(f"the engine has no image {name.given!r}")
        return FoundImage(id=image_id, registry_digest=name.digest)
    if not any((known.repository, known.tag) == (name.repository, name.tag) for known in tags):
        raise ImageError(f"the engine has no image that is tagged {name.given!r}")
    return FoundImage(id=image_id, registry_digest=registry[0] if len(set(registry)) == 1 else "")


def _names(listed: object) -> Iterator[ImageName]:
    """The names that the engine lists, without those that are none."""
    for text in listed if isinstance(listed, list) else ():
        try:
            yield image_name(str(text))
        except ImageError:
            # Also the engine's `<none>:<none>`, and tags that move: they are not what was asked for.
            continue


def _response(name: ImageName) -> bytes:
    """The engine's description of an image."""
    path = _socket(engine_sockets())
    connection = _EngineConnection(path)
    try:
        connection.request("GET", f"/images/{quote(name.given, safe='/:@')}/json")
        response = connection.getresponse()
        raw = response.read(_MOST + 1)
    except TimeoutError as error:
        raise ImageError(f"the engine at {path} did not respond within {RESPONSE_S:.0f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise ImageError(f"the engine at {path} does not respond: {error}") from error
    finally:
        connection.close()
    if len(raw) > _MOST:
        raise ImageError(f"the engine's response has more than {_MOST} bytes")
    if response.status != _FOUND:
        raise ImageError(f"the engine does not know it: {_message(raw) or f'status {response.status}'}")
    return raw


def _socket(paths: Iterable[Path]) -> Path:
    """The first socket that belongs to the system or to this user."""
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode) and status.st_uid in (0, os.getuid()):
            return path
    raise ImageError(
        "no container engine has a socket on this machine, so the id behind a tag is unknown; "
        "name the image by the digest that was validated, as repository@sha256:…"
    )


def _described(name: ImageName, raw: bytes) -> dict[str, Any]:
    """The description of the one image in a response."""
    try:
        response = parse(raw)
    except NotStrictJson as error:
        raise ImageError(f"the engine's response is not JSON: {error.reason}") from error
    if not isinstance(response, dict):
        raise ImageError(f"the engine does not describe one image for {name.given!r}")
    return response


def _message(raw: bytes) -> str:
    """The engine's complaint on one line."""
    try:
        response = parse(raw)
    except NotStrictJson:
        return ""
    message = response.get("message") if isinstance(response, dict) else None
    return " ".join(str(message or "").split())[:200]
