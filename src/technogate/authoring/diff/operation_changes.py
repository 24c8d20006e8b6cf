"""What differs between the operations of two documents, and who breaks by it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from technogate.authoring.diff.body_changes import body_changes, response_changes
from technogate.authoring.diff.change import Change
from technogate.authoring.diff.operation_view import OperationView, mapping, views_of
from technogate.authoring.diff.parameter_changes import parameter_changes
from technogate.authoring.diff.rules import change
from technogate.authoring.diff.schema_level import Node

FILE = "openapi.yaml"


def document_changes(old: Node, new: Node) -> Iterator[Change]:
    """Every change between two valid OpenAPI documents; raises RefError for a circle of references."""
    yield from _heads(old, new)
    pairs, gone, more = _paired(views_of(old), views_of(new))
    for view in gone:
        text = f"{view.method} {view.path} is gone"
        yield change("operation-removed", f"{FILE}{view.pointer}", text, before=view.label, used_by=(view.label,))
    for view in more:
        text = f"{view.method} {view.path} is new"
        yield change("operation-added", f"{FILE}{view.pointer}", text, after=view.label, used_by=(view.label,))
    for before, after in pairs:
        yield from _names(before, after)
        yield from _security(before, after)
        yield from parameter_changes(old, new, before, after)
        yield from body_changes(old, new, before, after)
        yield from response_changes(old, new, before, after)
        if _plain(before.node.get("callbacks")) != _plain(after.node.get("callbacks")):
            where = f"{FILE}{after.pointer}/callbacks"
            yield change("callback-changed", where, "the callbacks are other ones", used_by=(after.label,))
    if _plain(old.get("webhooks")) != _plain(new.get("webhooks")):
        yield change("callback-changed", f"{FILE}#/webhooks", "the webhooks are other ones")


def _plain(value: object) -> str:
    return json.dumps(value or None, sort_keys=True, default=str)


def _heads(old: Node, new: Node) -> Iterator[Change]:
    """Title, version and servers."""
    for key, rule in (("title", "title-changed"), ("version", "version-changed")):
        before, after = (str(mapping(document.get("info")).get(key, "")) for document in (old, new))
        if before != after:
            yield change(rule, f"{FILE}#/info/{key}", f"the {key} is changed", before, after)
    before, after = _servers(old), _servers(new)
    if before != after:
        paths = [{urlsplit(url).path.rstrip("/") for url in urls.split() or [""]} for urls in (before, after)]
        rule = "server-changed" if paths[0] == paths[1] else "server-path-changed"
        yield change(rule, f"{FILE}#/servers", "the servers are other ones", before or "none", after or "none")


def _servers(document: Node) -> str:
    listed = document.get("servers")
    return " ".join(sorted(str(mapping(server).get("url")) for server in (listed if isinstance(listed, list) else ())))


def _paired(
    old: tuple[OperationView, ...], new: tuple[OperationView, ...]
) -> tuple[list[tuple[OperationView, OperationView]], list[OperationView], list[OperationView]]:
    """The operations that are on both sides, by method and path or else by id; then those of one side alone."""
    pairs: list[tuple[OperationView, OperationView]] = []
    gone, more = list(old), list(new)
    for key in (lambda view: (view.method, view.shape), lambda view: view.id):
        for view in list(gone):
            match = next((other for other in more if key(view) and key(other) == key(view)), None)
            if match is not None:
                pairs.append((view, match))
                gone.remove(view)
                more.remove(match)
    return pairs, gone, more


def _names(before: OperationView, after: OperationView) -> Iterator[Change]:
    """Path, method, id and texts."""
    used = (after.label,)
    where = f"{FILE}{after.pointer}"
    if before.shape != after.shape:
        yield change("operation-path-changed", where, "the path is another one", before.path, after.path, used)
    elif before.variables != after.variables:
        yield change(
            "path-parameter-renamed", where, "a part of the path has another name", before.path, after.path, used
        )
    if before.method != after.method:
        yield change("operation-method-changed", where, "the method is another one", before.method, after.method, used)
    if before.id != after.id:
        place = f"{where}/operationId"
        yield change("operation-id-changed", place, "the operationId is another one", before.id, after.id, used)
    for key in ("summary", "description"):
        if before.node.get(key) != after.node.get(key):
            yield change("operation-text-changed", f"{where}/{key}", f"`{key}` is changed", used_by=used)
    if bool(before.node.get("deprecated")) != bool(after.node.get("deprecated")):
        yield change("operation-deprecation-changed", f"{where}/deprecated", "`deprecated` is changed", used_by=used)


def _security(before: OperationView, after: OperationView) -> Iterator[Change]:
    """Who may call: credentials that are new or gone."""
    if before.security.keys() == after.security.keys():
        return
    used, where = (after.label,), f"{FILE}{after.security_at}"
    old, new = _shown(before.security), _shown(after.security)
    open_before, open_after = _is_public(before.security), _is_public(after.security)
    gone, more = before.security.keys() - after.security.keys(), after.security.keys() - before.security.keys()
    if open_before != open_after:
        rule = "security-removed" if open_after else "security-added"
        text = "a credential is demanded" + (" no longer" if open_after else " now")
    elif gone and more:
        rule, text = "security-changed", "another credential is demanded"
    else:
        rule = "security-scheme-removed" if gone else "security-scheme-added"
        text = f"a credential is {'refused' if gone else 'accepted'} now"
    yield change(rule, where, text, old, new, used)


def _is_public(security: Mapping[str, str]) -> bool:
    return not security or "[]" in security


def _shown(security: Mapping[str, str]) -> str:
    return " or ".join(sorted(security.values())) or "no credential"
