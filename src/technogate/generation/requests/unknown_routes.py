"""Requests for no operation: unknown paths, and methods that a path does not have (ERR-04)."""

from __future__ import annotations

import random
import string

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.plain_request import plain_case
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.request_oracle import expected
from technogate.generation.requests.request_plan import Mode, Planned

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LETTERS = string.ascii_lowercase + string.digits


def unknown_routes(contract: Contract, *, count: int, seed: int) -> tuple[Planned, ...]:
    """`count` requests with the right key: each wrong method of each operation, then unknown paths."""
    rng = random.Random(seed)  # noqa: S311 - test data
    cases = []
    for operation in contract.judged:
        path = plain_case(contract, operation.id).path
        known = {described.method.upper() for described in contract.operations_at(path)}
        cases += [Case(method=method, path=path) for method in _METHODS if method not in known]
    cases = list(dict.fromkeys(cases))
    while len(cases) < count:
        method, path = rng.choice(_METHODS), _path(contract, rng)
        if not contract.operations_at(path):
            cases.append(Case(method=method, path=path))
    planned = []
    command = msgspec.json.encode(contract.words.written("request", {"command": "ZZZ"}))
    for number, case in enumerate(cases[:count], 1):
        body = None if case.method == "GET" else rng.choice([command, b"{}", b""])
        made = Case(method=case.method, path=case.path, name=f"generated {number}: unknown route", body=body)
        planned.append(Planned(case=made, key="", mode=Mode.OPEN, expectation=expected(contract, made)))
    return tuple(planned)


def _path(contract: Contract, rng: random.Random) -> str:
    """A path that no backend has: a random word, alone, below or beside a path of the contract."""
    word = "".join(rng.choices(_LETTERS, k=rng.randint(8, 20)))
    base = rng.choice([plain_case(contract, operation.id).path for operation in contract.judged])
    return rng.choice(
        [
            f"/{word}",
            f"{base.rpartition('/')[0]}/{word}",
            f"{base}/{word}",
            f"{base}{word}",
            f"/{word}{base}",
            f"/{word}/{word}",
        ]
    )
