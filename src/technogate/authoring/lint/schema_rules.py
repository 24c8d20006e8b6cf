"""What the schemas of a document lack or contradict: values that nothing satisfies, patterns, examples. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable

from technogate.authoring.diff.schema_level import BOUNDS, Level, Node, Place, escaped, level_of
from technogate.authoring.lint.problem import Finding
from technogate.contract.consistency import exampled
from technogate.contract.openapi import RefError, locate
from technogate.contract.schemas import SchemaError, Schemas
from technogate.generation.responses.pattern_texts import texts_matching
from technogate.util.ecma import PatternError, matcher

#: Keywords below which schemas stand: one, a list of them, or a mapping of them.
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_PAIRS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_LONGEST_TEXT = 1000
_SEARCH = settings(
    max_examples=200, database=None, derandomize=True, deadline=None, phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def schemas_in(document: Node) -> Iterator[tuple[str, Node]]:
    """Each schema of a document, with its pointer, in the order of the document."""
    components = document.get("components")
    named = components.get("schemas") if isinstance(components, Mapping) else None
    for name, schema in (named if isinstance(named, Mapping) else {}).items():
        yield from _within(f"#/components/schemas/{escaped(name)}", schema)
    yield from _carried(document, "#")


def _carried(node: object, pointer: str) -> Iterator[tuple[str, Node]]:
    """The schemas of media types, parameters and headers."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _carried(item, f"{pointer}/{number}")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if pointer == "#/components" and key == "schemas":
                continue
            if key == "schema":
                yield from _within(f"{pointer}/schema", value)
            elif key not in ("example", "examples", "value"):
                yield from _carried(value, f"{pointer}/{escaped(str(key))}")


def _within(pointer: str, schema: object) -> Iterator[tuple[str, Node]]:
    if not isinstance(schema, Mapping):
        return
    yield pointer, schema
    for keyword in _ONE:
        yield from _within(f"{pointer}/{keyword}", schema.get(keyword))
    for keyword in _MANY:
        members = schema.get(keyword)
        for number, member in enumerate(members if isinstance(members, list) else ()):
            yield from _within(f"{pointer}/{keyword}/{number}", member)
    properties = schema.get("properties")
    for name, inner in (properties if isinstance(properties, Mapping) else {}).items():
        yield from _within(f"{pointer}/properties/{escaped(name)}", inner)


def schema_findings(document: Node) -> Iterator[Finding]:
    """What is wrong with each schema by itself, and with each example."""
    usable = True
    for pointer, schema in schemas_in(document):
        for finding in _written(pointer, schema):
            usable = usable and finding.rule not in ("pattern-invalid", "pattern-fields")
            yield finding
        yield from _meaning(document, pointer, schema)
    if usable:
        yield from _examples(document)


def _written(pointer: str, schema: Node) -> Iterator[Finding]:
    """The words of one schema."""
    values = schema.get("enum")
    if isinstance(values, list):
        if not values:
            yield Finding(
                rule="enum-empty", pointer=f"{pointer}/enum", text="the enum is empty", hint="list its values"
            )
        shown = [repr(value) for value in values]
        for text in sorted({text for text in shown if shown.count(text) > 1}):
            what = f"the enum has {text} twice"
            yield Finding(rule="enum-repeats", pointer=f"{pointer}/enum", text=what, hint="remove one")
    if "patternProperties" in schema:
        where, what = f"{pointer}/patternProperties", "patternProperties is not supported"
        yield Finding(rule="pattern-fields", pointer=where, text=what, hint="name the properties")
    if isinstance(pattern := schema.get("pattern"), str):
        yield from _pattern(pointer, schema, pattern)


def _pattern(pointer: str, schema: Node, pattern: str) -> Iterator[Finding]:
    """A pattern must be one of ECMA 262, and some text of the allowed length must match it."""
    where = f"{pointer}/pattern"
    least, most = (schema.get(key, usual) for key, usual in (("minLength", 0), ("maxLength", 1 << 16)))
    least, most = (number if isinstance(number, int) else 0 for number in (least, most))
    try:
        matches = matcher(pattern)
        listed = schema.get("examples")
        texts = [text for text in (listed if isinstance(listed, list) else ()) if isinstance(text, str)]
        if any(matches(text) and least <= len(text) <= most for text in texts) or least > most:
            return
        find(texts_matching(pattern, least, most, _LONGEST_TEXT), lambda _: True, settings=_SEARCH)
    except PatternError as error:
        yield Finding(rule="pattern-invalid", pointer=where, text=str(error), hint="write it in ECMA 262")
    except (Unsatisfiable, NoSuchExample):
        text = f"no text of {least} to {most} characters was found that matches {pattern!r}"
        yield Finding(rule="pattern-unmatched", pointer=where, text=text, hint="correct it, or add an example")


def _meaning(document: Node, pointer: str, schema: Node) -> Iterator[Finding]:
    """Whether anything satisfies the schema, with what it refers to."""
    if "$ref" in schema and len(schema) == 1:
        return
    try:
        level = level_of(document, ((pointer, schema),))
        if reason := _unsatisfiable(level) or _endless(document, pointer, schema):
            hint = "correct the schema"
            yield Finding(rule="schema-unsatisfiable", pointer=pointer, text=f"nothing is valid: {reason}", hint=hint)
        if level.is_closed and not level.alternatives:
            for name in level.required.keys() - level.fields.keys():
                text = f"the field {name} is required, and the object refuses fields that it does not name"
                yield Finding(rule="schema-unsatisfiable", pointer=pointer, text=text, hint="describe the field")
    except RefError as error:
        yield Finding(rule="reference-broken", pointer=pointer, text=str(error), hint="correct the reference")


def _unsatisfiable(level: Level) -> str:
    """Why one level allows no value, "" when it allows some."""
    if level.values is not None and not level.values and "enum" in level.at:
        return "no value of the enum is of an allowed type"
    if not level.types:
        return "the types exclude each other"
    for low, high in _PAIRS:
        (least, out), (most, above) = (level.bounds.get(key, (BOUNDS[key][1], False)) for key in (low, high))
        if least > most or (least == most and (out or above)):
            return f"{low} {least:g} leaves nothing below {high} {most:g}"
    return ""


def _endless(document: Node, pointer: str, schema: Node) -> str:
    """Whether the schema requires itself without end, "" when not."""

    def visit(place: Place, above: tuple[str, ...]) -> bool:
        targets = [locate(document, node, at)[0] if isinstance(node, Mapping) else at for at, node in place]
        if set(targets) & set(above):
            return pointer in targets
        level = level_of(document, place)
        if level.alternatives or level.types != {"object"}:
            return False
        return any(visit(level.fields[name], (*above, *targets)) for name in level.required if name in level.fields)

    return "it requires itself without end" if visit(((pointer, schema),), ()) else ""


def _examples(document: Node) -> Iterator[Finding]:
    """Every body and named schema has an example, and each keeps to its schema."""
    try:
        schemas = Schemas(document)
        for pointer, schema, values in exampled(document, "#"):
            if not values:
                hint = "add one"
                yield Finding(rule="example-missing", pointer=pointer, text=f"{pointer} has no example", hint=hint)
            for name, value in values:
                for problem in schemas.problems(schema, value)[:1]:
                    text = f"the {name} is not valid: {problem}"
                    yield Finding(rule="example-invalid", pointer=pointer, text=text, hint="correct one of them")
    except SchemaError as error:
        yield Finding(rule="schema-unusable", pointer="#", text=str(error), hint="correct the schema")
