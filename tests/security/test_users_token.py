"""Who counts as a user: a corpus of tokens against a real endpoint, and against real key sets."""

import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local import tokens
from shared import auth
from shared.errors import ForbiddenError
from shared.services import Services
from tests.security.letters import b64, call_with
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
        "no header object": f"{b64([])}.{body}.{seal}",
        "no claims object": f"{head}.{b64([1])}.{seal}",
        "non-ascii": good + "\u00e9",
        "huge": "a" * 30_000,
        "alg none": f"{b64({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg None": f"{b64({'alg': 'None', 'typ': 'JWT'})}.{body}.",
        "no signature": f"{head}.{body}.",
        "changed claims": f"{head}.{b64({**_GOOD, 'sub': str(uuid4())})}.{seal}",
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
        await auth.admin_token(call_with(token), cloud)
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", user)
    assert str((await auth.admin_token(call_with(token), cloud)).id) == user
    with pytest.raises(ForbiddenError):
        await auth.admin_token(call_with(tokens.user_token(user)), cloud)


async def test_user_metadata_makes_no_admin(bare: System) -> None:
    local = Services(bare.settings())
    for extra in ({"user_metadata": {"role": "admin"}}, {"app_metadata": "admin"}):
        with pytest.raises(ForbiddenError):
            await auth.admin_token(call_with(_signed({**_GOOD, **extra})), local)
    assert await auth.admin_token(call_with(tokens.user_token(_USER, is_admin=True)), local)
    await local.close()


def test_the_cloud_refuses_the_local_systems_setting(bare: System) -> None:
    with pytest.raises(ValueError, match="LOCAL_SYSTEM is not for the cloud"):
        bare.settings(k_service="queue-job")


@pytest.mark.parametrize("secret", ["short", "x" * 31])
def test_a_short_secret_is_refused(bare: System, secret: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        bare.settings(jwt_secret=secret)
