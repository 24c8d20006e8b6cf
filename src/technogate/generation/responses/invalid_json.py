"""Bodies that look like the JSON of a value and are not valid JSON."""

from __future__ import annotations


def invalid_json(body: bytes) -> dict[str, str]:
    """A body that shows its value and yet is not JSON, in each of many ways, by description."""
    text = body.decode("utf-8").strip()
    inner, end = text[:-1], text[-1:]
    comma = "" if inner.strip() in ("{", "[") else ","
    further = '"further":' if end == "}" else ""
    return {
        "with a NaN in it": f"{inner}{comma}{further}NaN{end}",
        "with an Infinity in it": f"{inner}{comma}{further}-Infinity{end}",
        "with an undefined in it": f"{inner}{comma}{further}undefined{end}",
        "with a comma before its end": f"{inner},{end}",
        "without its last character": inner,
        "twice": text + text,
        "with something after it": text + ";",
        "with a comment": f"/* {inner} */{text}",
        "as a function call": f"callback({text})",
        "behind a guard": f")]}}',\n{text}",
        "in single quotes": text.replace('"', "'") if '"' in text else "'",
        "as a form": "status=approved&trace_id=t-1",
        "within a page": f"<html><body>{text}</body></html>",
        "with a newline within a word": text.replace('"', '"\n', 1) if '"' in text else "[\n",
        "in UTF-16": "\0".join(text) + "\0",
    }
