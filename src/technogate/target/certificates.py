"""The certificates that a target file names: they are trusted by every connection of the gate to the pair."""

from __future__ import annotations

import ssl
from pathlib import Path

from technogate.model.errors import UserError
from technogate.target.spec import TargetFile
from technogate.util.tls import trust


def ca_files(spec: TargetFile) -> dict[str, str]:
    """The `ca_file` of each side that has one, as the target file names it."""
    sides = {"backend": spec.backend, "console": spec.console}
    return {side: served.ca_file for side, served in sides.items() if served is not None and served.ca_file}


def trust_certificates(spec: TargetFile, folder: Path) -> None:
    """Trust the `ca_file` of each side, relative to `folder`; raises UserError for one without a certificate."""
    paths = []
    for side, name in ca_files(spec).items():
        where = f"{spec.name}: {side}.ca_file is {name}"
        path = (folder / name).resolve()
        try:
            ssl.create_default_context(cafile=str(path))
        except ssl.SSLError as error:
            raise UserError(f"{where}, which holds no certificate in PEM form") from error
        except OSError as error:
            raise UserError(f"{where}, but {path} cannot be read: {error.strerror}") from error
        paths.append(path)
    trust(paths)
