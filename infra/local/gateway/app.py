"""Local API gateway: one process that serves all functions and services of the manifest.

python -m infra.local.gateway.app --port 8080
"""

import argparse
import asyncio
import contextlib
import functools
import hashlib
import html
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra import manifest, websocket_server
from infra.local.auth import app as auth
from infra.local.config import keys
from infra.local.gateway.router import Handler, PrefixRouter, load_functions, load_services
from shared.errors import NotFoundError
from shared.http.responses import render_error
from shared.settings import settings

_SHUTDOWN_SECONDS = 3


def make_app(
    served: manifest.Manifest,
    handlers: Mapping[str, Handler],
    key: bytes,
    services: Mapping[str, ASGIApp] | None = None,
) -> Starlette:
    """Return the gateway: functions, services, health check, JWKS and a front page.

    Args:
        served: the manifest whose buckets and queues are created at the start.
        handlers: the functions by path prefix.
        key: the private key (PEM) of the local OIDC issuer.
        services: the ASGI services by path prefix.
    """
    app = Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/.well-known/jwks.json", _constant(public_keys(key))),
            Route("/", _front_page(handlers)),
        ],
        exception_handlers={404: _not_found},
        lifespan=functools.partial(_lifespan, served),
    )
    app.router.default = PrefixRouter(handlers, services)  # a Mount rejects paths with a line break
    return app


@contextlib.asynccontextmanager
async def _lifespan(served: manifest.Manifest, _: Starlette) -> AsyncIterator[None]:
    # Before the first request: jobs need their queue and bucket.
    await asyncio.to_thread(_provision, served)
    yield
    await _close_services()


def public_keys(private_pem: bytes) -> dict[str, Any]:
    """Return the JWKS of a key, with the key id of the tasks emulator and the scheduler.

    Raises:
        TypeError: it is not an RSA private key.
    """
    key = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the OIDC key must be an RSA private key")
    public = key.public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = hashlib.sha256(public.public_bytes(*form)).hexdigest()
    jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    return {"keys": [{**jwk, "kid": key_id, "use": "sig", "alg": "RS256"}]}


def _provision(served: manifest.Manifest) -> None:
    from infra.local.gateway.provision import provision  # noqa: PLC0415 - tests of the app need no clients

    provision(served)


async def _close_services() -> None:
    from shared import services  # noqa: PLC0415 - only the functions use it

    await services.close()


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _constant(content: dict[str, Any]) -> Handler:
    async def respond(_: Request) -> Response:
        return JSONResponse(content)

    return respond


def _front_page(handlers: Mapping[str, Handler]) -> Handler:
    async def respond(_: Request) -> Response:
        rows = "".join(f"<li><code>{html.escape(prefix)}</code></li>" for prefix in handlers)
        return HTMLResponse(
            "<!doctype html><html lang=en><title>OurVidz</title><h1>OurVidz, on one machine</h1>"
            f"<ul>{rows}</ul><p>A token: <code>python -m infra.local token</code></p></html>"
        )

    return respond


async def _not_found(request: Request, _: Exception) -> Response:
    """Return the 404 of a path without a handler, in the format of all errors."""
    error = NotFoundError(f"Not found: {request.url.path}.")
    return render_error(error, str(uuid.uuid4()))


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.gateway.app")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--data", type=Path, help="the folder of the users' file; without it there is no sign-in"
    )
    arguments = parser.parse_args()
    settings()  # so that missing or invalid settings are reported at the start
    served = manifest.read()
    services = load_services(served)
    websocket_server.raise_open_files()
    if arguments.data:
        services["/auth/v1"] = auth.make_app(arguments.data / "auth.sqlite3")
    uvicorn.run(
        make_app(served, load_functions(served), keys.oidc_key().read_bytes(), services),
        host="127.0.0.1",
        port=arguments.port,
        log_level="info",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        **websocket_server.OPTIONS,
    )


if __name__ == "__main__":
    main()
