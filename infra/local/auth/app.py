"""HTTP endpoints of Supabase Auth for sign-up, sign-in and sign-out."""

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
    """The request handlers, over one SQLite file of users."""

    def __init__(self, path: Path) -> None:
        self._path = path
        store.make(path)

    async def sign_up(self, request: Request) -> Response:
        """POST /signup: create a user and sign them in; there is no confirmation by email."""
        body = await requests.read(request, requests.SignUp)
        requests.check_password(body.password)
        password_hash = await asyncio.to_thread(passwords.hashed, body.password)

        def add(database: sqlite3.Connection) -> dict[str, Any]:
            try:
                user = users.insert(database, body.email, password_hash, body.data)
            except sqlite3.IntegrityError:
                message = "User already registered"
                raise AuthError(422, "user_already_exists", message) from None
            return sessions.begin(database, user)

        return JSONResponse(await self._in_transaction(add))

    async def token(self, request: Request) -> Response:
        """POST /token: start a session by password, or refresh one."""
        match request.query_params.get("grant_type"):
            case "password":
                return await self._sign_in(request)
            case "refresh_token":
                return await self._refresh(request)
            case _:
                raise errors.invalid("unsupported_grant_type")

    async def user(self, request: Request) -> Response:
        """GET /user: the signed-in user. PUT /user: change their password or data."""
        bearer = await self._bearer(request)
        if request.method == "PUT":
            await self._change(request, bearer)
        user = await self._in_transaction(lambda database: users.by_id(database, bearer.user_id))
        if user is None:
            raise _unauthenticated()
        return JSONResponse(users.to_response(user))

    async def sign_out(self, request: Request) -> Response:
        """POST /logout: end this session, all others, or all."""
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
        password_hash = user.password if user else None
        is_right = await asyncio.to_thread(passwords.is_right, body.password, password_hash)
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
        password_hash = None
        if body.password is not None:
            requests.check_password(body.password)
            password_hash = await asyncio.to_thread(passwords.hashed, body.password)

        def change(database: sqlite3.Connection) -> None:
            if user := users.by_id(database, bearer.user_id):
                users.change(database, user, password=password_hash, data=body.data)
            if password_hash:
                sessions.end(database, bearer, "others")

        await self._in_transaction(change)

    async def _bearer(self, request: Request) -> SessionRef:
        bearer = sessions.bearer_of(request.headers.get("authorization", ""))
        if not await self._in_transaction(lambda database: sessions.is_open(database, bearer)):
            raise _unauthenticated()
        return bearer

    async def _in_transaction(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            with store.transaction(self._path) as database:
                return operation(database)

        return await asyncio.to_thread(run)


def make_app(path: Path) -> Starlette:
    """Return the app; its users are stored in the SQLite file at ``path``."""
    auth = AuthApp(path)
    any_origin = Middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=_METHODS, allow_headers=["*"]
    )
    return Starlette(
        routes=[
            Route("/signup", auth.sign_up, methods=["POST"]),
            Route("/token", auth.token, methods=["POST"]),
            Route("/user", auth.user, methods=["GET", "PUT"]),
            Route("/logout", auth.sign_out, methods=["POST"]),
            Route("/settings", _constant(_SETTINGS)),
            Route("/health", _constant(_HEALTH)),
            # Tokens are signed with a secret: there is no public key, so clients use GET /user.
            Route("/.well-known/jwks.json", _constant({"keys": []})),
        ],
        middleware=[any_origin],
        exception_handlers={AuthError: errors.answer, 404: _not_offered, 405: _not_offered},
    )


def _unauthenticated() -> AuthError:
    message = "Session from session_id claim in JWT does not exist"
    return AuthError(403, "session_not_found", message)


def _constant(content: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_: Request) -> Response:
        return JSONResponse(content)

    return respond


async def _not_offered(request: Request, _: Exception) -> Response:
    message = f"The local system does not offer {request.method} {request.url.path}"
    return await errors.answer(request, AuthError(404, "not_found", message))
