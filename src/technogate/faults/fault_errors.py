"""What is raised when a fault against a target could not be delivered or healed."""

from __future__ import annotations


class NotDelivered(Exception):  # noqa: N818 - named by what is wrong
    """A fault did not reach its target: whatever was seen then proves nothing. One line says why."""


class NotRecovered(Exception):  # noqa: N818 - named by what is wrong
    """A fault could not be taken back: the target is not what it was. One line says why, and the hint."""
