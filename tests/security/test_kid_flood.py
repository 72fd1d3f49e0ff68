"""A flood of key ids: the issuer's keys are fetched no more often than necessary."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.auth import authenticators
from shared.errors import ApiError, UnauthenticatedError
from shared.services import Services
from tests.security.jwt_builder import good_claims
from tests.security.key_server import KeyServer
from tests.security.requests import call_with
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.close()


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def keyed(bare: LocalSystem, issuer: KeyServer) -> AsyncIterator[tuple[Services, Clock]]:
    """The functions' services where user tokens are verified with a JWKS."""
    clock = Clock()
    services = Services(
        bare.settings(jwt_secret=None, jwt_algorithm="ES256", jwt_jwks_url=issuer.url),
        clock=clock,
    )
    yield services, clock
    await services.close()


def _token(key: object, kid: str) -> str:
    return jwt.encode(good_claims(), key, algorithm="ES256", headers={"kid": kid})  # type: ignore[arg-type]


async def _is_refused(token: str, services: Services) -> bool:
    try:
        await authenticators.require_user(call_with(token), services)
    except UnauthenticatedError:
        return True
    return False


async def test_an_unknown_kid_asks_the_issuer_at_most_every_30_seconds(
    keyed: tuple[Services, Clock], issuer: KeyServer, corpora: Corpora, tally: Tally
) -> None:
    services, clock = keyed
    issuer.add("one")
    chance, other_key = corpora.chance("kids"), ec.generate_private_key(ec.SECP256R1())
    odd = ["", " ", "../one", "one\x00", "ONE", "one' or 1=1 --", "é", "x" * 4000, "http://[::1]/"]
    kids = odd + [f"k{chance.getrandbits(64)}" for _ in range(corpora.size(1000, short=60))]
    for minute in range(3):
        for kid in kids:
            refused = await _is_refused(_token(other_key, kid), services)
            tally.refused(f"kid {kid[:50]!r}", is_refused=refused)
        tally.refused("the issuer is flooded", is_refused=issuer.requests == minute + 1)
        clock.now += 31
    rotated = issuer.add("two")
    assert not await _is_refused(_token(rotated, "two"), services)
    assert issuer.requests == 4


async def test_a_flood_at_once_asks_the_issuer_once(
    keyed: tuple[Services, Clock], issuer: KeyServer, corpora: Corpora, tally: Tally
) -> None:
    services, _ = keyed
    key, other_key = issuer.add("one"), ec.generate_private_key(ec.SECP256R1())
    count = corpora.size(500, short=50)
    floods = (_is_refused(_token(other_key, f"k{number}"), services) for number in range(count))
    for refused in await asyncio.gather(*floods):
        tally.refused("at once", is_refused=refused)
    tally.refused("the issuer is flooded", is_refused=issuer.requests == 1)
    assert not await _is_refused(_token(key, "one"), services), "others go on meanwhile"


async def test_an_issuer_that_is_away_is_503_until_it_is_back(
    keyed: tuple[Services, Clock], issuer: KeyServer
) -> None:
    token = _token(issuer.add("one"), "one")
    issuer.is_away = True
    with pytest.raises(ApiError) as caught:
        await authenticators.require_user(call_with(token), keyed[0])
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 2)
    issuer.is_away = False
    await authenticators.require_user(call_with(token), keyed[0])
