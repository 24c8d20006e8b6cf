"""Whether a contract allows a request, and what is wrong with one: the words of the oracle of requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from technogate.model.case import Key


class Validity(StrEnum):
    """Whether the contract allows a request."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    OPEN = "left open"


class RequestDefect(StrEnum):
    """What is wrong with a request."""

    TYPE = "content type"
    SIZE = "size"
    BODY = "body"
    COMMAND = "command"
    SESSION = "session_id"
    QUERY = "query"
    PATH = "path"
    HEADER = "header"
    FIELDS = "fields of the body"


class Auth(StrEnum):
    """Whether the right key came with a request."""

    RIGHT = "right key"
    MISSING = "no key"
    WRONG = "wrong key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The validity of a request that comes with the right key, and the responses that conform.

    `responses` are the statuses that conform, besides 429 and 5xx, which other requirements judge.
    """

    validity: Validity
    responses: frozenset[int]
    faults: frozenset[RequestDefect] = frozenset()


def auth(key: Key, right: Key) -> Auth:
    """How a backend must authenticate `key` if `right` is the right one."""
    if not any(value.strip() for value in key.values):
        return Auth.MISSING
    return Auth.RIGHT if key.values == right.values else Auth.WRONG
