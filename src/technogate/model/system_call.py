"""One system call of a traced program, as the tracer wrote it down."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Calls that put bytes into a file or a socket whose descriptor is their first argument.
WRITES = frozenset(
    {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "send", "sendmsg", "sendmmsg", "sendfile"}
)
#: Calls that put bytes into a file from another one: their second descriptor is that of the file that is written.
COPIES = frozenset({"copy_file_range", "splice"})
#: Calls that open a file.
OPENS = frozenset({"open", "openat", "openat2", "creat"})

_OPEN_ON = r"(\d+)<((?:->|[^<>]|<[^<>]*>)*)>"
_FIRST = re.compile(_OPEN_ON)
_EACH = re.compile(rf"(?:^|, ){_OPEN_ON}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCall:
    """A call of `process` (the number of a thread): `entered` and `ended` are numbers in the order of all its kind.

    `arguments` is their text, with what each descriptor is open on. `ended` is None for a call that the tracer did not
    see the end of, `result` is None for that too. `injected` is whether the tracer made it fail, `returned` what a
    descriptor that it returned is open on.
    """

    process: int
    name: str
    arguments: str
    entered: int
    ended: int | None = None
    result: int | None = None
    injected: bool = False
    returned: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it ended, and not with an error."""
        return self.result is not None and self.result >= 0

    @property
    def descriptor(self) -> str:
        """The descriptor that it is about, with its number: `5</tmp/trail.jsonl>`, `7<TCP:[…]>`; "" without one."""
        if self.name in COPIES:
            found = _EACH.findall(self.arguments)
            return f"{found[1][0]}<{found[1][1]}>" if len(found) > 1 else ""
        first = _FIRST.match(self.arguments)
        return first[0] if first else ""

    @property
    def path(self) -> str:
        """The file that its descriptor is open on; "" where that is no file."""
        opened = self.descriptor.partition("<")[2].removesuffix(">").removesuffix(" (deleted)")
        return opened if opened.startswith("/") else ""

    @property
    def opened(self) -> str:
        """The descriptor that it returned, as `descriptor` is written; "" unless it opened a file."""
        return f"{self.result}<{self.returned}>" if self.name in OPENS and self.succeeded else ""

    @property
    def is_write(self) -> bool:
        """Whether it puts bytes into a file or a socket."""
        return self.name in WRITES or self.name in COPIES
