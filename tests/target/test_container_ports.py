"""The port within a container: named, exposed by its image, or the contract's."""

from __future__ import annotations

import pytest

from technogate.model.errors import UserError
from technogate.target.compose.images import exposed_ports, port_within


@pytest.mark.parametrize(
    ("declared", "exposed", "port"),
    [
        (None, (), 8000),
        (None, (5000,), 5000),
        (None, (5000, 8000), 8000),
        (8443, (), 8443),
        (8443, (5000, 8000), 8443),
    ],
)
def test_the_port_of_a_container(declared: int | None, exposed: tuple[int, ...], port: int) -> None:
    """What the target file names comes first, then what the contract says or the image exposes alone."""
    assert port_within("backend", declared, exposed) == port


def test_several_other_ports_are_an_error() -> None:
    """The target file must say which: one line names the key."""
    with pytest.raises(UserError, match=r"exposes the ports 80, 443: say which one with console\.port"):
        port_within("console", None, (80, 443))


def test_exposed_ports_are_those_of_tcp() -> None:
    """As the engine names them."""
    assert exposed_ports(["8125/udp", "443/tcp", "80", "9/sctp"]) == (80, 443)
    assert exposed_ports([]) == ()
