"""A multimap in which nearly every key has one value, which is stored without a list.

With `defaultdict(list)` instead, `benchmarks/reconcile.py` takes 24 % more time and 29 % more memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Multidict(Generic[T]):
    """Values by key. A list for each of a hundred thousand keys would keep the garbage collector busy."""

    def __init__(self) -> None:
        self._first: dict[str, T] = {}
        self._more: dict[str, list[T]] = {}

    def add(self, key: str, value: T) -> None:
        """Put one more value under `key`."""
        if key not in self._first:
            self._first[key] = value
        elif key in self._more:
            self._more[key].append(value)
        else:
            self._more[key] = [self._first[key], value]

    def __contains__(self, key: object) -> bool:
        return key in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def only(self, key: str) -> T | None:
        """The value of a key that has exactly one; None for any other key."""
        return None if key in self._more else self._first.get(key)

    def all(self, key: str) -> Sequence[T]:
        """Every value of `key`, in the order in which they were added."""
        if key in self._more:
            return self._more[key]
        return (self._first[key],) if key in self._first else ()
