"""Rate limits: of many simultaneous requests exactly the limit passes, however they vary."""

import asyncio
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from infra.local.config import tokens
from tests.security.tally import Corpora, Tally
from tests.support import rate_buckets
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem
from tests.support.second_gateway import SecondGateway

AT_ONCE = 200
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Kind:
    """A rate limit, its designed number, and an endpoint that it counts."""

    name: str
    per_minute: int
    function: str


KINDS = [
    Kind("JOBS", 10, "queue-job"),
    Kind("PROMPTS", 30, "enhance-prompt"),
    Kind("REQUESTS", 120, "workspace-actions"),
]


@pytest.fixture(scope="module")
def limited(bare: LocalSystem) -> Iterator[SecondGateway]:
    """A second gateway with the designed rate limits."""
    limits = {f"RATE_LIMIT_{kind.name}_PER_MINUTE": str(kind.per_minute) for kind in KINDS}
    revision = SecondGateway(bare, **limits)
    yield revision.up()
    revision.end()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
async def test_of_many_at_once_the_buckets_number_passes(
    limited: SecondGateway, corpora: Corpora, tally: Tally, kind: Kind
) -> None:
    user = str(uuid4())
    chance = corpora.chance(f"rates {kind.name}")
    crowd = AT_ONCE if kind.name == "JOBS" else corpora.size(AT_ONCE, short=kind.per_minute + 10)
    rate_buckets.fill(limited, user, **{kind.name.lower(): kind.per_minute})
    # Invalid JSON is refused after the limit is checked: a 400 means that a token was available.
    answers = await _at_once([_disguised(kind, user, chance) for _ in range(crowd)], limited)
    for answer in answers:
        tally.answered(f"{kind.name} at once", answer, may={400, 429})
    passed = sum(answer.status_code == 400 for answer in answers)
    assert passed == kind.per_minute
    waits = {int(answer.headers["retry-after"]) for answer in answers if answer.status_code == 429}
    assert waits == {math.ceil(60 / kind.per_minute)}
    assert limited.value("select count(*) from jobs where user_id = %s", user) == 0


async def test_a_crowd_has_a_bucket_each(limited: SecondGateway, tally: Tally) -> None:
    kind = KINDS[0]
    users = [str(uuid4()) for _ in range(5)]
    chance = random.Random(0)
    headers = [_disguised(kind, user, chance) for user in users for _ in range(kind.per_minute)]
    for answer in await _at_once(headers, limited):
        tally.answered("within the limit", answer, may={400})


def _disguised(kind: Kind, user: str, chance: random.Random) -> tuple[str, dict[str, str]]:
    """Return a request of the user's with a random address, token and spelling of the id."""
    user_id = user.upper() if chance.random() < 0.5 else user
    token = tokens.user_token(user_id, expires_in=chance.randrange(600, 6000))
    address = chance.choice(["10.0.0.1", "192.0.2.7", "2001:db8::1"])
    disguises: list[dict[str, str]] = [
        {"x-forwarded-for": address},
        {"x-client-info": address, "x-real-ip": address},
        {"idempotency-key": uuid4().hex},
        {"apikey": tokens.anon_token()},
    ]
    path = f"/functions/v1/{kind.function}" + chance.choice(["", "/", "/x", "?user=other"])
    return path, {"authorization": f"Bearer {token}", **chance.choice(disguises)}


async def _at_once(
    requests: list[tuple[str, dict[str, str]]], system: LocalSystem
) -> list[httpx.Response]:
    async with httpx.AsyncClient(
        base_url=system.base,
        trust_env=False,
        verify=False,  # noqa: S501 - loopback
        timeout=TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=AT_ONCE),
    ) as http:

        async def ask(path: str, headers: dict[str, str]) -> httpx.Response:
            while True:
                answer = await http.post(path, content=b"{", headers=JSON | headers)
                if answer.status_code != 503 or answer.json()["code"] != "unavailable":
                    return answer
                # A slow machine got no connection in time, and used no token.

        return await asyncio.gather(*(ask(path, headers) for path, headers in requests))
