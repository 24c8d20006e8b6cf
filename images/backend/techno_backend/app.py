"""The four endpoints: every request gets one response, and every execute and every refusal one entry."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import intake
from .answers import Reason, RefusalError, Status, error_answer, json_answer
from .executor import Command, ExecutorError, Outcome, blocked, run
from .settings import Settings
from .trail import Entry, Trail, TrailError

log = logging.getLogger("techno_backend")

#: The four endpoints, and the action of a refused request in the audit trail.
ACTIONS = {
    "/api/execute": "EXECUTE",
    "/api/audit": "READ_AUDIT",
    "/api/diagnostic/metrics": "READ_METRICS",
    "/api/memory": "READ_MEMORY",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Work = Callable[[Request], Awaitable[Response]]


class Backend:
    """The endpoints' work, and the only state besides the trail: the last snapshot."""

    def __init__(self, settings: Settings, trail: Trail, commands: Mapping[str, Command]) -> None:
        self._settings = settings
        self._trail = trail
        self._commands = commands
        self._rate = intake.RateLimit(settings.rate_limit)
        self._snapshot: dict[str, str] | None = None

    def guarded(self, work: Work) -> Work:
        """`work` behind the key and the limits; a refusal is recorded before its response."""

        async def endpoint(request: Request) -> Response:
            try:
                intake.check_key(request, self._settings.api_key)
                intake.check_head(request)
                self._rate.check()
                return await work(request)
            except RefusalError as refusal:
                return await self.refuse(request, refusal)
            except TrailError as error:
                return _audit_unavailable(request, error)
            except ClientDisconnect:
                return Response(status_code=400)  # the client is gone

        return endpoint

    async def refuse(
        self, request: Request, refusal: RefusalError, action: str = "", execution_id: str = ""
    ) -> Response:
        """Record a refusal and respond to it; without the record the response is 503 (TRL-02, TRL-10)."""
        trace_id = _trace_id(request)
        name = action or ACTIONS[request.scope["path"]]
        try:
            await self._record(trace_id, execution_id or _execution_id(), name, Status.BLOCKED)
        except TrailError as error:
            return _audit_unavailable(request, error)
        return error_answer(refusal, trace_id)

    async def execute(self, request: Request) -> Response:
        """`POST /api/execute`: intent, action, entry, response, in this order."""
        trace_id, execution_id = _trace_id(request), _execution_id()
        intake.check_content_type(request)
        asked = intake.parse_execute(await intake.read_body(request))
        command = self._commands.get(asked.command)
        if command is None:
            # An unknown command may be anything, a secret too: its name is not recorded (TRL-09).
            action, outcome = ACTIONS["/api/execute"], blocked(Reason.UNKNOWN_COMMAND, "The command is not known.")
        else:
            action = asked.command
            await self._record(trace_id, execution_id, action, None)
            left = self._settings.executor_limit - (time.monotonic() - request.scope["techno.started"])
            try:
                outcome = await run(command, asked.session_id, left)
            except ExecutorError as error:
                log.error("command %s crashed: %s trace=%s", action, error, trace_id)  # noqa: TRY400
                failure = RefusalError(500, Reason.INTERNAL_ERROR, "The command failed.")
                return await self.refuse(request, failure, action, execution_id)
        timestamp = await self._record(trace_id, execution_id, action, outcome.status)
        if outcome.status.executed:
            self._snapshot = _snapshot(action, outcome, timestamp, execution_id)
        return json_answer(_execute_response(outcome, timestamp, trace_id, execution_id))

    async def audit(self, request: Request) -> Response:
        """`GET /api/audit`, and `/api/diagnostic/metrics`, which is the same (AUD-06)."""
        state, limit = intake.parse_audit_query(request)
        return json_answer(await self._trail.newest(state, limit))

    async def memory(self, request: Request) -> Response:  # noqa: ARG002  (an endpoint's signature)
        """`GET /api/memory`: the snapshot of the last executed command (MEM-01, MEM-02)."""
        return Response(status_code=204) if self._snapshot is None else json_answer(self._snapshot)

    async def _record(self, trace_id: str, execution_id: str, action: str, state: Status | None) -> str:
        return await self._trail.append(Entry(trace_id=trace_id, execution_id=execution_id, action=action, state=state))


class Envelope:
    """What every response has: `X-Trace-Id` (ENV-05), `no-store`, and one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        trace_id = str(uuid.uuid4())
        scope["techno.trace_id"] = trace_id
        scope["techno.started"] = started = time.monotonic()
        # Only the server's own words are logged: a client could put the key into a path or a method (AUT-06).
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        path = scope["path"] if scope["path"] in (*ACTIONS, "/health") else "elsewhere"

        async def send_enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = ((b"x-trace-id", trace_id.encode("ascii")), (b"cache-control", b"no-store"))
                message["headers"] = [*message.get("headers", ()), *extra]
                milliseconds = (time.monotonic() - started) * 1000
                log.info("%s %s %d %.1f ms trace=%s", method, path, message["status"], milliseconds, trace_id)
            await send(message)

        await self._app(scope, receive, send_enveloped)


def create_app(settings: Settings, trail: Trail, commands: Mapping[str, Command]) -> ASGIApp:
    """The application. Its endpoints read and check requests themselves, so it needs the routing of Starlette alone."""
    backend = Backend(settings, trail, commands)
    api = Starlette()
    api.router.redirect_slashes = False

    async def health(request: Request) -> Response:  # noqa: ARG001
        return json_answer({"status": "ok"})

    async def elsewhere(request: Request, error: Exception) -> Response:
        """404 and 405 need no key and leave no entry: no endpoint was reached (ERR-04)."""
        allow = dict(getattr(error, "headers", None) or {})
        refusal = RefusalError(404, Reason.RESOURCE_NOT_FOUND, "There is nothing here.")
        if getattr(error, "status_code", 404) == 405:
            refusal = RefusalError(405, Reason.METHOD_NOT_ALLOWED, "The method is not allowed here.", allow)
        return error_answer(refusal, _trace_id(request))

    async def crashed(request: Request, error: Exception) -> Response:  # noqa: ARG001  (the server logs it)
        """An internal error is still an `ErrorResponse`, with an entry where one is expected (TRL-01)."""
        refusal = RefusalError(500, Reason.INTERNAL_ERROR, "The request failed.")
        if request.scope["path"] in ACTIONS:
            return await backend.refuse(request, refusal)
        return error_answer(refusal, _trace_id(request))

    _add_route(api, "/health", health, "GET", "HEAD")
    _add_route(api, "/api/execute", backend.guarded(backend.execute), "POST")
    _add_route(api, "/api/audit", backend.guarded(backend.audit), "GET")
    _add_route(api, "/api/diagnostic/metrics", backend.guarded(backend.audit), "GET")
    _add_route(api, "/api/memory", backend.guarded(backend.memory), "GET")
    api.add_exception_handler(HTTPException, elsewhere)
    api.add_exception_handler(Exception, crashed)
    app: ASGIApp = api
    if settings.allowed_origins:
        # Outside of Starlette, so that a browser can read the errors as well.
        app = CORSMiddleware(
            app,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("X-API-Key", "Content-Type"),
            expose_headers=("X-Trace-Id", "Retry-After"),
        )
    return Envelope(app)


def _add_route(api: Starlette, path: str, work: Work, *methods: str) -> None:
    """Route exactly these methods of `path`: Starlette adds HEAD to GET by itself, which the contract does not have."""
    route = Route(path, work)
    route.methods = set(methods)
    api.routes.append(route)


def _trace_id(request: Request) -> str:
    trace_id: str = request.scope["techno.trace_id"]
    return trace_id


def _execution_id() -> str:
    return f"exec_{uuid.uuid4().hex}"


def _audit_unavailable(request: Request, error: TrailError) -> Response:
    """Fail closed: a request that cannot be recorded is refused."""
    trace_id = _trace_id(request)
    log.error("the audit trail is not available: %s trace=%s", error, trace_id)
    return error_answer(RefusalError(503, Reason.AUDIT_UNAVAILABLE, "The audit trail is not available."), trace_id)


def _execute_response(outcome: Outcome, timestamp: str, trace_id: str, execution_id: str) -> dict[str, object]:
    """The fields of an `ExecuteResponse`."""
    body: dict[str, object] = {
        "status": outcome.status,
        "ts_utc": timestamp,
        "trace_id": trace_id,
        "reason_codes": list(outcome.reason_codes),
        "execution_id": execution_id,
    }
    return body | ({"message": outcome.message} if outcome.message else {})


def _snapshot(command: str, outcome: Outcome, timestamp: str, execution_id: str) -> dict[str, str]:
    """The fields of a `MemorySnapshot`."""
    return {
        "command": command,
        "output": outcome.output,
        "timestamp": timestamp,
        "status": outcome.status,
        "execution_id": execution_id,
    }
