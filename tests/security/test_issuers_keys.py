"""Tokens by an issuer's key set: the right key, asked for no oftener than it must be."""

import base64
import hmac
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.local import tokens
from shared import auth
from shared.errors import Problem, UnauthenticatedError
from shared.services import Services
from tests.security.letters import b64, call_with
from tests.system import System

_NOW = int(time.time())
_USER = str(uuid4())
_GOOD = {
    "iss": tokens.ISSUER,
    "aud": "authenticated",
    "sub": _USER,
    "role": "authenticated",
    "exp": _NOW + 3600,
}


class KeyServer:
    """An issuer's JWKS address, which counts how often it is asked."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        self.is_away = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                self.send_response(500 if server.is_away else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": list(server.keys.values())}).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/jwks.json"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def add(self, kid: str) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.keys[kid] = {**jwk, "kid": kid, "alg": "ES256", "use": "sig"}
        return key

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.close()


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = float(_NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def keyed(bare: System, issuer: KeyServer) -> AsyncIterator[tuple[Services, Clock]]:
    """The functions' services where users' tokens are checked by a JWKS."""
    clock = Clock()
    services = Services(
        bare.settings(jwt_secret=None, jwt_algorithm="ES256", jwt_jwks_url=issuer.url),
        clock=clock,
    )
    yield services, clock
    await services.close()


async def test_a_token_is_checked_by_the_issuers_key_set(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    key = issuer.add("one")
    token = jwt.encode(_GOOD, key, algorithm="ES256", headers={"kid": "one"})
    user = await auth.user_token(call_with(token), keyed[0])
    assert str(user.id) == _USER
    await auth.user_token(call_with(token), keyed[0])
    assert issuer.asked == 1


async def test_an_unknown_kid_asks_the_issuer_at_most_every_30_seconds(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    services, clock = keyed
    issuer.add("one")
    stranger = ec.generate_private_key(ec.SECP256R1())
    for number in range(50):
        token = jwt.encode(_GOOD, stranger, algorithm="ES256", headers={"kid": f"k{number}"})
        with pytest.raises(UnauthenticatedError):
            await auth.user_token(call_with(token), services)
    assert issuer.asked == 1
    rotated = issuer.add("two")
    token = jwt.encode(_GOOD, rotated, algorithm="ES256", headers={"kid": "two"})
    clock.now += 31
    await auth.user_token(call_with(token), services)
    assert issuer.asked == 2


async def test_the_public_key_is_no_hmac_secret(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    public = issuer.add("one").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{b64(_GOOD)}"
    seal = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=")
    token = f"{signed}.{seal.decode()}"
    with pytest.raises(UnauthenticatedError):
        await auth.user_token(call_with(token), keyed[0])


async def test_an_issuer_that_is_away_is_503_until_it_is_back(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    key = issuer.add("one")
    token = jwt.encode(_GOOD, key, algorithm="ES256", headers={"kid": "one"})
    issuer.is_away = True
    with pytest.raises(Problem) as caught:
        await auth.user_token(call_with(token), keyed[0])
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 2)
    issuer.is_away = False
    await auth.user_token(call_with(token), keyed[0])
