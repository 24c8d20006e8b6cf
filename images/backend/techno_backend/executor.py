"""The commands and how one is run: the part that a real backend replaces.

A command is an async function from the session id to a mapping with `status`, and optionally `output`,
`reason_codes` and `message`. It may hang, crash, or return nonsense: `run` makes an `Outcome` of each.
A command must not block the event loop; blocking work belongs into `asyncio.to_thread`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .answers import Reason, Status

Command = Callable[[str | None], Awaitable[object]]


class ExecutorError(Exception):
    """A command crashed. The text is the name of the exception's type and nothing of its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a command, in the contract's terms."""

    status: Status
    reason_codes: tuple[str, ...] = ()
    output: str = ""
    message: str = ""


def blocked(reason: Reason, message: str) -> Outcome:
    """The outcome when in doubt."""
    return Outcome(status=Status.BLOCKED, reason_codes=(reason,), message=message)


async def run(command: Command, session_id: str | None, seconds: float) -> Outcome:
    """Run `command` for at most `seconds`; one that takes longer is cancelled and BLOCKED (TMO-01).

    Raises:
        ExecutorError: the command raised an exception, whichever (ERR-05).
    """
    late = blocked(Reason.TIMEOUT, "The command took too long and was stopped.")
    if seconds <= 0:
        return late

    async def call() -> object:
        return await command(session_id)

    task = asyncio.create_task(call())
    # `wait`, not `wait_for`: a command that ignores its cancellation must not delay the response.
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        return late
    if task.cancelled():
        raise ExecutorError("CancelledError")
    error = task.exception()
    if error is not None:
        raise ExecutorError(type(error).__name__)
    return judge(task.result())


def judge(result: object) -> Outcome:
    """Read what a command returned; a status that is not exactly one of the five is BLOCKED (FCB-01)."""
    fields = result if isinstance(result, Mapping) else {}
    name = fields.get("status")
    if not isinstance(name, str) or name not in tuple(Status):
        return blocked(Reason.UNKNOWN_STATUS, "The command ended with a status that nobody knows.")
    status = Status(name)
    given = fields.get("reason_codes", ())
    reasons = tuple(
        code
        for code in (given if isinstance(given, list | tuple) else ())
        if isinstance(code, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", code)
    )
    if not reasons and not status.executed:
        reasons = (Reason.SESSION_EXPIRED if status is Status.EXPIRED else Reason.API_BLOCKED,)
    output, message = fields.get("output", ""), fields.get("message", "")
    return Outcome(
        status=status,
        reason_codes=reasons,
        output=output if isinstance(output, str) else "",
        message=message[:200] if isinstance(message, str) else "",
    )


def _returns(status: object, *reason_codes: str, output: str = "") -> Command:
    """A command that returns the same every time."""

    async def command(session_id: str | None) -> object:  # noqa: ARG001  (a command's signature)
        return {"status": status, "reason_codes": list(reason_codes), "output": output}

    return command


async def _hang(session_id: str | None) -> object:  # noqa: ARG001
    return await asyncio.get_running_loop().create_future()


async def _crash(session_id: str | None) -> object:
    raise RuntimeError(f"the executor crashed while it held the session {session_id!r}")


async def _no_mapping(session_id: str | None) -> object:  # noqa: ARG001
    return None


def commands(*, demo_faults: bool) -> dict[str, Command]:
    """The demo commands by name; with `demo_faults` also those that misbehave."""
    known: dict[str, Command] = {
        "PING": _returns("APPROVED", output="PONG"),
        "CHECK_QUOTA": _returns("WARNING", "QUOTA_LOW", output="12 percent left"),
        "NOOP": _returns("NEUTRAL"),
        "OLD_SESSION": _returns("EXPIRED", Reason.SESSION_EXPIRED),
        "DELETE_ALL": _returns("BLOCKED", Reason.API_BLOCKED),
    }
    if demo_faults:
        known |= {
            "SLOW": _hang,
            "CRASH": _crash,
            "ODD_STATUS": _returns("MAYBE"),
            "LOWER_STATUS": _returns("approved"),
            "PADDED_STATUS": _returns("APPROVED "),
            "LIST_STATUS": _returns(["APPROVED"]),
            "NULL_STATUS": _returns(None),
            "NO_STATUS": _no_mapping,
        }
    return known
