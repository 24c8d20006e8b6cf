"""Reads what strace wrote: one line for each call, two where calls of other threads came in between. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from technogate.model.system_call import SystemCall

_BEGUN = re.compile(r"(\d+) +(\w+)\((.*)")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
#: The end of a call: its last arguments, its result, and what a descriptor that it returned is open on.
_ENDED = re.compile(r"(.*)\) += (-?\d+|0x[0-9a-f]+|\?)(?:<(.*)>)?(.*)")
_UNFINISHED = " <unfinished ...>"
_INJECTED = "(INJECTED)"


def system_calls(lines: Iterable[str]) -> list[SystemCall]:
    """The calls in the order in which they were entered; lines of another kind are left out."""
    begun: dict[int, tuple[int, str, str]] = {}
    calls: list[SystemCall] = []
    for number, line in enumerate(lines):
        if (resumed := _RESUMED.match(line)) is not None:
            process, name, rest = int(resumed[1]), resumed[2], resumed[3]
            entered, known, arguments = begun.pop(process, (number, "", ""))
            if known == name:
                calls.append(_call(process, name, arguments + rest, entered, number))
            continue
        if (first := _BEGUN.match(line)) is None:
            continue
        process, name, rest = int(first[1]), first[2], first[3]
        if rest.endswith(_UNFINISHED):
            begun[process] = (number, name, rest.removesuffix(_UNFINISHED))
        else:
            calls.append(_call(process, name, rest, number, number))
    # What was not seen to end was entered all the same.
    calls += [
        SystemCall(process=process, name=name, arguments=arguments, entered=entered)
        for process, (entered, name, arguments) in begun.items()
    ]
    return sorted(calls, key=lambda call: call.entered)


def _call(process: int, name: str, text: str, entered: int, ended: int) -> SystemCall:
    """One call from its text after the opening bracket; without a result that can be read it has not ended."""
    end = _ENDED.fullmatch(text)
    if end is None or end[2] == "?":
        return SystemCall(process=process, name=name, arguments=end[1] if end else text, entered=entered)
    return SystemCall(
        process=process,
        name=name,
        arguments=end[1],
        entered=entered,
        ended=ended,
        result=int(end[2], 0),
        returned=end[3] or "",
        injected=_INJECTED in end[4],
    )
