"""What the operations of a document lack: answers, envelopes, refusals, schemas, credentials. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from technogate.authoring.diff.operation_view import OperationView, Part, located, mapping, views_of
from technogate.authoring.diff.schema_level import Node, canonical, escaped
from technogate.authoring.lint.problem import Finding
from technogate.contract.openapi import RefError

JSON = "application/json"


def operation_findings(document: Node) -> Iterator[Finding]:
    """What is wrong with each operation, and with the credentials of the document."""
    try:
        views = views_of(document)
    except RefError as error:
        yield Finding(rule="reference-broken", pointer="#/paths", text=str(error), hint="correct the reference")
        return
    if not views:
        yield Finding(rule="no-operation", pointer="#/paths", text="there is no operation", hint="describe one")
    for view in views:
        if not view.id:
            text = f"{view.method} {view.path} has no operationId"
            yield Finding(rule="operation-without-id", pointer=view.pointer, text=text, hint="give it one")
        yield from _parameters(view)
        if view.body is not None:
            yield from _content(view.body, f"the request body of {view.label}")
        yield from _answers(view)
        for code, part in view.responses.items():
            if mapping(part[1].get("content")):
                yield from _content(part, f"the response {code} of {view.label}")
    yield from _envelopes(document, views)
    yield from _schemes(document, views)


def _parameters(view: OperationView) -> Iterator[Finding]:
    for (place, _), (pointer, node) in view.parameters.items():
        name = f"the parameter {node.get('name')} ({place}) of {view.label}"
        if "schema" not in node and "content" not in node:
            yield Finding(
                rule="parameter-without-schema", pointer=pointer, text=f"{name} has no schema", hint="add one"
            )
        elif node.get("schema") == {}:
            text = f"the schema of {name} restricts nothing"
            hint = "state its type, so that an invalid value can be tested"
            yield Finding(rule="parameter-without-restriction", pointer=f"{pointer}/schema", text=text, hint=hint)


def _content(part: Part, what: str) -> Iterator[Finding]:
    """One media type, JSON, with a schema."""
    content = mapping(part[1].get("content"))
    for media in content:
        pointer = f"{part[0]}/content/{escaped(media)}"
        if media != JSON:
            hint = f"describe it as {JSON}, the one that is tested"
            yield Finding(rule="media-type-untested", pointer=pointer, text=f"{what} is also {media}", hint=hint)
        elif not isinstance(mapping(content[media]).get("schema"), Mapping):
            yield Finding(rule="body-without-schema", pointer=pointer, text=f"{what} has no schema", hint="add one")


def _answers(view: OperationView) -> Iterator[Finding]:
    """The status codes that an operation must document for its tests to mean something."""
    pointer = f"{view.pointer}/responses"
    for code in view.responses:
        if not (len(code) == 3 and code.isdecimal()):
            text, hint = f"{view.label} documents the answer {code!r}", "list each status code by itself"
            yield Finding(rule="status-not-single", pointer=f"{pointer}/{code}", text=text, hint=hint)
    if not any(code.startswith("2") for code in view.responses):
        text = f"{view.label} documents no success: none of 200 to 299"
        yield Finding(rule="success-missing", pointer=pointer, text=text, hint="document what a valid request gets")
    takes_input = view.body is not None or bool(view.parameters)
    if takes_input and not {"400", "422"} & view.responses.keys():
        text = f"{view.label} takes input, and documents no answer to an invalid one"
        yield Finding(rule="invalid-undocumented", pointer=pointer, text=text, hint="document 400")
    if view.security and "[]" not in view.security:
        for code, when in (("401", "no credential"), ("403", "a wrong one")):
            if code not in view.responses:
                text = f"{view.label} demands a credential, and does not document {code}"
                hint = f"document what a request with {when} gets"
                yield Finding(rule="refusal-undocumented", pointer=pointer, text=text, hint=hint)


def _envelopes(document: Node, views: tuple[OperationView, ...]) -> Iterator[Finding]:
    """Each error has an envelope, and all have the same."""
    known: dict[str, str] = {}
    reported: set[str] = set()
    for view in views:
        errors = {code: part for code, part in view.responses.items() if code[0] in "45"}
        if view.security and not errors:
            text = f"{view.label} documents no error"
            yield Finding(rule="errors-missing", pointer=f"{view.pointer}/responses", text=text, hint="document them")
        for code, (pointer, node) in errors.items():
            schema = mapping(mapping(node.get("content")).get(JSON)).get("schema")
            if schema is None:
                text = f"the error {code} of {view.label} has no envelope"
                hint = f"describe its body as {JSON} with a schema"
                yield Finding(rule="error-without-envelope", pointer=pointer, text=text, hint=hint)
            elif pointer not in reported:
                reported.add(pointer)
                form = canonical(document, ((f"{pointer}/content/{escaped(JSON)}/schema", schema),))
                first = known.setdefault(form, f"{view.label} {code}")
                if len(known) > 1 and first == f"{view.label} {code}":
                    text = f"the error {code} of {view.label} has another envelope than {next(iter(known.values()))}"
                    yield Finding(rule="errors-differ", pointer=pointer, text=text, hint="use one for all errors")


def _schemes(document: Node, views: tuple[OperationView, ...]) -> Iterator[Finding]:
    """Credentials: each that is named exists and can be tested, and each that exists is used."""
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    base = "#/components/securitySchemes"
    used: set[str] = set()
    for view in views:
        listed = view.node.get("security", document.get("security"))
        for wanted in listed if isinstance(listed, list) else ():
            used |= set(mapping(wanted))
            for name in mapping(wanted).keys() - schemes.keys():
                text = f"{view.label} demands the security scheme {name}, which is not described"
                yield Finding(rule="security-unknown", pointer=view.security_at, text=text, hint=f"add it to {base}")
    for name in schemes:
        pointer, scheme = located(document, schemes[name], f"{base}/{escaped(name)}")
        if name not in used:
            text = f"no operation demands the security scheme {name}"
            yield Finding(rule="security-scheme-unused", pointer=pointer, text=text, hint="use it, or remove it")
        is_key = scheme.get("type") == "apiKey" and scheme.get("in") == "header"
        if not is_key and not (scheme.get("type") == "http" and str(scheme.get("scheme")).lower() == "bearer"):
            text = f"the security scheme {name} is neither a key in a header nor a bearer token"
            hint = "describe the credential as it is sent"
            yield Finding(rule="security-untested", pointer=pointer, text=text, hint=hint)
