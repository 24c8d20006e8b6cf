"""A user of its own for a program under test: it reaches neither the gate's files, nor its memory, nor its processes.

Only root can give it one (on Linux, as in most CI jobs), and only where the program still finds all that it needs: it
must keep its files in {workdir}, and the other user must be able to read its folder and to start its command. Else it
runs as the gate's own user, and the verdict says why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import SystemRandom
from typing import Any

from technogate.model.program_isolation import ISOLATED
from technogate.target.process import process_table as table
from technogate.target.spec import ServedSpec

#: The user ids of which a free one is taken: those that systemd gives to services, and distributions to nobody.
FIRST, LAST = 61184, 65519
#: What the gate needs besides to start, watch and end a program of another user: bits of its effective capabilities.
_NEEDED = {0: "CHOWN", 1: "DAC_OVERRIDE", 5: "KILL", 6: "SETGID", 7: "SETUID", 19: "SYS_PTRACE"}
#: Seconds that the trial of what the other user can reach may take.
TRIAL_S = 20.0
#: Ports below this one belong to root.
_LOWEST_PORT = 1024

#: Prints the first thing that the user who runs it cannot reach: a folder, a program on the path, or files.
_TRIAL = """
cd "$1" 2>/dev/null || { echo "the folder $1"; exit 0; }
command -v "$2" >/dev/null 2>&1 || { echo "the program $2"; exit 0; }
shift 2
for file in "$@"; do test -r "$file" || { echo "$file"; exit 0; }; done
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A user id that nobody else has; its group has the same number."""

    uid: int

    def arguments(self) -> dict[str, Any]:
        """The arguments for `subprocess.Popen` that give a program this user and no other group."""
        return {"user": self.uid, "group": self.uid, "extra_groups": []}

    def environment(self, workdir: Path) -> dict[str, str]:
        """The variables that lead into a folder of its own, which is made."""
        temporary = workdir / "tmp"
        for folder in (workdir, temporary):
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, self.uid, self.uid)
            folder.chmod(0o700)
        # Of the folders above, those of the run are closed to others.
        workdir.parent.chmod(0o711)
        own = {"USER": f"user-{self.uid}", "LOGNAME": f"user-{self.uid}", "HOME": str(workdir)}
        return {**own, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """How one program is kept from the gate: the `account` that it gets, or why there is none for it."""

    account: Account | None
    why_not: str = ""

    @property
    def text(self) -> str:
        """What the verdict says of it."""
        return ISOLATED if self.account is not None else self.why_not


def isolation_of(
    spec: ServedSpec, argv: Sequence[str], cwd: Path, env: Mapping[str, str], port: int, workdir: Path
) -> Isolation:
    """The isolation of a program that is started so; the reason where it has none is the rest of a sentence."""
    if spec.isolation == "none":
        return Isolation(account=None, why_not='its target file says isolation = "none"')
    account = own_account()
    if isinstance(account, str):
        return Isolation(account=None, why_not=account)
    keeps = any("{workdir}" in text for text in (*spec.command, *spec.env.values()))
    if spec.isolation == "auto" and not keeps:
        why = 'it may keep files outside of {workdir}; say isolation = "user" if it does not'
        return Isolation(account=None, why_not=why)
    if port < _LOWEST_PORT:
        return Isolation(account=None, why_not=f"port {port} belongs to root")
    files = tuple(word for word in (*argv[1:], *env.values()) if word and (cwd / word).is_file())
    closed = _unreachable(account, str(cwd), argv[0], env.get("PATH", ""), files, str(workdir.parent.parent))
    if closed:
        return Isolation(account=None, why_not=f"another user than the gate's own cannot reach {closed}")
    return Isolation(account=account)


@cache
def own_account() -> Account | str:
    """The account of this process's programs, or why there can be none."""
    if sys.platform != "linux":
        return "only Linux is known to keep a program from its own starter"
    if os.geteuid() != 0:
        return "only root can start a program as another user"
    held = _capabilities()
    if lacking := [name for bit, name in _NEEDED.items() if not held >> bit & 1]:
        return f"this container lacks the capability {', '.join(lacking)}"
    start = SystemRandom().randrange(FIRST, LAST + 1)
    taken = _taken()
    for uid in (*range(start, LAST + 1), *range(FIRST, start)):
        if uid not in taken and _is_mapped(uid):
            return Account(uid)
    return "no user id is free for it"


def _taken() -> set[int]:
    """The user ids that have a name, or a process."""
    import pwd

    users = {entry.pw_uid for entry in pwd.getpwall()}
    for path in table.PROC.glob("[0-9]*"):
        try:
            users.add(path.stat().st_uid)
        except OSError:
            continue
    return users


def _is_mapped(uid: int) -> bool:
    """Whether this user namespace knows the id."""
    try:
        lines = (table.PROC / "self" / "uid_map").read_text("ascii").splitlines()
    except OSError:
        return False
    spans = (tuple(map(int, line.split())) for line in lines)
    return any(first <= uid < first + count for first, _, count in spans)


def _capabilities() -> int:
    """The effective capabilities of this process, as the kernel numbers them."""
    try:
        lines = (table.PROC / "self" / "status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)


@cache
def _unreachable(account: Account, cwd: str, program: str, path: str, files: tuple[str, ...], temporary: str) -> str:
    """The first thing that a program of the account cannot reach, "" when it reaches everything."""
    words = [_TRIAL, "sh", cwd, program, *files]
    for folder in (temporary, "/"):
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", *words],
                cwd=folder,
                env={"PATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TRIAL_S,
                check=False,
                user=account.uid,
                group=account.uid,
                extra_groups=[],
            )
        except (OSError, subprocess.SubprocessError):
            return f"the folder {folder}"
        found = os.fsdecode(done.stdout).strip()
        if found or done.returncode != 0:
            return found or "a shell"
    return ""
