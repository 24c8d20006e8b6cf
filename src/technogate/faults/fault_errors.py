"""Errors of faults that could not be delivered, or from which the target did not recover."""

from __future__ import annotations


class NotDelivered(Exception):  # noqa: N818 - named by what is wrong
    """A fault did not reach its target: what was observed proves nothing. The text is one line with the reason."""


class NotRecovered(Exception):  # noqa: N818 - named by what is wrong
    """The target did not recover from a fault. The text is one line with the reason and a hint."""
