"""The certificates that a target file names: they are trusted by every connection of the gate to the pair."""

from __future__ import annotations

import ssl
from pathlib import Path

from technogate.model.errors import UserError
from technogate.target.spec import TargetFile
from technogate.util.tls import trust


def trust_certificates(spec: TargetFile, folder: Path) -> None:
    """Trust the `ca_file` of each side, relative to `folder`; raises UserError for one without a certificate."""
    paths = []
    for side, served in (("backend", spec.backend), ("console", spec.console)):
        if served is None or not served.ca_file:
            continue
        where = f"{spec.name}: {side}.ca_file is {served.ca_file}"
        path = (folder / served.ca_file).resolve()
        try:
            ssl.create_default_context(cafile=str(path))
        except ssl.SSLError as error:
            raise UserError(f"{where}, which holds no certificate in PEM form") from error
        except OSError as error:
            raise UserError(f"{where}, but {path} cannot be read: {error.strerror}") from error
        paths.append(path)
    trust(paths)
