"""What differs between the parameters of two operations, and who breaks by it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.authoring.diff.change import Change
from technogate.authoring.diff.operation_view import OperationView, Part, mapping
from technogate.authoring.diff.rules import change, schema_change
from technogate.authoring.diff.schema_changes import SchemaComparison
from technogate.authoring.diff.schema_level import Node, escaped
from technogate.authoring.diff.shift import Context, value_text

_FILE = "openapi.yaml"
#: How a value is written where nothing is said.
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def parameter_changes(old: Node, new: Node, before: OperationView, after: OperationView) -> Iterator[Change]:
    """Parameters that are new, gone, moved or changed."""
    used = (after.label,)
    gone = [key for key in before.parameters if key not in after.parameters]
    more = [key for key in after.parameters if key not in before.parameters]
    for key in list(gone):
        moved = next((other for other in more if other[1].lower() == key[1].lower()), None)
        if moved is not None:
            gone.remove(key)
            more.remove(moved)
            where = f"{_FILE}{after.parameters[moved][0]}/in"
            text = f"the parameter {moved[1]} is in another place"
            yield change("parameter-moved", where, text, key[0], moved[0], used)
            yield from _changed(old, new, before.parameters[key], after.parameters[moved], used, moved=True)
    # A path without or with another part is another path: that is reported as such.
    for keys, view, word in ((gone, before, "removed"), (more, after, "added")):
        for key in keys:
            if key[0] != "path":
                pointer, node = view.parameters[key]
                kind = "required" if node.get("required") is True else "optional"
                text = f"the {kind} parameter {key[1]} ({key[0]}) is {'gone' if word == 'removed' else 'new'}"
                shown = ("", key[1]) if word == "added" else (key[1], "")
                yield change(f"{kind}-parameter-{word}", f"{_FILE}{pointer}", text, *shown, used)
    for key in before.parameters:
        if key in after.parameters:
            yield from _changed(old, new, before.parameters[key], after.parameters[key], used)


def _changed(
    old: Node, new: Node, before: Part, after: Part, used: tuple[str, ...], *, moved: bool = False
) -> Iterator[Change]:
    """What differs in a parameter that is on both sides."""
    (_, ours), (pointer, theirs) = before, after
    name = str(theirs.get("name"))
    if (ours.get("required") is True) != (theirs.get("required") is True):
        rule = "parameter-required" if theirs.get("required") is True else "parameter-optional"
        text = f"the parameter {name} is {'required' if rule == 'parameter-required' else 'optional'} now"
        yield change(rule, f"{_FILE}{pointer}/required", text, used_by=used)
    if not moved and _style(ours) != _style(theirs):
        text = f"the parameter {name} is written in another way"
        shown = (value_text(_style(ours)), value_text(_style(theirs)))
        yield change("parameter-style-changed", f"{_FILE}{pointer}/style", text, *shown, used)
    if ours.get("description") != theirs.get("description"):
        where = f"{_FILE}{pointer}/description"
        yield change("parameter-description-changed", where, f"the description of {name} is changed", used_by=used)
    comparison = SchemaComparison(old, new, Context.PARAMETER)
    (our_at, our_schema), (their_at, their_schema) = _schema(before), _schema(after)
    for shift in comparison.shifts(((our_at, our_schema),), ((their_at, their_schema),)):
        yield schema_change(Context.PARAMETER, shift, used)


def _style(node: Node) -> tuple[str, str, str]:
    """How the value is written."""
    style = str(node.get("style") or _STYLES.get(str(node.get("in")), "form"))
    explode = node.get("explode")
    as_content = ", ".join(mapping(node.get("content")))
    return style, "explode" if (style == "form" if explode is None else explode) else "joined", as_content or "plain"


def _schema(part: Part) -> tuple[str, object]:
    pointer, node = part
    content = mapping(node.get("content"))
    for media, described in content.items():
        return f"{pointer}/content/{escaped(media)}/schema", mapping(described).get("schema", {})
    return f"{pointer}/schema", node.get("schema", {})
