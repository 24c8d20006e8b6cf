"""STK-02, STK-07, STK-08: the network that the images share, and what they are made of."""

import pytest

from technogate.checks.image_contents import image_has_health_check, image_holds_no_secret, image_runs_as_non_root
from technogate.checks.stack_lifecycle import backend_responds_by_name, both_on_network
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, not_exercised, requirement
from technogate.target.compose.container import Container
from technogate.target.compose.image_layers import secrets_in_layers
from technogate.target.compose.images import facts
from technogate.target.compose.network import status_from_within

#: What the contract calls the network, and the backend on it.
NETWORK = "techno-net"
BACKEND = "backend"


@requirement("STK-02")
def test_both_on_the_network(contained: dict[str, Container], must_hold: MustHold) -> None:
    """Both containers are on one network techno-net."""
    must_hold(both_on_network({side: container.networks for side, container in contained.items()}, NETWORK))


@requirement("STK-02")
def test_backend_responds_by_its_name(contained: dict[str, Container], must_hold: MustHold) -> None:
    """Requested from within the network, the backend responds at its service name."""
    url = contained["backend"].url_within(BACKEND)
    statuses = status_from_within((contained["console"], contained["backend"]), url)
    if statuses is None:
        not_exercised(
            "neither container has a program that can request a URL",
            "put python3, node, curl or wget into one of the images",
        )
    must_hold(backend_responds_by_name(url, statuses))


@requirement("STK-07")
@pytest.mark.parametrize("image", ["backend", "console"], indirect=True)
def test_image_holds_no_secret(run_context: RunContext, image: str, must_hold: MustHold) -> None:
    """Environment, labels, history and the files of every layer hold no secret."""
    in_files, _ = secrets_in_layers(image, run_context.run_key)
    must_hold(image_holds_no_secret(facts(image), in_files, run_context.run_key))


@requirement("STK-08")
@pytest.mark.parametrize("image", ["backend", "console"], indirect=True)
def test_image_runs_as_non_root_with_a_health_check(image: str, must_hold: MustHold) -> None:
    """The image names a user other than root and defines a health check."""
    image_facts = facts(image)
    must_hold(image_runs_as_non_root(image_facts), image_has_health_check(image_facts))
