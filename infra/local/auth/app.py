"""The doors of Supabase Auth that a front end needs to sign people up, in and out."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.auth import errors, passwords, requests, sessions, store, users
from infra.local.auth.errors import AuthError
from infra.local.auth.sessions import SessionRef

T = TypeVar("T")
_METHODS = ["GET", "POST", "PUT"]
_SCOPES = {"global", "local", "others"}
_SETTINGS = {
    "external": {"email": True, "phone": False, "anonymous_users": False},
    "disable_signup": False,
    "mailer_autoconfirm": True,
    "phone_autoconfirm": False,
    "sms_provider": "",
    "saml_enabled": False,
}
_HEALTH = {"name": "GoTrue", "version": "local", "description": "GoTrue's protocol, on one machine"}


class AuthApp:
    """The doors, over one file of users."""

    def __init__(self, path: Path) -> None:
        self._path = path
        store.make(path)

    async def sign_up(self, request: Request) -> Response:
        """A new user is signed in at once: nobody here reads a confirmation."""
        body = await requests.read(request, requests.SignUp)
        requests.check_password(body.password)
        kept = await asyncio.to_thread(passwords.hashed, body.password)

        def add(database: sqlite3.Connection) -> dict[str, Any]:
            try:
                user = users.insert(database, body.email, kept, body.data)
            except sqlite3.IntegrityError:
                sentence = "User already registered"
                raise AuthError(422, "user_already_exists", sentence) from None
            return sessions.begin(database, user)

        return JSONResponse(await self._in_transaction(add))

    async def token(self, request: Request) -> Response:
        """A session, for a password or for a refresh token."""
        match request.query_params.get("grant_type"):
            case "password":
                return await self._sign_in(request)
            case "refresh_token":
                return await self._refresh(request)
            case _:
                raise errors.invalid("unsupported_grant_type")

    async def user(self, request: Request) -> Response:
        """Who is signed in; by PUT, with another password or other words about themselves."""
        bearer = await self._bearer(request)
        if request.method == "PUT":
            await self._change(request, bearer)
        user = await self._in_transaction(lambda database: users.by_id(database, bearer.user_id))
        if user is None:
            raise _unauthenticated()
        return JSONResponse(users.to_response(user))

    async def sign_out(self, request: Request) -> Response:
        """End this session, the others, or all."""
        scope = request.query_params.get("scope", "global")
        if scope not in _SCOPES:
            raise errors.invalid(f"Unsupported logout scope {scope!r}"[:100])
        bearer = await self._bearer(request)
        await self._in_transaction(lambda database: sessions.end(database, bearer, scope))
        return Response(status_code=204)

    async def _sign_in(self, request: Request) -> Response:
        body = await requests.read(request, requests.SignIn)
        email = body.email.strip().lower()
        user = await self._in_transaction(lambda database: users.by_email(database, email))
        kept = user.password if user else None
        is_right = await asyncio.to_thread(passwords.is_right, body.password, kept)
        if user is None or not is_right:
            raise errors.wrong_credentials()

        def begin(database: sqlite3.Connection) -> dict[str, Any]:
            users.signed_in(database, user.id)
            return sessions.begin(database, users.by_id(database, user.id) or user)

        return JSONResponse(await self._in_transaction(begin))

    async def _refresh(self, request: Request) -> Response:
        token = (await requests.read(request, requests.Refresh)).refresh_token
        session = await self._in_transaction(lambda database: sessions.refresh(database, token))
        if session is None:
            raise errors.used_refresh_token()
        return JSONResponse(session)

    async def _change(self, request: Request, bearer: SessionRef) -> None:
        body = await requests.read(request, requests.Change)
        if body.email or body.phone:
            raise errors.invalid("Addresses and numbers are not changed in the local system")
        kept = None
        if body.password is not None:
            requests.check_password(body.password)
            kept = await asyncio.to_thread(passwords.hashed, body.password)

        def change(database: sqlite3.Connection) -> None:
            if user := users.by_id(database, bearer.user_id):
                users.change(database, user, password=kept, data=body.data)
            if kept:
                sessions.end(database, bearer, "others")

        await self._in_transaction(change)

    async def _bearer(self, request: Request) -> SessionRef:
        bearer = sessions.bearer_of(request.headers.get("authorization", ""))
        if not await self._in_transaction(lambda database: sessions.is_open(database, bearer)):
            raise _unauthenticated()
        return bearer

    async def _in_transaction(self, act: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            with store.transaction(self._path) as database:
                return act(database)

        return await asyncio.to_thread(run)


def make_app(path: Path) -> Starlette:
    """The app, its users kept in the file at ``path``."""
    auth = AuthApp(path)
    anyone = Middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=_METHODS, allow_headers=["*"]
    )
    return Starlette(
        routes=[
            Route("/signup", auth.sign_up, methods=["POST"]),
            Route("/token", auth.token, methods=["POST"]),
            Route("/user", auth.user, methods=["GET", "PUT"]),
            Route("/logout", auth.sign_out, methods=["POST"]),
            Route("/settings", _answering(_SETTINGS)),
            Route("/health", _answering(_HEALTH)),
            # Tokens are signed with a secret: there is no public key, and clients ask for the user.
            Route("/.well-known/jwks.json", _answering({"keys": []})),
        ],
        middleware=[anyone],
        exception_handlers={AuthError: errors.answer, 404: _not_offered, 405: _not_offered},
    )


def _unauthenticated() -> AuthError:
    sentence = "Session from session_id claim in JWT does not exist"
    return AuthError(403, "session_not_found", sentence)


def _answering(content: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return JSONResponse(content)

    return answer


async def _not_offered(request: Request, _: Exception) -> Response:
    sentence = f"The local system does not offer {request.method} {request.url.path}"
    return await errors.answer(request, AuthError(404, "not_found", sentence))
