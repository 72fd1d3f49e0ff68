"""Fixtures of the REST tests: trial tables and their users."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until

Json: TypeAlias = Any

_SQL = (Path(__file__).parent / "trial.sql").read_text()
_MADE = ("trial_notes", "trial_books", "trial_shelves")
_REFRESH_SECONDS = 15
"""Longer than the interval between two lookups of an unknown name."""


class Reader:
    """A client of the REST endpoint with one token."""

    def __init__(self, base: str, token: str, user_id: str = "") -> None:
        self.id = user_id
        self._base = f"{base}/rest/v1"
        self._headers = {"authorization": f"Bearer {token}"}

    def ask(
        self,
        method: str,
        path: str,
        content: Json = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a request; underscores in names of headers become dashes."""
        header_values = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.request(
            method,
            f"{self._base}/{path}",
            headers={**self._headers, **header_values},
            json=content,
        )

    def send(
        self, method: str, path: str, content: bytes, media_type: str = "application/json"
    ) -> httpx.Response:
        """Send a request with a raw body."""
        headers = {**self._headers, "content-type": media_type}
        return web.request(method, f"{self._base}/{path}", headers=headers, content=content)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Send a GET request."""
        return self.ask("GET", path, **headers)

    def rows(self, path: str, **headers: str) -> Json:
        """The rows of a GET that succeeds."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, table: str, content: Json) -> Json:
        """Insert rows and return them as stored."""
        answer = self.ask("POST", table, content, prefer="return=representation")
        assert answer.status_code == 201, answer.text
        return answer.json()

    def code(self, method: str, path: str, content: Json = None, **headers: str) -> tuple[int, str]:
        """The status and the error code of a request that is refused."""
        answer = self.ask(method, path, content, **headers)
        assert set(answer.json()) == {"code", "message", "details", "hint"}, answer.text
        return answer.status_code, answer.json()["code"]


@pytest.fixture(scope="package")
def trial(bare: LocalSystem) -> Iterator[LocalSystem]:
    """The system without a worker, with the trial tables."""
    with bare.database() as connection:
        connection.execute(_SQL.encode())
    known = Reader(bare.base, tokens.user_token())
    wait_until(
        lambda: known.get("trial_books").status_code == 200,
        what="the tables to be known",
    )
    yield bare
    with bare.database() as connection:
        for name in (
            "add",
            "words",
            "numbers",
            "one",
            "pair",
            "void",
            "raise",
            "tags",
            "books_from",
        ):
            connection.execute(f"drop function trial_{name}".encode())
        connection.execute(b"drop function trial_two(integer), trial_two(text)")
        connection.execute(f"drop table {', '.join(_MADE)}".encode())


@pytest.fixture(scope="module")
def trial_reader(trial: LocalSystem) -> Reader:
    """A user for all tests of a module."""
    person = UserClient(trial)
    return Reader(trial.base, person.token, person.id)


@pytest.fixture
def me(trial: LocalSystem) -> Reader:
    """A new user."""
    person = UserClient(trial)
    return Reader(trial.base, person.token, person.id)


@pytest.fixture
def other(trial: LocalSystem) -> Reader:
    """Another new user."""
    person = UserClient(trial)
    return Reader(trial.base, person.token, person.id)


@pytest.fixture
def anon(trial: LocalSystem) -> Reader:
    """A client with the anon key only."""
    return Reader(trial.base, tokens.anon_token())
