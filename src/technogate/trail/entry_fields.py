"""The fields of an entry, found in a line or a row by the names that they have there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from technogate.model.contract_words import spoken
from technogate.model.events import TrailEntry
from technogate.trail.entry import FIELDS, as_text
from technogate.trail.entry_times import EntryTimes, is_time
from technogate.util.strict_json import nested_too_deeply

#: Other usual names of a field, in lower case without separators.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("time", "ts", "tsutc", "date", "datetime", "createdat", "at", "when", "loggedat", "eventtime"),
    "action": ("command", "operation", "op", "event", "eventtype"),
    "result": ("outcome",),
    "state": ("status", "decision", "verdict"),
    "trace_id": ("trace", "correlationid", "requestid", "xtraceid", "reqid"),
    "execution_id": ("execution", "execid"),
}
#: Of these fields an entry has most; whatever has fewer is another line.
TELLING = ("action", "result", "state", "trace_id")
#: How many of them a line needs before names are learned from it, and before it is an entry without a state.
LEARNED_FROM, ENOUGH = 3, 2
#: How many keys of a line a hint names.
MOST_KEYS = 12
#: How deep in a line fields are looked for.
DEEPEST = 4
_ABSENT: Any = object()
_NO_LETTER = re.compile(r"[^a-z0-9]")
_FORMS = {
    "action": re.compile(r"[A-Z_]+"),
    "state": re.compile(r"[A-Z][A-Z_]+"),
    "trace_id": re.compile(r"[a-z0-9-]{1,64}"),
    "execution_id": re.compile(r"[a-z0-9_]+"),
}


class EntryFields:
    """Makes entries of one audit trail; `given` maps a field of an entry to its key or dotted path there.

    A field that is not where it should be is looked for once, in a line that is an entry; it is taken only if exactly
    one place fits.
    """

    def __init__(self, given: Mapping[str, str] | None = None, times: EntryTimes | None = None) -> None:
        self.times = times or EntryTimes()
        # What a target file does not say is looked for by the contract's name.
        self._given = given or {}
        self._usual = {name: spoken().name("entry", name) for name in FIELDS}
        self._found: dict[str, str] = {}
        self._met: set[str] = set()
        self._last: Mapping[str, Any] = {}

    @property
    def notes(self) -> list[str]:
        """What was found out and the target file does not say."""
        notes = [self.times.note] if self.times.note else []
        if self._found:
            places = ", ".join(f'{name} = "{path}"' for name, path in self._found.items())
            notes.append(f"entries have fields by other names; write fields = {{ {places} }} in [backend.audit]")
        return notes

    @property
    def unnamed(self) -> str:
        """Why no entry can be told by its trace id or its state; "" when each was in some entry."""
        absent = [name for name in ("trace_id", "state") if name not in self._met]
        if not absent or not self._met:
            return ""
        return f"no entry has {' or '.join(absent)}; {self.hint(absent[0])}"

    @property
    def wanted(self) -> frozenset[str]:
        """The keys that the fields of an entry have, the first one of a dotted path."""
        paths = [self._given.get(name, self._usual[name]) for name in FIELDS]
        return frozenset([*paths, *(path.partition(".")[0] for path in paths)])

    def missing(self, keys: Sequence[str]) -> list[str]:
        """The fields of an entry of which neither the key nor the first one of its path is among `keys`."""
        paths = {name: self._given.get(name, self._usual[name]) for name in FIELDS}
        return [name for name, path in paths.items() if not {path, path.partition(".")[0]}.intersection(keys)]

    def hint(self, field: str) -> str:
        """What to write when `field` was not found, and the keys that there are."""
        keys = ", ".join([path for path, _ in _paths(self._last)][:MOST_KEYS])
        return f'name its key{f", one of {keys}" if keys else ""}: fields = {{ {field} = "…" }} in [backend.audit]'

    def entry(self, values: Mapping[str, Any]) -> TrailEntry | None:
        """The entry that a line or a row holds; None for one that is no entry."""
        self._last = values
        places = {name: self._place(values, name) for name in FIELDS}
        if any(value is _ABSENT for _, value in places.values()):
            places = self._learned(values, places)
        present = {name for name, (_, value) in places.items() if value is not _ABSENT}
        if "state" not in present and len(present.intersection(TELLING)) < ENOUGH:
            return None
        self._met |= present
        texts = {
            name: "" if value is _ABSENT else self.times.text(value) if name == "timestamp" else as_text(plain(value))
            for name, (_, value) in places.items()
        }
        return TrailEntry(
            **texts, extra=_rest(values, {path for path, value in places.values() if value is not _ABSENT})
        )

    def _place(self, values: Mapping[str, Any], name: str) -> tuple[str, Any]:
        """The path of a field and its value."""
        if name in self._given:
            return self._given[name], value_at(values, self._given[name])
        usual = self._usual[name]
        if usual in values or name not in self._found:
            return usual, values.get(usual, _ABSENT)
        return self._found[name], value_at(values, self._found[name])

    def _learned(self, values: Mapping[str, Any], places: dict[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
        """The places of an entry's fields, with those that were looked for and found."""
        absent = [name for name in FIELDS if places[name][1] is _ABSENT and self._may_be_elsewhere(name)]
        if not absent:
            return places
        paths = dict(_paths(values))
        taken = {path for path, value in places.values() if value is not _ABSENT}
        guess = dict(places)
        # The state comes first: it shows which object of the line is the entry.
        for name in sorted(absent, key=lambda name: name != "state"):
            home = guess["state"][0].rpartition(".")[0]
            path = _candidate(name, {key: value for key, value in paths.items() if key not in taken}, home)
            if path:
                guess[name] = (path, paths[path])
                taken.add(path)
        if sum(guess[name][1] is not _ABSENT for name in TELLING) < LEARNED_FROM:
            return places
        self._found |= {name: guess[name][0] for name in absent if guess[name][1] is not _ABSENT}
        return guess

    def _may_be_elsewhere(self, name: str) -> bool:
        """Whether a field that a line lacks is to be looked for: nothing says where it is."""
        return name not in self._given and name not in self._met and name not in self._found


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a key or a dotted path; a key that has dots itself comes first."""
    if path in values:
        return values[path]
    at = path.rfind(".")
    while at > 0:
        below = _object(values.get(path[:at]))
        if below is not None and (value := value_at(below, path[at + 1 :])) is not _ABSENT:
            return value
        at = path.rfind(".", 0, at)
    return _ABSENT


def plain(value: Any) -> Any:
    """A value as MongoDB's form of JSON wraps it: an id or a number."""
    if isinstance(value, dict) and len(value) == 1:
        key, inner = next(iter(value.items()))
        if key in ("$oid", "$uuid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal"):
            return inner
    return value


def _candidate(name: str, paths: Mapping[str, Any], home: str) -> str:
    """The one path that can be the field `name`, in the entry's own object or else anywhere; "" for none or several."""
    near = {path: value for path, value in paths.items() if path.rpartition(".")[0] == home}
    for scope in (near, paths):
        for words in ((name.replace("_", ""), _word(spoken().name("entry", name))), SYNONYMS[name]):
            fitting = [path for path, value in scope.items() if _word(path) in words and _fits(name, value)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else ""
    if name != "timestamp":
        return ""
    times = [path for path, value in paths.items() if is_time(value)]
    return times[0] if len(times) == 1 else ""


def _fits(name: str, value: Any) -> bool:
    """Whether a value has the form of the field `name`."""
    if name == "timestamp":
        return is_time(value)
    value = plain(value)
    if name == "result":
        return value in spoken().results
    if name == "state" and value in spoken().statuses:
        return True
    return isinstance(value, str) and _FORMS[name].fullmatch(value) is not None


def _word(path: str) -> str:
    """The last key of a path, in lower case without separators."""
    return _NO_LETTER.sub("", path.rpartition(".")[2].lower())


def _paths(values: Mapping[str, Any], depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Every value of a line that is no object, and every object that stands for a value, by its dotted path."""
    for key, value in values.items():
        below = _object(value)
        if below is None or depth == DEEPEST or is_time(value) or plain(value) is not value:
            yield str(key), value
        else:
            for path, inner in _paths(below, depth + 1):
                yield f"{key}.{path}", inner


def _object(value: Any) -> Mapping[str, Any] | None:
    """An object, also one that is written as JSON within a text, as log collectors do; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        if nested_too_deeply(value.encode("utf-8", "replace")):
            return None
        try:
            return msgspec.json.decode(value, type=dict[str, Any])
        except msgspec.DecodeError:
            return None
    return value if isinstance(value, dict) else None


def _rest(values: Mapping[str, Any], used: set[str]) -> dict[str, str]:
    """What a line has besides its fields, by key; an object that holds a field is taken apart."""
    rest: dict[str, str] = {}
    for key, value in values.items():
        if key in used:
            continue
        if any(path.startswith(f"{key}.") for path in used) and (below := _object(value)) is not None:
            inner = {path[len(key) + 1 :] for path in used if path.startswith(f"{key}.")}
            rest |= {f"{key}.{name}": text for name, text in _rest(below, inner).items()}
        else:
            rest[str(key)] = as_text(value)
    return rest
