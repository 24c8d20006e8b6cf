"""The rules by which a change breaks somebody: one stable id for each kind of change. Pure.

A rule of a schema begins with what the schema describes: `request-`, `parameter-`, `response-` or `header-`. Who
breaks follows from the direction. What consoles send: less allowed breaks consoles that still send it, more allowed
breaks backends that refuse it. What backends send: less allowed breaks backends, more allowed breaks consoles.
"""

from __future__ import annotations

from technogate.authoring.diff.change import Breaks, Change
from technogate.authoring.diff.shift import Context, Effect, Shift

#: The kinds of change of a schema, each with what it means.
SCHEMA_KINDS = {
    "type-added": "values of a further type are allowed",
    "type-removed": "values of a type are refused",
    "null-added": "null is allowed",
    "null-removed": "null is refused",
    "value-added": "the list of values has a new one",
    "value-removed": "the list of values has lost one",
    "enum-added": "only listed values are allowed",
    "enum-removed": "values need not be listed",
    "pattern-added": "texts must match a pattern",
    "pattern-removed": "texts need not match a pattern",
    "pattern-changed": "texts must match another pattern",
    "min-length-raised": "short texts are refused",
    "min-length-lowered": "shorter texts are allowed",
    "max-length-raised": "longer texts are allowed",
    "max-length-lowered": "long texts are refused",
    "minimum-raised": "small numbers are refused",
    "minimum-lowered": "smaller numbers are allowed",
    "maximum-raised": "greater numbers are allowed",
    "maximum-lowered": "great numbers are refused",
    "min-items-raised": "short lists are refused",
    "min-items-lowered": "shorter lists are allowed",
    "max-items-raised": "longer lists are allowed",
    "max-items-lowered": "long lists are refused",
    "min-fields-raised": "objects of few fields are refused",
    "min-fields-lowered": "objects of fewer fields are allowed",
    "max-fields-raised": "objects of more fields are allowed",
    "max-fields-lowered": "objects of many fields are refused",
    "unique-items-added": "equal entries of a list are refused",
    "unique-items-removed": "equal entries of a list are allowed",
    "required-field-added": "a new field must be there",
    "required-field-removed": "a field that had to be there is described no longer",
    "optional-field-added": "a new field may be there",
    "optional-field-removed": "a field that could be there is described no longer",
    "field-required": "a field must be there now",
    "field-optional": "a field may be absent now",
    "further-fields-refused": "fields without a name are refused",
    "further-fields-allowed": "fields without a name are allowed",
    "further-fields-changed": "fields without a name have another schema",
    "alternative-added": "a further form is allowed",
    "alternative-removed": "a form is refused",
    "schema-changed": "the schema has nothing in common with the one before",
    "condition-changed": "a condition between values is another one",
    "default-changed": "an absent value means something else",
    "access-changed": "a field is no longer read or written as before",
    "format-changed": "the format is a note and is not asserted",
    "text-changed": "a text for people is changed",
    "example-changed": "an example is changed",
    "deprecation-changed": "the note that this is deprecated is changed",
}

_B, _C, _ALL, _NONE = Breaks.BACKEND, Breaks.CONSOLE, Breaks.BOTH, Breaks.NOBODY

#: The rules that always break the same parties.
FIXED: dict[str, tuple[Breaks, str]] = {
    "title-changed": (_NONE, "the name of the contract is for people"),
    "version-changed": (_NONE, "the number of the version is for people"),
    "server-changed": (_NONE, "where the backend runs is said by the target"),
    "server-path-changed": (_ALL, "each side calls or serves paths that the other one does not have"),
    "operation-added": (_B, "a new console calls what an old backend does not have"),
    "operation-removed": (_C, "an old console calls what a new backend does not have"),
    "operation-path-changed": (_ALL, "each side calls or serves a path that the other one does not have"),
    "operation-method-changed": (_ALL, "each side uses a method that the other one refuses"),
    "operation-id-changed": (_NONE, "the id is not sent"),
    "path-parameter-renamed": (_NONE, "the name of a part of the path is not sent"),
    "operation-text-changed": (_NONE, "a text for people is changed"),
    "operation-deprecation-changed": (_NONE, "the note that this is deprecated is changed"),
    "optional-parameter-added": (_B, "an old backend ignores or refuses what a new console sends"),
    "required-parameter-added": (_C, "an old console does not send what a new backend demands"),
    "optional-parameter-removed": (_C, "a new backend ignores or refuses what an old console sends"),
    "required-parameter-removed": (_B, "a new console does not send what an old backend demands"),
    "parameter-required": (_C, "an old console may not send what a new backend demands"),
    "parameter-optional": (_B, "a new console may not send what an old backend demands"),
    "parameter-moved": (_ALL, "each side looks in a place where the other one does not send it"),
    "parameter-style-changed": (_ALL, "each side writes the value in a way that the other one does not read"),
    "parameter-description-changed": (_NONE, "a text for people is changed"),
    "request-body-added": (_B, "an old backend ignores or refuses the body"),
    "required-request-body-added": (_C, "an old console does not send the body that a new backend demands"),
    "request-body-removed": (_C, "a new backend ignores or refuses the body of an old console"),
    "required-request-body-removed": (_B, "a new console does not send the body that an old backend demands"),
    "request-body-required": (_C, "an old console may not send the body"),
    "request-body-optional": (_B, "an old backend demands the body"),
    "request-media-type-added": (_B, "an old backend refuses the media type"),
    "request-media-type-removed": (_C, "a new backend refuses the media type of an old console"),
    "response-status-added": (_C, "an old console does not expect the status code"),
    "response-status-removed": (_B, "an old backend may still respond with the status code"),
    "response-media-type-added": (_C, "an old console does not expect the media type"),
    "response-media-type-removed": (_B, "an old backend may still respond in the media type"),
    "response-body-added": (_ALL, "an old backend sends no body, and an old console expects none"),
    "response-body-removed": (_ALL, "an old backend sends a body, and an old console expects one"),
    "response-description-changed": (_NONE, "a text for people is changed"),
    "required-header-added": (_B, "an old backend does not send the header"),
    "required-header-removed": (_C, "an old console relies on the header"),
    "optional-header-added": (_NONE, "an old console ignores the header"),
    "optional-header-removed": (_NONE, "no console could rely on the header"),
    "header-required": (_B, "an old backend may not send the header"),
    "header-optional": (_C, "an old console relies on the header"),
    "security-added": (_ALL, "an old console sends no credential, and an old backend asks for none"),
    "security-removed": (_B, "a new console sends no credential, and an old backend asks for one"),
    "security-scheme-added": (_B, "an old backend refuses the new credential"),
    "security-scheme-removed": (_C, "a new backend refuses the credential of an old console"),
    "security-changed": (_ALL, "each side sends or demands a credential that the other one does not"),
    "callback-changed": (_ALL, "what the backend calls is another thing"),
    "header-name-changed": (_ALL, "each side looks for a header that the other one does not send"),
    "time-shortened-for-backend": (_B, "an old backend may take longer"),
    "time-lengthened-for-console": (_C, "an old console may give up, or look, too early"),
    "time-window-narrowed": (_C, "an old console may act outside of the new limits"),
    "time-window-widened": (_B, "a new console may give up before an old backend has responded"),
    "time-relaxed": (_NONE, "what kept to the old limit keeps to the new one"),
    "size-lowered": (_C, "an old console may send more than a new backend accepts"),
    "size-raised": (_B, "a new console may send more than an old backend accepts"),
    "status-meaning-changed": (_ALL, "a status word means something else to each side"),
    "reason-code-known": (_NONE, "the list of known codes is open"),
    "reason-code-unknown": (_NONE, "the list of known codes is open"),
    "reason-code-changed": (_ALL, "a refusal has another code"),
    "audit-changed": (_ALL, "the audit trail is asked for, or written, in another way"),
    "part-changed": (_ALL, "another operation, schema or field has the part"),
    "console-text-changed": (_C, "an old console shows another text"),
    "console-setting-changed": (_C, "an old console is set up, or reacts, in another way"),
    "behavior-changed": (_ALL, "no rule says who relies on this entry"),
    "group-changed": (_NONE, "groups order the report"),
    "decision-changed": (_NONE, "no MUST rests on the decision"),
    "decision-of-requirement-changed": (_ALL, "a MUST rests on the decision"),
    "should-changed": (_NONE, "a SHOULD decides nothing"),
    "requirement-note-changed": (_NONE, "what is held does not change"),
}

#: The rules about a MUST: whom it holds, breaks when it becomes stricter; who relies on it, when it is relaxed.
MUST_KINDS = {
    "requirement-added": "an old program was not held to it",
    "requirement-removed": "the other side may rely on it",
    "requirement-raised": "an old program was not held to it",
    "requirement-lowered": "the other side may rely on it",
    "requirement-text-changed": "an old program was held to another sentence, and the other side may rely on that",
    "requirement-party-changed": "another side is held to it",
    "requirement-scope-widened": "it holds for more targets",
    "requirement-scope-narrowed": "it holds for fewer targets, and the other side may rely on it",
}


def schema_change(context: Context, shift: Shift, used_by: tuple[str, ...]) -> Change:
    """The change of a schema that describes what `context` says."""
    narrow, wide = (_C, _B) if context.is_sent_by_console else (_B, _C)
    breaks = {Effect.NARROWS: narrow, Effect.WIDENS: wide, Effect.BOTH: _ALL, Effect.NEITHER: _NONE}[shift.effect]
    return Change(
        rule=f"{context}-{shift.kind}",
        where=f"openapi.yaml{shift.where}",
        what=shift.what,
        breaks=breaks,
        why=f"{SCHEMA_KINDS[shift.kind]}{_WHY[context.is_sent_by_console, shift.effect]}",
        before=shift.before,
        after=shift.after,
        used_by=used_by,
    )


_WHY = {
    (True, Effect.NARROWS): ": an old console may still send what a new backend refuses",
    (True, Effect.WIDENS): ": a new console may send what an old backend refuses or ignores",
    (False, Effect.NARROWS): ": an old backend may still send what is no longer allowed",
    (False, Effect.WIDENS): ": an old console may get what it does not expect",
    (True, Effect.BOTH): ": each side may meet what it does not expect",
    (False, Effect.BOTH): ": each side may meet what it does not expect",
    (True, Effect.NEITHER): "",
    (False, Effect.NEITHER): "",
}


def change(
    rule: str, where: str, what: str, before: str = "", after: str = "", used_by: tuple[str, ...] = ()
) -> Change:
    """A change by a rule of `FIXED`."""
    breaks, why = FIXED[rule]
    return Change(
        rule=rule, where=where, what=what, breaks=breaks, why=why, before=before, after=after, used_by=used_by
    )


def rule_ids() -> tuple[str, ...]:
    """The id of every rule."""
    return (*FIXED, *MUST_KINDS, *(f"{context}-{kind}" for context in Context for kind in SCHEMA_KINDS))
