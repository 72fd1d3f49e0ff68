"""What the tests of sign-up and sign-in do again and again."""

from typing import Any
from uuid import uuid4

import httpx

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem

PASSWORD = "correct horse"


class Visitor:
    """Whoever comes to the doors of ``/auth/v1``."""

    def __init__(self, system: LocalSystem) -> None:
        self.system = system
        self.email = f"{uuid4()}@example.test"

    def post(self, path: str, body: object = None, token: str = "") -> httpx.Response:
        """POST, as JSON."""
        return self.ask("POST", path, token, json=body)

    def ask(
        self,
        method: str,
        path: str,
        token: str = "",
        **more: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """A request with the project's anon key, and a token where one is given."""
        headers = {"apikey": tokens.anon_token()}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return web.request(method, f"{self.system.base}/auth/v1/{path}", headers=headers, **more)

    def sign_up(self, **data: object) -> dict[str, Any]:
        """A new user's first session."""
        body = {"email": self.email, "password": PASSWORD, "data": data}
        return self.good(self.post("signup", body))

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """By the address and a password."""
        body = {"email": self.email, "password": password}
        return self.post("token?grant_type=password", body)

    def refresh(self, session: dict[str, Any]) -> httpx.Response:
        """By a session's refresh token."""
        body = {"refresh_token": session["refresh_token"]}
        return self.post("token?grant_type=refresh_token", body)

    def good(self, answer: httpx.Response) -> dict[str, Any]:
        """What a good answer tells."""
        assert answer.status_code == 200, answer.text
        session: dict[str, Any] = answer.json()
        return session

    def user(self, session: dict[str, Any]) -> httpx.Response:
        """Whose session it is."""
        return self.ask("GET", "user", session["access_token"])


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Checks a refusal, as Supabase Auth's clients read one."""
    payload = answer.json()
    assert (answer.status_code, payload["code"], payload["error_code"]) == (status, status, code)
    assert payload["msg"]
