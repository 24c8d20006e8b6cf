"""What differs between two `behavior.toml`, key by key, and who breaks by it. Pure.

A key that no rule knows breaks both sides: nothing says that nobody relies on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from technogate.authoring.diff.change import Change
from technogate.authoring.diff.rules import change
from technogate.authoring.diff.schema_level import escaped
from technogate.authoring.diff.shift import value_text

#: Pattern of keys -> the rule of a number that became smaller, and of one that became greater. The first one counts.
_NUMBERS = (
    ("time.abort_earliest_s", "time-window-widened", "time-window-narrowed"),
    ("time.abort_latest_s", "time-window-narrowed", "time-relaxed"),
    ("time.response_s", "time-shortened-for-backend", "time-lengthened-for-console"),
    ("time.trail_visible_s", "time-shortened-for-backend", "time-lengthened-for-console"),
    ("time.p99_s.*", "time-shortened-for-backend", "time-relaxed"),
    ("time.clock_tolerance_s", "time-shortened-for-backend", "time-relaxed"),
    ("time.start_s", "time-shortened-for-backend", "time-relaxed"),
    ("request.*_bytes", "size-lowered", "size-raised"),
)
#: Pattern of keys -> the rule of any change.
_WORDS = (
    ("headers.*", "header-name-changed"),
    ("statuses.*", "status-meaning-changed"),
    ("reason_codes.*", "reason-code-changed"),
    ("audit.*", "audit-changed"),
    ("operations.*", "part-changed"),
    ("schemas.*", "part-changed"),
    ("fields.*", "part-changed"),
    ("console.*_text", "console-text-changed"),
    ("console.*", "console-setting-changed"),
)
_KNOWN_CODES = "reason_codes.known"


def behavior_changes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    """Every change between the parsed tables; a list of words has no order."""
    before, after = dict(_flat(old)), dict(_flat(new))
    for key in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(key), after.get(key)
        if _plain(ours) != _plain(theirs):
            yield from _changed(key, ours, theirs)


def _flat(table: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _plain(value: object) -> object:
    """A value as it is compared: 15 is 15.0, true is not 1, and a list of words is a set."""
    if isinstance(value, bool):
        return str(value)
    return frozenset(map(str, value)) if isinstance(value, list) else value


def _changed(key: tuple[str, ...], ours: object, theirs: object) -> Iterator[Change]:
    name = ".".join(key)
    where = "behavior.toml#/" + "/".join(map(escaped, key))
    shown = _shown(ours), _shown(theirs)
    if name == _KNOWN_CODES:
        old, new = (set(map(str, value)) if isinstance(value, list) else set() for value in (ours, theirs))
        for rule, words, text in (
            ("reason-code-known", new - old, "is known now"),
            ("reason-code-unknown", old - new, "is known no longer"),
        ):
            for word in sorted(words):
                yield change(rule, where, f"the reason code {word} {text}", *shown)
        return
    yield change(_rule(name, ours, theirs), where, f"{name} is {_word(ours, theirs)}", *shown)


def _shown(value: object) -> str:
    return "none" if value is None else value_text(value)


def _word(ours: object, theirs: object) -> str:
    return "new" if ours is None else "gone" if theirs is None else "changed"


def _rule(name: str, ours: object, theirs: object) -> str:
    """The rule of a changed key."""
    for pattern, smaller, greater in _NUMBERS:
        if fnmatchcase(name, pattern):
            # Without a limit, any value was allowed.
            infinite = float("inf") if not name.endswith("earliest_s") else float("-inf")
            old, new = (infinite if value is None else value for value in (ours, theirs))
            if isinstance(old, int | float) and isinstance(new, int | float):
                return smaller if new < old else greater
    return next((rule for pattern, rule in _WORDS if fnmatchcase(name, pattern)), "behavior-changed")
