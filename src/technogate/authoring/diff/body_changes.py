"""What differs between the bodies, the status codes and the headers of two operations. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.authoring.diff.change import Change
from technogate.authoring.diff.operation_view import OperationView, Part, located, mapping
from technogate.authoring.diff.rules import change, schema_change
from technogate.authoring.diff.schema_changes import SchemaComparison
from technogate.authoring.diff.schema_level import Node, escaped
from technogate.authoring.diff.shift import Context

_FILE = "openapi.yaml"


def body_changes(old: Node, new: Node, before: OperationView, after: OperationView) -> Iterator[Change]:
    """The request body: there or not, required or not, its media types and their schemas."""
    used = (after.label,)
    if before.body is None or after.body is None:
        if part := after.body or before.body:
            demanded = "required-" if part[1].get("required") is True else ""
            rule = f"{demanded}request-body-{'added' if after.body else 'removed'}"
            where = f"{_FILE}{part[0]}"
            yield change(rule, where, f"the request body is {'new' if after.body else 'gone'}", used_by=used)
        return
    is_required = after.body[1].get("required") is True
    if (before.body[1].get("required") is True) != is_required:
        rule = "request-body-required" if is_required else "request-body-optional"
        text = f"the request body is {'required' if is_required else 'optional'} now"
        yield change(rule, f"{_FILE}{after.body[0]}/required", text, used_by=used)
    yield from _contents(old, new, before.body, after.body, Context.REQUEST, used)


def response_changes(old: Node, new: Node, before: OperationView, after: OperationView) -> Iterator[Change]:
    """Status codes, and for each the headers and the body."""
    for code in sorted(before.responses.keys() | after.responses.keys()):
        used = (f"{after.label} {code}",)
        ours, theirs = before.responses.get(code), after.responses.get(code)
        if ours is None or theirs is None:
            rule = "response-status-added" if ours is None else "response-status-removed"
            # The code is the operation's, wherever its response is described.
            view = after if ours is None else before
            where = f"{_FILE}{view.pointer}/responses/{code}"
            yield change(rule, where, f"the status code {code} is {'new' if ours is None else 'gone'}", used_by=used)
            continue
        if ours[1].get("description") != theirs[1].get("description"):
            where = f"{_FILE}{theirs[0]}/description"
            yield change("response-description-changed", where, "the description is changed", used_by=used)
        yield from _headers(old, new, ours, theirs, used)
        had, has = bool(mapping(ours[1].get("content"))), bool(mapping(theirs[1].get("content")))
        if had != has:
            rule = "response-body-added" if has else "response-body-removed"
            text = f"the response {code} has {'a' if has else 'no'} body now"
            yield change(rule, f"{_FILE}{theirs[0]}/content", text, used_by=used)
            continue
        yield from _contents(old, new, ours, theirs, Context.RESPONSE, used)


def _contents(
    old: Node, new: Node, before: Part, after: Part, context: Context, used: tuple[str, ...]
) -> Iterator[Change]:
    """Media types, and the schema of each."""
    ours, theirs = ({_media(name): name for name in mapping(part[1].get("content"))} for part in (before, after))
    for media in sorted(ours.keys() ^ theirs.keys()):
        word, part = ("added", after) if media in theirs else ("removed", before)
        where = f"{_FILE}{part[0]}/content/{escaped((theirs if media in theirs else ours)[media])}"
        text = f"the media type {media} is {'new' if word == 'added' else 'gone'}"
        yield change(f"{context}-media-type-{word}", where, text, used_by=used)
    for media in sorted(ours.keys() & theirs.keys()):
        places = [
            (f"{part[0]}/content/{escaped(names[media])}/schema", _schema(part, names[media]))
            for part, names in ((before, ours), (after, theirs))
        ]
        for shift in SchemaComparison(old, new, context).shifts((places[0],), (places[1],)):
            yield schema_change(context, shift, used)


def _media(name: str) -> str:
    """A media type as it is compared: types and their parameters have no case, and no spaces."""
    return name.lower().replace(" ", "")


def _schema(part: Part, media: str) -> object:
    return mapping(mapping(part[1].get("content")).get(media)).get("schema", {})


def _headers(old: Node, new: Node, before: Part, after: Part, used: tuple[str, ...]) -> Iterator[Change]:
    """Headers of a response, by name in any case."""
    ours, theirs = (
        {
            name.lower(): located(document, node, f"{part[0]}/headers/{escaped(name)}")
            for name, node in mapping(part[1].get("headers")).items()
        }
        for document, part in ((old, before), (new, after))
    )
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            node = (theirs[name] if name in theirs else ours[name])[1]
            kind = "required" if node.get("required") is True else "optional"
            rule = f"{kind}-header-{'added' if name in theirs else 'removed'}"
            # The header is the response's, wherever it is described.
            where = f"{_FILE}{(after if name in theirs else before)[0]}/headers/{escaped(name)}"
            text = f"the {kind} header {name} is {'new' if name in theirs else 'gone'}"
            yield change(rule, where, text, used_by=used)
            continue
        (our_at, our), (their_at, their) = ours[name], theirs[name]
        is_required = their.get("required") is True
        if (our.get("required") is True) != is_required:
            rule = "header-required" if is_required else "header-optional"
            text = f"the header {name} is {'required' if is_required else 'optional'} now"
            yield change(rule, f"{_FILE}{their_at}/required", text, used_by=used)
        places = (((our_at + "/schema", our.get("schema", {})),), ((their_at + "/schema", their.get("schema", {})),))
        for shift in SchemaComparison(old, new, Context.HEADER).shifts(*places):
            yield schema_change(Context.HEADER, shift, used)
