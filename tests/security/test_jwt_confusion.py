"""JWT confusion: a corpus of hostile tokens at every endpoint that takes a user's token."""

import base64
import hmac
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.auth import authenticators
from shared.errors import UnauthenticatedError
from shared.services import Services
from tests.security import concurrency, hostile_tokens, jwt_builder
from tests.security.hostile_tokens import HostileToken
from tests.security.jwt_builder import good_claims
from tests.security.key_server import KeyServer
from tests.security.requests import call_with
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem

_REFUSED = {400, 401, 431}
"""400 and 431 are the server's own, for a header that is malformed or too long."""

_ENDPOINTS = [
    ("POST", "/functions/v1/queue-job"),
    ("POST", "/functions/v1/workspace-actions"),
    ("POST", "/functions/v1/playground-chat"),
    ("POST", "/functions/v1/enhance-prompt"),
    ("POST", "/functions/v1/get-active-worker-url"),
    ("POST", "/functions/v1/generate-admin-image"),
    ("POST", "/functions/v1/system-metrics"),
    ("GET", "/functions/v1/job-events"),
    ("GET", "/rest/v1/jobs"),
    ("PATCH", "/rest/v1/profiles?id=not.is.null"),
    ("POST", "/storage/v1/object/list/workspace-temp"),
    ("GET", "/storage/v1/object/workspace-temp/x/y.png"),
]


def test_no_token_of_the_corpus_is_a_users(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("tokens")
    made = hostile_tokens.make(chance, corpora.size(2000, short=240))
    tried = [(token, chance.choice(_ENDPOINTS)) for token in made]

    def send(client: httpx.Client, one: tuple[HostileToken, tuple[str, str]]) -> None:
        token, (method, path) = one
        headers = [(b"authorization", b"Bearer " + token.text)]
        answer = concurrency.ask(client, method, bare.base + path, headers=headers, json={})
        tally.answered(f"{token.name} at {path}: {token.text[:300]!r}", answer, _REFUSED)

    concurrency.each(tried, send)


@pytest.mark.parametrize(
    "endpoint", _ENDPOINTS, ids=lambda endpoint: f"{endpoint[0]} {endpoint[1]}"
)
def test_the_token_that_they_are_made_from_is_good(
    bare: LocalSystem, endpoint: tuple[str, str]
) -> None:
    """Without this, the refusals of the derived tokens would prove nothing."""
    headers = {"authorization": f"Bearer {jwt_builder.good_token()}"}
    with web.stream(endpoint[0], bare.base + endpoint[1], headers=headers, json={}) as answer:
        assert answer.status_code != 401


@pytest.mark.parametrize("scheme", ["Token", "Basic", "bearer:", "JWT", ""])
def test_another_scheme_is_401(bare: LocalSystem, scheme: str, tally: Tally) -> None:
    for method, path in _ENDPOINTS:
        headers = {"authorization": f"{scheme} {jwt_builder.good_token()}".strip()}
        answer = web.request(method, bare.base + path, headers=headers, json={})
        tally.answered(f"{scheme} at {path}", answer, _REFUSED)


KEYS: dict[str, Any] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.fixture(scope="module", params=KEYS)
async def keyed(
    bare: LocalSystem, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Services, KeyServer, str]]:
    """The functions' services where user tokens are verified with an issuer's public keys."""
    issuer = KeyServer()
    issuer.add("one", KEYS[request.param]())
    settings = bare.settings(jwt_secret=None, jwt_algorithm=request.param, jwt_jwks_url=issuer.url)
    services = Services(settings)
    yield services, issuer, request.param
    await services.close()
    issuer.close()


async def test_no_token_of_the_corpus_passes_by_public_keys(
    keyed: tuple[Services, KeyServer, str], corpora: Corpora, tally: Tally
) -> None:
    services, issuer, algorithm = keyed
    chance = corpora.chance(algorithm)
    known = _public_halves(issuer.private["one"])
    texts = [token.text for token in hostile_tokens.make(chance, corpora.size(300, short=36))]
    for digest in ("sha256", "sha384", "sha512"):
        for secret in known:
            head = {"alg": f"HS{digest[3:]}", "typ": "JWT", "kid": "one"}
            texts.append(jwt_builder.by_hand(head, good_claims(), secret, digest).encode())
    for other, make in KEYS.items():
        key = make()
        for kid in ("one", "two", "", "../one"):
            headers = {"kid": kid}
            texts.append(jwt.encode(good_claims(), key, algorithm=other, headers=headers).encode())
    for text in texts:
        tally.refused(f"{algorithm}: {text[:200]!r}", is_refused=await _refused(text, services))


async def test_the_issuers_own_token_passes(keyed: tuple[Services, KeyServer, str]) -> None:
    services, issuer, algorithm = keyed
    token = jwt.encode(
        good_claims(), issuer.private["one"], algorithm=algorithm, headers={"kid": "one"}
    )
    assert not await _refused(token.encode(), services)


def _public_halves(key: Any) -> list[bytes]:  # noqa: ANN401 - of any algorithm
    """Return public encodings of a key that were accepted as HMAC secrets by some libraries."""
    public = key.public_key()
    spki = PublicFormat.SubjectPublicKeyInfo
    pem, der = public.public_bytes(Encoding.PEM, spki), public.public_bytes(Encoding.DER, spki)
    return [pem, pem.strip(), der, base64.b64encode(der), hmac.digest(b"one", der, "sha256")]


async def _refused(text: bytes, services: Services) -> bool:
    try:
        await authenticators.require_user(call_with(text), services)
    except UnauthenticatedError:
        return True
    return False


@pytest.mark.parametrize("secret", ["short", "x" * 31])
def test_a_short_secret_is_refused(bare: LocalSystem, secret: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        bare.settings(jwt_secret=secret)
