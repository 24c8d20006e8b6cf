"""API keys as a request can carry them: the right one, none, and near misses.

A near miss reveals nearly all of the key, so evidence never holds its value. It holds a shell
expression over `$TECHNOGATE_API_KEY` instead, which repeats the request exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

from technogate.journal.redaction import MARK
from technogate.model.case import Key as Key

NO_KEY = Key(name="no key", values=(), expressions=())
EMPTY_KEY = Key(name="an empty key", values=("",), expressions=("",))


def right_key(key: str) -> Key:
    """The key itself."""
    return Key(name="the key", values=(key,), expressions=(MARK,))


def foreign_key() -> Key:
    """A key that is unrelated to the right one."""
    return Key(name="a wrong key", values=("wrong-key-0000",), expressions=("wrong-key-0000",))


def near_misses(key: str) -> tuple[Key, ...]:
    """Keys that a lax comparison accepts as the right one (AUT-02)."""
    swapped = key.swapcase()
    misses = [
        Key(name="all but the last character", values=(key[:-1],), expressions=("${TECHNOGATE_API_KEY%?}",)),
        Key(name="all but the first character", values=(key[1:],), expressions=("${TECHNOGATE_API_KEY#?}",)),
        Key(name="the key and one character more", values=(key + "x",), expressions=("${TECHNOGATE_API_KEY}x",)),
        Key(name="the key twice in one value", values=(key + key,), expressions=(MARK + MARK,)),
        Key(
            name="the key with a space inside",
            values=(key[:1] + " " + key[1:],),
            expressions=('$(printf %s "$TECHNOGATE_API_KEY" | sed "s/^./& /")',),
        ),
        Key(name="the key first, then another", values=(key, "wrong-key-0000"), expressions=(MARK, "wrong-key-0000")),
        Key(name="another first, then the key", values=("wrong-key-0000", key), expressions=("wrong-key-0000", MARK)),
        Key(name="the key and another in one value", values=(f"{key}, x",), expressions=(MARK + ", x",)),
    ]
    if swapped != key:
        expression = "$(printf %s \"$TECHNOGATE_API_KEY\" | tr 'a-zA-Z' 'A-Za-z')"
        misses.append(Key(name="the key in the other case", values=(swapped,), expressions=(expression,)))
    return tuple(misses)


def telling_attempts(right: str, operations: Sequence[str]) -> frozenset[tuple[str, str]]:
    """The attempts, by operation and the key's name, that say most where few wrong keys can be sent.

    A wrong key and none at all on each operation, and each kind of near miss on one of them; none without operations.
    """
    if not operations:
        return frozenset()
    foreign = foreign_key().name
    misses = {(operations[number % len(operations)], key.name) for number, key in enumerate(near_misses(right))}
    none = {(operations[0], EMPTY_KEY.name), *((operation, NO_KEY.name) for operation in operations)}
    return frozenset({*((operation, foreign) for operation in operations), *none, *misses})
