"""One process that serves every function of the map, as API gateway and cloud do together.

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

from infra import manifest as the_map
from infra import websocket_server
from infra.local.auth import app as auth
from infra.local.config import keys
from infra.local.gateway.router import Handler, PrefixRouter, load_functions, load_services
from shared.errors import NotFoundError
from shared.http.responses import render_error
from shared.settings import settings

_SHUTDOWN_SECONDS = 3


def make_app(
    served: the_map.Manifest,
    handlers: Mapping[str, Handler],
    key: bytes,
    services: Mapping[str, ASGIApp] | None = None,
) -> Starlette:
    """The app: the doors, the local issuer's public key (of ``key``, PEM) and a front page."""
    app = Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/.well-known/jwks.json", _answering(public_keys(key))),
            Route("/", _front_page(handlers)),
        ],
        exception_handlers={404: _not_found},
        lifespan=functools.partial(_lifespan, served),
    )
    app.router.default = PrefixRouter(
        handlers, services
    )  # a Mount takes no path with a line break in it
    return app


@contextlib.asynccontextmanager
async def _lifespan(served: the_map.Manifest, _: Starlette) -> AsyncIterator[None]:
    # Before the first request: a job must find its queue and its bucket.
    await asyncio.to_thread(_provision, served)
    yield
    await _close_services()


def public_keys(private_pem: bytes) -> dict[str, Any]:
    """The JWKS of the key, named as the tasks emulator and the scheduler name it."""
    key = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the OIDC key must be an RSA private key")
    public = key.public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = hashlib.sha256(public.public_bytes(*form)).hexdigest()
    jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    return {"keys": [{**jwk, "kid": key_id, "use": "sig", "alg": "RS256"}]}


def _provision(served: the_map.Manifest) -> None:
    from infra.local.gateway.provision import provision  # noqa: PLC0415 - tests of the app need no clients

    provision(served)


async def _close_services() -> None:
    from shared import services  # noqa: PLC0415 - the functions' business, if they were used

    await services.close()


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _answering(content: dict[str, Any]) -> Handler:
    async def answer(_: Request) -> Response:
        return JSONResponse(content)

    return answer


def _front_page(handlers: Mapping[str, Handler]) -> Handler:
    async def answer(_: Request) -> Response:
        rows = "".join(f"<li><code>{html.escape(prefix)}</code></li>" for prefix in handlers)
        return HTMLResponse(
            "<!doctype html><html lang=en><title>OurVidz</title><h1>OurVidz, on one machine</h1>"
            f"<ul>{rows}</ul><p>A token: <code>python -m infra.local token</code></p></html>"
        )

    return answer


async def _not_found(request: Request, _: Exception) -> Response:
    """What is nobody's path, in the shape of every error."""
    problem = NotFoundError(f"There is nothing at {request.url.path}.")
    return render_error(problem, str(uuid.uuid4()))


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.gateway.app")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="where users are kept; without it, none sign in")
    arguments = parser.parse_args()
    settings()  # so that what is missing or malformed is told at the start
    served = the_map.read()
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
