"""OpenAPI documents as data: following their references, and saying whether they are valid (CTR-01).

Nothing here opens a file or a socket, whatever a document refers to: a reference that leaves the
document is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from technogate.contract.schema_wording import show

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

#: A document nested deeper than this, or of more parts, is refused: no real one is.
DEEPEST = 64
LARGEST = 100_000
_MOST = 20
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class RefError(Exception):
    """A reference cannot be followed: it leaves the document, leads to nothing, or goes in a circle."""


def resolve(document: Mapping[str, object], node: object) -> object:
    """`node`, or what its `$ref` leads to in the end; raises RefError with the reason."""
    return locate(document, node, "")[1]


def locate(document: Mapping[str, object], node: object, pointer: str) -> tuple[str, object]:
    """As `resolve`, with the pointer of what was found: `pointer` itself unless a `$ref` was followed."""
    seen: list[str] = []
    while isinstance(node, Mapping) and isinstance(ref := node.get("$ref"), str):
        if ref in seen:
            raise RefError(f"$ref {show(ref)} goes in a circle")
        seen.append(ref)
        pointer, node = ref, _follow(document, ref)
    return pointer, node


def _follow(document: Mapping[str, object], ref: str) -> object:
    """What the local reference `ref` names, one step."""
    if not ref.startswith("#/"):
        raise RefError(f"$ref {show(ref)} leaves the document")
    node: object = document
    for part in ref[2:].split("/"):
        # A pointer in a URL is percent-encoded, where it holds what a URL cannot: the braces of a path.
        written = part.replace("~1", "/").replace("~0", "~")
        key = written if isinstance(node, Mapping) and written in node else unquote(written)
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise RefError(f"$ref {show(ref)} leads to nothing")
    return node


def operations_of(document: Mapping[str, object]) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Path, upper-case method and operation object of every operation; what has no such shape is passed over."""
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, Mapping) else {}).items():
        for method in _METHODS:
            operation = item.get(method) if isinstance(item, Mapping) else None
            if isinstance(operation, Mapping):
                yield str(path), method.upper(), operation


def document_problems(document: object) -> list[str]:
    """What is wrong with an OpenAPI 3.0 or 3.1 document, one line each; empty means valid (CTR-01)."""
    if not isinstance(document, Mapping):
        return [f"expected an OpenAPI document, found {show(document)}"]
    if shape := shape_problem(document):
        return [shape]
    # Imported here: these take longer to import than all that is ours, and a process that joins a run needs none.
    from jsonschema.exceptions import ValidationError
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
    from referencing.exceptions import Unresolvable

    version = document.get("openapi")
    validators = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
    validator = validators.get(version[:3]) if isinstance(version, str) else None
    if validator is None:
        return [f"openapi: expected version 3.0 or 3.1, found {show(version)}"]
    if leaving := list(dict.fromkeys(_leaving(document))):
        return [f"$ref {show(ref)} leaves the document" for ref in leaving[:_MOST]]
    checker = validator(dict(document))
    try:
        # What lacks the outline of a document is not checked further.
        errors = list(checker.schema_validator.iter_errors(dict(document))) or list(checker.iter_errors())
    except (OpenAPIValidationError, ValidationError, Unresolvable, LookupError, TypeError, ValueError) as error:
        return [f"the document cannot be validated: {_one_line(error)}"]
    except AttributeError:
        return ["the document cannot be validated: a part of it has the wrong shape"]
    except RecursionError:
        return ["the document cannot be validated: a part of it refers to itself without end"]
    return list(dict.fromkeys(_worded(error) for error in errors))[:_MOST]


def shape_problem(document: Mapping[str, object]) -> str:
    """Why the document is no plain JSON of a sane depth, "" when it is."""
    level: list[object] = [document]
    parts = 0
    for _ in range(DEEPEST):
        below: list[object] = []
        for node in level:
            if isinstance(node, Mapping):
                if bad := [key for key in node if not isinstance(key, str)]:
                    return f"the key {show(bad[0])} must be text: write it in quotes"
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
            if parts + len(below) > LARGEST:
                return f"the document has more than {LARGEST} parts"
        if not below:
            return ""
        parts += len(below)
        level = [node for node in below if isinstance(node, Mapping | list)]
    return f"the document is nested deeper than {DEEPEST} levels"


def _leaving(document: Mapping[str, object]) -> Iterator[str]:
    """Every reference that would have to be fetched from elsewhere."""
    stack: list[object] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            for word in ("$ref", "$dynamicRef", "operationRef", "$id"):
                ref = node.get(word)
                if isinstance(ref, str) and not ref.startswith("#"):
                    yield ref
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _worded(error: ValidationError) -> str:
    """One line for an error of the validator, with its place when there is one."""
    place = "/".join(str(part).replace("/", "~1") for part in error.absolute_path)
    return f"{place}: {_one_line(error)}" if place else _one_line(error)


def _one_line(error: Exception) -> str:
    """The first line of an error, at most 300 characters of it; what follows quotes the document."""
    message = getattr(error, "message", None)
    text = (message if isinstance(message, str) else str(error)).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    return first[:300]
