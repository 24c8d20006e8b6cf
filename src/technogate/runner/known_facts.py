"""What the gate knows of the machine and of a running pair: no response may disclose it (ERR-03)."""

from __future__ import annotations

import getpass
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from technogate.checks.machine_facts import ADDRESS, HOST, PATH, USER, VALUE, Fact, MachineFacts
from technogate.target import Running

#: An address for documentation: a datagram socket to it sends nothing, and names the address of this machine.
_ELSEWHERE = ("203.0.113.1", 9)


def known_facts(running: Running, run_key: str) -> MachineFacts:
    """The facts of this machine and of the pair's backend; the key is found by redaction, in any spelling."""
    return MachineFacts(fact for fact in (*_of_machine(), *_of_backend(running)) if run_key not in fact.value)


def _of_machine() -> Iterator[Fact]:
    host = socket.gethostname()
    yield Fact(kind=HOST, value=host)
    yield Fact(kind=HOST, value=host.partition(".")[0])
    # A user without a name, as in a container, has none to disclose.
    with suppress(KeyError, OSError):
        yield Fact(kind=USER, value=getpass.getuser())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            # Without a network there is no address but those that patterns find.
            return
        yield Fact(kind=ADDRESS, value=probe.getsockname()[0])


def _of_backend(running: Running) -> Iterator[Fact]:
    for path in (Path.home(), Path(sys.prefix), Path(sys.executable), Path.cwd()):
        yield Fact(kind=PATH, value=str(path))
    backend = running.backend
    if backend is None:
        return
    yield Fact(kind=PATH, value=str(backend.folder.resolve()))
    if backend.program is None:
        return
    launch = backend.program.launch
    for folder in (launch.cwd.resolve(), launch.workdir):
        yield Fact(kind=PATH, value=str(folder))
    yield from (Fact(kind=PATH, value=word) for word in launch.argv if Path(word).is_absolute())
    shown = {running.console_origin, backend.url}
    for name, value in launch.env.items():
        if value not in shown:
            yield Fact(kind=VALUE, value=value, variable=name)
