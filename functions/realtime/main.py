"""/realtime/v1/websocket: changes of tables, by the protocol of Supabase Realtime.

This is a separate ASGI service, since the functions framework does not support WebSockets.
"""

from collections.abc import Callable
from functools import cached_property
from urllib.parse import parse_qs

from functions.realtime import auth, client_address
from functions.realtime.connection import Backlog, Connection, Event, Receive, Send
from functions.realtime.connection_registry import Registry
from functions.realtime.handlers import answer
from functions.realtime.limits import Limits
from functions.realtime.phoenix import VERSIONS, Version
from shared import services
from shared.auth.authenticators import Anon, User
from shared.errors import (
    ApiError,
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from shared.http.request import new_traceparent
from shared.http.responses import RawResponse, render, render_error
from shared.services import Services
from shared.telemetry import logs

_PATHS = {"/websocket", "/websocket/"}


class Realtime:
    """The ASGI app.

    Args:
        services_factory: returns the process's services.
        limits: default to ``Limits`` with ``max_client_connections`` of the settings.
    """

    def __init__(
        self,
        services_factory: Callable[[], Services] = services.get_services,
        limits: Limits | None = None,
    ) -> None:
        self._services_factory = services_factory
        self._limits_override = limits
        self._backlog = Backlog()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Serve a WebSocket connection, the lifespan or ``/healthz``."""
        if scope["type"] == "lifespan":
            await _last(receive, send)
        elif (scope["type"], scope["path"]) == ("http", "/healthz"):
            await render(RawResponse(b'{"status": "ok"}'), 200)(scope, receive, send)
        else:
            await self._handle(scope, receive, send)

    async def _handle(self, scope: Event, receive: Receive, send: Send) -> None:
        logs.configure()
        request_id = self._services_factory().new_id().hex
        logs.start_request_log(new_traceparent(), function="realtime", request_id=request_id)
        try:
            version, token, caller = await self._accept(scope)
            socket = Connection(
                version,
                token,
                send,
                self._services_factory(),
                self._limits,
                self._registry,
                self._backlog,
            )
            self._enter(socket, caller, scope)
        except ApiError as problem:
            logs.logger.info("a socket was refused", extra={"fields": {"code": problem.error_code}})
            await render_error(problem, request_id)(scope, receive, send)
        else:
            await self._serve(socket, receive, send)

    @cached_property
    def _limits(self) -> Limits:
        return self._limits_override or Limits(
            sockets=self._services_factory().settings.max_client_connections
        )

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self._limits)

    async def _accept(self, scope: Event) -> tuple[Version, str, User | Anon]:
        """Check a connection request.

        Returns:
            The protocol version, the apikey and its caller.

        Raises:
            NotFoundError: The path or the protocol is not that of the WebSocket.
            InvalidRequestError: ``vsn`` is not supported.
            UnauthenticatedError: The apikey is missing or not valid.
        """
        if scope["type"] != "websocket" or scope["path"] not in _PATHS:
            raise NotFoundError("Not found; connect a WebSocket to /websocket.")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        version = VERSIONS.get(query.get("vsn", ["1.0.0"])[-1])
        if version is None:
            raise InvalidRequestError(f"vsn must be one of: {', '.join(VERSIONS)}.")
        token = query.get("apikey", [""])[-1]
        if not token:
            raise UnauthenticatedError("The query parameter apikey is required.")
        return version, token, await auth.authenticate(token, self._services_factory())

    def _enter(self, socket: Connection, caller: User | Anon, scope: Event) -> None:
        """Count the socket. Raises TooManyRequestsError if the process or the user has too many."""
        trusted_entries = self._services_factory().settings.forwarded_entries
        address = client_address.read_address(scope["headers"], trusted_entries)
        self._registry.add(socket, address)
        if isinstance(caller, User):
            try:
                self._registry.identify(socket, caller.id)
            except TooManyRequestsError:
                self._registry.remove(socket)
                raise

    async def _serve(self, socket: Connection, receive: Receive, send: Send) -> None:
        try:
            await receive()  # websocket.connect
            await send({"type": "websocket.accept"})
            ending = await socket.run(receive, answer)
            fields = {"code": ending.code, "reason": ending.reason}
            logs.logger.info("the socket ended", extra={"fields": fields})
        except OSError:
            logs.logger.info("the socket was lost before it was accepted")
        finally:
            self._registry.remove(socket)


async def _last(receive: Receive, send: Send) -> None:
    """Handle the startup and shutdown events; close the services at shutdown."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await services.close()
    await send({"type": "lifespan.shutdown.complete"})


main = Realtime()
