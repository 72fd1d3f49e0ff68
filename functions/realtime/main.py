"""/realtime/v1/websocket: tells what changes in tables, by the protocol of Supabase Realtime.

The one service that lives long: ASGI, since the functions framework lets no WebSocket in.
"""

from collections.abc import Callable
from urllib.parse import parse_qs

from functions.realtime import credentials, life
from functions.realtime.answering import answer
from functions.realtime.limits import Limits
from functions.realtime.socket import Event, Receive, Send, Socket
from functions.realtime.wire import VERSIONS, Version
from shared import log, services
from shared.errors import InvalidError, NotFoundError, Problem, TooManyError, UnauthenticatedError
from shared.http.answers import Content, render, render_problem
from shared.http.bearing import bearing
from shared.services import Services

_LIMITS = Limits()
_PATHS = {"/websocket", "/websocket/"}


class Realtime:
    """The app. A test gives its own services and limits."""

    def __init__(
        self, given: Callable[[], Services] = services.current, limits: Limits = _LIMITS
    ) -> None:
        self._given = given
        self._limits = limits
        self._open = 0

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Serve a connection, or answer why not."""
        if scope["type"] == "lifespan":
            await life.last(receive, send)
        elif (scope["type"], scope["path"]) == ("http", "/healthz"):
            await render(Content(b'{"status": "ok"}'), 200)(scope, receive, send)
        else:
            await self._meet(scope, receive, send)

    async def _meet(self, scope: Event, receive: Receive, send: Send) -> None:
        log.configure()
        request_id = self._given().new_id().hex
        log.begin(bearing("").traceparent, function="realtime", request_id=request_id)
        try:
            version, token = await self._admit(scope)
        except Problem as problem:
            log.logger.info("a socket was refused", extra={"fields": {"code": problem.error_code}})
            await render_problem(problem, request_id)(scope, receive, send)
        else:
            await self._serve(version, token, receive, send)

    async def _admit(self, scope: Event) -> tuple[Version, str]:
        """What the client speaks, and its apikey, which holds."""
        if scope["type"] != "websocket" or scope["path"] not in _PATHS:
            raise NotFoundError("There is nothing here but /websocket, for WebSockets.")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        version = VERSIONS.get(query.get("vsn", ["1.0.0"])[-1])
        if version is None:
            raise InvalidError(f"vsn is one of: {', '.join(VERSIONS)}.")
        token = query.get("apikey", [""])[-1]
        if not token:
            raise UnauthenticatedError("An apikey is needed, in the query.")
        await credentials.holder(token, self._given())
        if self._open >= self._limits.sockets:
            raise TooManyError("Too many sockets are open here.", retry_after_seconds=5)
        return version, token

    async def _serve(self, version: Version, token: str, receive: Receive, send: Send) -> None:
        socket = Socket(version, token, send, self._given(), self._limits)
        self._open += 1
        try:
            await receive()  # websocket.connect
            await send({"type": "websocket.accept"})
            ending = await socket.run(receive, answer)
            fields = {"code": ending.code, "reason": ending.reason}
            log.logger.info("the socket ended", extra={"fields": fields})
        except OSError:
            log.logger.info("the socket was lost at once")
        finally:
            self._open -= 1


main = Realtime()
