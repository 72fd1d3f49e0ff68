"""A stolen OIDC token: tokens issued for a worker, or for another account, run no sweep."""

import functools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local.config import keys, tokens
from infra.local.config.environment import OIDC_ISSUER, SCHEDULER_EMAIL
from infra.local.tasks_emulator.oidc import TokenSigner
from tests.security import concurrency
from tests.security.jwt_builder import by_hand
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

_SWEEP = "/functions/v1/sweep-jobs"
_OTHERS = ("queue-job", "workspace-actions", "job-callback", "update-worker-url", "system-metrics")


@functools.cache
def _key() -> Any:  # noqa: ANN401 - cryptography's own
    return serialization.load_pem_private_key(keys.oidc_key().read_bytes(), password=None)


@functools.cache
def _kid() -> str:
    return TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER).key_id


def _claims(audience: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": OIDC_ISSUER,
        "aud": audience,
        "sub": "1",
        "email": SCHEDULER_EMAIL,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }


def _signed(claims: dict[str, Any], key: object = None, **headers: object) -> str:
    header = {"kid": _kid(), **headers}
    body = json.dumps(claims).encode()  # claims of any type, which PyJWT would not sign
    return jwt.PyJWS().encode(body, key or _key(), algorithm="RS256", headers=header)  # type: ignore[arg-type]


def _changes(audiences: list[object]) -> Iterator[dict[str, Any]]:
    values: dict[str, list[object]] = {
        "aud": audiences,
        "email": [
            *("tasks@local.iam.gserviceaccount.com", "", None, [], {}, "x@x.x"),
            *(SCHEDULER_EMAIL.upper(), f" {SCHEDULER_EMAIL}"),
        ],
        "email_verified": [False, None, "true", 1, "yes", []],
        "iss": ["https://evil.example", "", None, f"{OIDC_ISSUER}/", []],
        "exp": [1_600_000_000, 0, "soon", None],
        "iat": ["then", None, 2**40],
    }
    yield from ({name: value} for name, several in values.items() for value in several)


def _tokens(system: LocalSystem, person: UserClient) -> Iterator[tuple[str, str]]:
    """Yield valid tokens of other accounts, and the scheduler's own with one change."""
    sweep = system.base + _SWEEP
    good, worker = _claims(sweep), "http://127.0.0.1:8000/jobs"
    audiences: list[object] = [
        *(worker, f"{system.base}/functions/v1/queue-job", f"{sweep}/", sweep.upper(), "", "*"),
        *(system.base, f"{sweep}?x=1", f"{sweep}x", "https://evil.example", [worker], []),
    ]
    yield from ((f"{change}", _signed({**good, **change})) for change in _changes(audiences))
    for gone in ("aud", "iss", "exp", "iat", "email", "email_verified"):
        left = {name: value for name, value in good.items() if name != gone}
        yield f"without {gone}", _signed(left)
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield "another key", _signed(good, other_key)
    yield "another kid", _signed(good, kid="another")
    yield "no kid", _signed(good, kid="")
    yield "its own keys", _signed(good, jku=f"{system.base}/.well-known/jwks.json")
    public = _key().public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, spki)
    der = public.public_bytes(serialization.Encoding.DER, spki)
    for secret in (der, tokens.secret().encode(), b"x" * 32):
        yield "HS256", by_hand({"alg": "HS256", "typ": "JWT", "kid": _kid()}, good, secret)
    yield "by the key's text", by_hand({"alg": "HS256", "kid": _kid()}, good, pem)
    yield "no algorithm", jwt.encode(good, "", algorithm="none", headers={"kid": _kid()})
    yield "a user's", person.token
    yield "an admin's", tokens.user_token(person.id, is_admin=True)
    yield "the anon key", tokens.anon_token()
    yield "a user's with the claims", jwt.encode(good, tokens.secret(), algorithm="HS256")


def test_sweep_jobs_takes_the_schedulers_own_token_alone(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    attempts = list(_tokens(bare, person)) * corpora.size(6, short=1)

    def send(client: httpx.Client, one: tuple[str, str]) -> None:
        headers = {"authorization": f"Bearer {one[1]}"}
        answer = client.post(bare.base + _SWEEP, headers=headers)
        tally.answered(one[0], answer, {401})

    concurrency.each(attempts, send)
    for header in ("", "Bearer", "Basic x", "Bearer x"):
        answer = web.post(bare.base + _SWEEP, headers={"authorization": header})
        tally.answered(f"{header!r}", answer, {401})


def test_the_schedulers_token_sweeps_and_opens_nothing_else(
    bare: LocalSystem, tally: Tally
) -> None:
    token = _signed(_claims(bare.base + _SWEEP))
    headers = {"authorization": f"Bearer {token}"}
    assert web.post(bare.base + _SWEEP, headers=headers).status_code == 200
    for function in _OTHERS:
        url = f"{bare.base}/functions/v1/{function}"
        tally.answered(function, web.post(url, headers=headers, json={}), {401})
    for path in ("/rest/v1/jobs", "/storage/v1/object/workspace-temp/x/y.png"):
        tally.answered(path, web.get(bare.base + path, headers=headers), {401})


def test_a_workers_own_token_opens_no_function(bare: LocalSystem, tally: Tally) -> None:
    """Cloud Run requires one with each job, so the operator of the worker has it."""
    signer = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)
    for email in (SCHEDULER_EMAIL, "tasks@local.iam.gserviceaccount.com"):
        stolen = signer.token(email, "http://127.0.0.1:8000/jobs")
        for function in (*_OTHERS, "sweep-jobs"):
            url = f"{bare.base}/functions/v1/{function}"
            answer = web.post(url, headers={"authorization": f"Bearer {stolen}"}, json={})
            tally.answered(function, answer, {401})
