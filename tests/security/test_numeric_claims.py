"""Numeric token claims: each value that is not a time before the year 10000 is refused."""

import json
import time

import pytest

from shared.auth import authenticators
from shared.errors import UnauthenticatedError
from shared.services import Services
from tests.security.jwt_builder import by_hand, good_claims
from tests.security.requests import call_with
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import SESSIONS, client

_LATER = int(time.time()) + 3600
_VALUES = [
    *("1e300", "1e18", "253402300800", "253402300800.5", "1" + "0" * 400, "9" * 4000, "1e400"),
    *("Infinity", "-Infinity", "NaN", "-1e300", "-1", "true", "false", "null", "[]", "{}"),
    *(f'"{_LATER}"', f"[{_LATER}]", '"Infinity"', '"nan"', '"\\u0661"'),
]
"""As JSON, or what Python's parser accepts as such."""

_ENDPOINTS = [
    ("GET", "/functions/v1/job-events"),
    ("POST", "/functions/v1/job-events"),
    ("POST", "/functions/v1/queue-job"),
    ("GET", "/rest/v1/profiles"),
    ("POST", "/storage/v1/object/list/workspace-temp"),
    ("GET", "/auth/v1/user"),
]


def _token(claim: str, value: str, **claims: object) -> str:
    body = json.dumps({**good_claims(), **claims, claim: "HERE"}).replace('"HERE"', value)
    return by_hand({"alg": "HS256", "typ": "JWT"}, body.encode())


def test_no_endpoint_takes_them(bare: LocalSystem, corpora: Corpora, tally: Tally) -> None:
    tried = [(value, *endpoint) for value in _VALUES for endpoint in _ENDPOINTS]
    for value, method, path in corpora.some(tried, short=40):
        headers = {"authorization": f"Bearer {_token('exp', value)}"}
        with web.stream(method, bare.base + path, headers=headers, json={}) as response:
            if response.status_code != 200:  # an open stream has no end
                response.read()
            tally.refused(f"{value} at {path}", is_refused=response.status_code in {401, 403})


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
async def test_no_claim_is_one_of_them(bare: LocalSystem, claim: str, tally: Tally) -> None:
    services = Services(bare.settings())
    for value in _VALUES:
        call = call_with(_token(claim, value).encode())
        try:
            await authenticators.require_user(call, services)
        except UnauthenticatedError:
            tally.refused(f"{claim} {value[:20]}", is_refused=True)
        else:
            tally.refused(f"{claim} {value[:20]}", is_refused=False)


async def test_the_last_second_of_the_year_9999_is_a_time(bare: LocalSystem) -> None:
    services = Services(bare.settings())
    for value in ("253402300799", f"{_LATER}.5"):
        assert await authenticators.require_user(call_with(_token("exp", value).encode()), services)


async def test_no_channel_of_realtime_is_joined_with_them(person: UserClient, tally: Tally) -> None:
    async with client(person) as socket:
        for value in _VALUES:
            token = _token("exp", value, sub=person.id)
            response = await socket.join("a", SESSIONS, token=token)
            tally.refused(value[:20], is_refused=response["status"] == "error")
            assert (await socket.request("phoenix", "heartbeat", {}))["status"] == "ok"
