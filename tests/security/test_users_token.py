"""Who counts as a user: a corpus of tokens against a real endpoint, and against real key sets."""

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
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request

from infra.local import tokens
from shared import auth
from shared.errors import ForbiddenError, Problem, UnauthenticatedError
from shared.http import Call
from shared.services import Services
from tests.system import Person, System
from tests.web import web

_NOW = int(time.time())
_USER = str(uuid4())
_GOOD = {
    "iss": tokens.ISSUER,
    "aud": "authenticated",
    "sub": _USER,
    "role": "authenticated",
    "exp": _NOW + 3600,
}


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in _GOOD.items() if key != name}


def _b64(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _signed(claims: dict[str, Any], **header: object) -> str:
    return jwt.encode(claims, tokens.secret(), algorithm="HS256", headers=header or None)


def _corpus() -> dict[str, str]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = _signed(_GOOD)
    head, body, seal = good.split(".")
    return {
        "words": "not a token",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "not base64": "!!.!!.!!",
        "no header object": f"{_b64([])}.{body}.{seal}",
        "no claims object": f"{head}.{_b64([1])}.{seal}",
        "non-ascii": good + "\u00e9",
        "huge": "a" * 30_000,
        "alg none": f"{_b64({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg None": f"{_b64({'alg': 'None', 'typ': 'JWT'})}.{body}.",
        "no signature": f"{head}.{body}.",
        "changed claims": f"{head}.{_b64({**_GOOD, 'sub': str(uuid4())})}.{seal}",
        "another secret": jwt.encode(_GOOD, "x" * 64, algorithm="HS256"),
        "another HMAC": jwt.encode(_GOOD, tokens.secret(), algorithm="HS512"),
        "RS256": jwt.encode(_GOOD, rsa_key, algorithm="RS256"),
        "jku": _signed(_GOOD, jku="http://127.0.0.1/keys"),
        "x5u": _signed(_GOOD, x5u="http://127.0.0.1/keys"),
        "jwk": _signed(_GOOD, jwk={"kty": "oct", "k": "AAAA"}),
        "crit": _signed(_GOOD, crit=["exp"]),
        "no exp": _signed(_without("exp")),
        "no sub": _signed(_without("sub")),
        "no aud": _signed(_without("aud")),
        "no iss": _signed(_without("iss")),
        "no role": _signed(_without("role")),
        "expired": _signed({**_GOOD, "exp": _NOW - 60}),
        "expires never": _signed({**_GOOD, "exp": "never"}),
        "not before": _signed({**_GOOD, "nbf": _NOW + 600}),
        "another issuer": _signed({**_GOOD, "iss": "https://evil.example"}),
        "another audience": _signed({**_GOOD, "aud": "storage"}),
        "empty sub": _signed({**_GOOD, "sub": ""}),
        "sub no uuid": _signed({**_GOOD, "sub": "admin"}),
        "sub in braces": _signed({**_GOOD, "sub": "{" + _USER + "}"}),
        "sub an urn": _signed({**_GOOD, "sub": f"urn:uuid:{_USER}"}),
        "sub with SQL": _signed({**_GOOD, "sub": f"{_USER}' or 1=1 --"}),
        "sub a number": _signed({**_GOOD, "sub": 5}),
        "anon key": tokens.anon_token(),
        "anon with a sub": _signed({**_GOOD, "role": "anon"}),
        "service role": _signed({**_GOOD, "role": "service_role"}),
        "role a list": _signed({**_GOOD, "role": ["authenticated"]}),
    }


_CORPUS = _corpus()


@pytest.mark.parametrize("name", _CORPUS)
def test_a_token_that_is_no_users_is_401(bare: System, name: str) -> None:
    before = bare.value("select count(*) from jobs")
    answer = web.post(
        f"{bare.base}/functions/v1/queue-job",
        json={"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}},
        headers=[(b"authorization", b"Bearer " + _CORPUS[name].encode())],
    )
    assert answer.status_code in {400, 401, 431}, answer.text
    if answer.status_code == 401:
        assert answer.json()["success"] is False
        assert answer.headers["www-authenticate"] == "Bearer"
    assert bare.value("select count(*) from jobs") == before


@pytest.mark.parametrize("scheme", ["Token", "Basic", "bearer:"])
def test_another_scheme_is_401(bare: System, scheme: str) -> None:
    answer = web.post(
        f"{bare.base}/functions/v1/queue-job",
        json={},
        headers={"authorization": f"{scheme} {_signed(_GOOD)}"},
    )
    assert answer.status_code == 401


def test_a_workers_seal_opens_no_users_door(bare: System, person: Person) -> None:
    answer = web.post(
        f"{bare.base}/functions/v1/job-callback",
        json={},
        headers={"authorization": f"Bearer {person.token}"},
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["user", "anon", "nonsense"])
def test_sweep_jobs_takes_the_schedulers_token_alone(
    bare: System, person: Person, name: str
) -> None:
    token = {"user": person.token, "anon": tokens.anon_token(), "nonsense": "x.y.z"}[name]
    answer = web.post(
        f"{bare.base}/functions/v1/sweep-jobs", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401


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


def _call(token: str) -> Call:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Call(Request({**scope, "query_string": b""}))


async def test_a_token_is_checked_by_the_issuers_key_set(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    key = issuer.add("one")
    token = jwt.encode(_GOOD, key, algorithm="ES256", headers={"kid": "one"})
    user = await auth.user_token(_call(token), keyed[0])
    assert str(user.id) == _USER
    await auth.user_token(_call(token), keyed[0])
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
            await auth.user_token(_call(token), services)
    assert issuer.asked == 1
    rotated = issuer.add("two")
    token = jwt.encode(_GOOD, rotated, algorithm="ES256", headers={"kid": "two"})
    clock.now += 31
    await auth.user_token(_call(token), services)
    assert issuer.asked == 2


async def test_the_public_key_is_no_hmac_secret(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    public = issuer.add("one").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_b64({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{_b64(_GOOD)}"
    seal = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=")
    token = f"{signed}.{seal.decode()}"
    with pytest.raises(UnauthenticatedError):
        await auth.user_token(_call(token), keyed[0])


async def test_an_issuer_that_is_away_is_503_until_it_is_back(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    key = issuer.add("one")
    token = jwt.encode(_GOOD, key, algorithm="ES256", headers={"kid": "one"})
    issuer.is_away = True
    with pytest.raises(Problem) as caught:
        await auth.user_token(_call(token), keyed[0])
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 2)
    issuer.is_away = False
    await auth.user_token(_call(token), keyed[0])


@pytest.fixture
async def cloud(bare: System) -> AsyncIterator[Services]:
    """The functions' services as the cloud sets them."""
    services = Services(bare.settings(local_system=False))
    yield services
    await services.close()


async def test_an_admin_needs_the_token_and_the_role(bare: System, cloud: Services) -> None:
    user = str(uuid4())
    token = tokens.user_token(user, is_admin=True)
    with pytest.raises(ForbiddenError):
        await auth.admin_token(_call(token), cloud)
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", user)
    assert str((await auth.admin_token(_call(token), cloud)).id) == user
    with pytest.raises(ForbiddenError):
        await auth.admin_token(_call(tokens.user_token(user)), cloud)


async def test_user_metadata_makes_no_admin(bare: System) -> None:
    local = Services(bare.settings())
    for extra in ({"user_metadata": {"role": "admin"}}, {"app_metadata": "admin"}):
        with pytest.raises(ForbiddenError):
            await auth.admin_token(_call(_signed({**_GOOD, **extra})), local)
    assert await auth.admin_token(_call(tokens.user_token(_USER, is_admin=True)), local)
    await local.close()


def test_the_cloud_refuses_the_local_systems_setting(bare: System) -> None:
    with pytest.raises(ValueError, match="LOCAL_SYSTEM is not for the cloud"):
        bare.settings(k_service="queue-job")


@pytest.mark.parametrize("secret", ["short", "x" * 31])
def test_a_short_secret_is_refused(bare: System, secret: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        bare.settings(jwt_secret=secret)
