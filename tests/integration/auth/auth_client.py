"""HTTP client of ``/auth/v1`` for the tests of sign-up and sign-in."""

from typing import Any
from uuid import uuid4

import httpx

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem

PASSWORD = "correct horse"


class Visitor:
    """A client of ``/auth/v1`` with an email address that is not in use."""

    def __init__(self, system: LocalSystem) -> None:
        self.system = system
        self.email = f"{uuid4()}@example.test"

    def post(self, path: str, body: object = None, token: str = "") -> httpx.Response:
        """POST a JSON body."""
        return self.ask("POST", path, token, json=body)

    def ask(
        self,
        method: str,
        path: str,
        token: str = "",
        **more: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """Send a request with the project's anon key and, where given, a user's token."""
        headers = {"apikey": tokens.anon_token()}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return web.request(method, f"{self.system.base}/auth/v1/{path}", headers=headers, **more)

    def sign_up(self, **data: object) -> dict[str, Any]:
        """Sign up a new user and return the session."""
        body = {"email": self.email, "password": PASSWORD, "data": data}
        return self.good(self.post("signup", body))

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """Sign in by email and password."""
        body = {"email": self.email, "password": password}
        return self.post("token?grant_type=password", body)

    def refresh(self, session: dict[str, Any]) -> httpx.Response:
        """Refresh a session by its refresh token."""
        body = {"refresh_token": session["refresh_token"]}
        return self.post("token?grant_type=refresh_token", body)

    def good(self, answer: httpx.Response) -> dict[str, Any]:
        """Check that the response has status 200 and return its session."""
        assert answer.status_code == 200, answer.text
        session: dict[str, Any] = answer.json()
        return session

    def user(self, session: dict[str, Any]) -> httpx.Response:
        """Get the user of a session."""
        return self.ask("GET", "user", session["access_token"])


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Check an error response as Supabase Auth's clients read it."""
    payload = answer.json()
    assert (answer.status_code, payload["code"], payload["error_code"]) == (status, status, code)
    assert payload["msg"]
