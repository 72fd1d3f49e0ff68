"""Route requests to functions and services by path prefix, as the cloud's URL map does."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.manifest import Manifest

Handler = Callable[[Request], Awaitable[Response]]


def load_functions(the_map: Manifest) -> dict[str, Handler]:
    """Import all functions of the manifest; return their handlers by path prefix."""
    handlers: dict[str, Handler] = {}
    for function in the_map.functions.values():
        main: Handler = importlib.import_module(function.module).main
        handlers |= dict.fromkeys(function.prefixes, main)
    return handlers


def load_services(the_map: Manifest) -> dict[str, ASGIApp]:
    """Import all services of the manifest; return their ASGI apps by path prefix."""
    services = the_map.services.values()
    return {service.mount: importlib.import_module(service.module).main for service in services}


class PrefixRouter:
    """An ASGI app that passes a request to the function or service with the longest prefix.

    A WebSocket is passed to services only.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], services: Mapping[str, ASGIApp] | None = None
    ) -> None:
        self._handlers = handlers
        self._services = services or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a WebSocket.

        Raises:
            HTTPException: 404 if no prefix matches.
        """
        path: str = scope["path"]
        prefix = self._prefix_of(path)
        if prefix is None or (scope["type"] == "websocket" and prefix not in self._services):
            raise HTTPException(404)
        # As behind the cloud's URL map: the prefix is removed, without a redirect to add a slash.
        inner = {**scope, "root_path": "", "path": path[len(prefix) :] or "/"}
        inner["raw_path"] = _raw_rest(scope.get("raw_path"), prefix, inner["path"])
        if service := self._services.get(prefix):
            await service(inner, receive, send)
        else:
            response = await self._handlers[prefix](Request(inner, receive, send))
            await response(inner, receive, send)

    def _prefix_of(self, path: str) -> str | None:
        """Return the longest prefix that ends at the end of a path segment, or None."""
        end = len(path)
        while end > 0:
            if path[:end] in self._handlers or path[:end] in self._services:
                return path[:end]
            end = path.rfind("/", 0, end)
        return None


def _raw_rest(raw: bytes | None, prefix: str, rest: str) -> bytes:
    """Return the rest of the path as sent by the client, percent-encoded."""
    before = prefix.encode()
    if raw is not None and raw.startswith(before):
        return raw[len(before) :] or b"/"
    return quote(rest).encode()
