"""In which line of a file a part of it stands: for YAML by JSON pointer, for TOML by the path of its key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from technogate.authoring.diff.schema_level import escaped

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TABLE = re.compile(r"^\s*\[+\s*([^\[\]]+?)\s*\]+\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_WORD = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")


class Lines:
    """The line of each part of one file; a part without a line of its own has that of what it stands in."""

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known

    def of(self, pointer: str) -> int:
        """The line of a pointer such as `#/paths`, counted from 1; 0 when nothing of it is there."""
        while pointer and pointer not in self._known:
            pointer = pointer.rpartition("/")[0]
        return self._known.get(pointer, 0)


def yaml_lines(text: str) -> Lines:
    """The lines of a YAML document; none for one that is not YAML."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return Lines({})
    return Lines(dict(_nodes(root))) if root is not None else Lines({})


def _nodes(root: yaml.Node) -> Iterator[tuple[str, int]]:
    """Pointer and line of each node; what an alias names is where its anchor is, and is not entered again."""
    waiting, seen = [("#", root, root.start_mark.line + 1)], set()
    while waiting:
        pointer, node, line = waiting.pop()
        yield pointer, line
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append((f"{pointer}/{escaped(str(key.value))}", value, key.start_mark.line + 1))
        elif isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                waiting.append((f"{pointer}/{number}", item, item.start_mark.line + 1))


def toml_lines(text: str) -> Lines:
    """The lines of tables and keys of a TOML document; a text of several lines may look like keys."""
    known: dict[str, int] = {}
    table = "#"
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line):
            table = f"#{_pointer(match[1])}"
            known.setdefault(table, number)
        elif match := _KEY.match(line):
            known.setdefault(f"{table}{_pointer(match[1])}", number)
    return Lines(known)


def _pointer(dotted: str) -> str:
    """A dotted key as the end of a pointer."""
    return "".join(f"/{escaped(match[1] or match[2] or match[0])}" for match in _WORD.finditer(dotted))
