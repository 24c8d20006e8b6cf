r"""`verdict.json`: the verdict document for programs, as `contracts/schemas/verdict.schema.json` describes it.

The file holds text as it was recorded. A character that a terminal would act on is written as `\u…`, which a JSON
reader turns back into the same character. Only a lone surrogate, which no UTF-8 file can hold, becomes visible text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from technogate.journal.journal_file import Journal
from technogate.model.verdict import VerdictDocument
from technogate.report.next_step import EvidenceState
from technogate.report.report_files import VERDICT
from technogate.util.write_file import write_file

NAME = VERDICT

_SURROGATE = re.compile("[\ud800-\udfff]")
_HASH_COMMAND = re.compile(r"#(?=#\w*\[)")


def write(_journal: Journal, document: VerdictDocument, folder: Path, _evidence: EvidenceState) -> Path:
    """Write `verdict.json` into `folder`; raises OSError when that is impossible."""
    return write_file(folder / NAME, encode(document))


def encode(document: msgspec.Struct) -> str:
    """A document as JSON, indented, its fields in the order of the schema."""
    text = json.dumps(_whole(msgspec.to_builtins(document)), indent=2, ensure_ascii=False, allow_nan=False)
    escaped = "".join(char if char.isprintable() or char == "\n" else _unicode(char) for char in text)
    return _HASH_COMMAND.sub(r"\\u0023", escaped) + "\n"


def _unicode(char: str) -> str:
    """A character as JSON's own escape."""
    code = ord(char)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _whole(value: Any) -> Any:
    """`value` with every lone surrogate as visible text."""
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if isinstance(value, dict):
        return {_whole(key): _whole(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(member) for member in value]
    return value
