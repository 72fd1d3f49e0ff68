"""Hostile worker URLs: no holder of a worker's key makes us connect to an internal address."""

import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from infra.local.config import keys
from shared.clients.public_addresses import Address
from shared.contracts import webhook_signature
from shared.errors import InvalidRequestError
from shared.services import Services
from shared.workers import challenge, urls
from tests.security import concurrency, hostile_addresses
from tests.security.external_sites import BASE, Names
from tests.security.running_jobs import signed_callback
from tests.security.tally import Corpora, Tally
from tests.support.external_site import ADDRESS, HOST, ExternalSite, answering
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import ScriptedWorker

_ALLOWED = [f".{HOST.partition('.')[2]}"]
_ODD = [
    *("http://localhost:8000", "http://127.0.0.1", "http://127.0.0.1:80@example.com"),
    *("http://user:password@127.0.0.1:8000", "http://127.0.0.1:8000/path"),
    *("http://127.0.0.1:8000?x=1", "http://127.0.0.1:8000#x", "http://127.0.0.1:99999"),
    *("http://[::1]:8000", "http://[::ffff:127.0.0.1]:8000", "http://0x7f000001:8000"),
    *("http://127.0.0.1:8000\\@example.com", "http://127.0.0.1:8000\r\nhost: x", "http://127.1:80"),
    *("ftp://127.0.0.1:8000", "file:///etc/passwd", "not an address", "http://127.0.0.2:8000"),
    *("http://10.0.0.1:8000", "http://169.254.169.254:80", "http://0.0.0.0:8000", "//127.0.0.1:1"),
    *("http://127.0.0.1:8000 ", "http://\uff11\uff12\uff17.0.0.1:80", "http://2130706433:8000"),
    *("http://example.com:8000", "http://127.0.0.1.example.com:80", "unix:///run/docker.sock"),
]


def test_no_hostile_address_is_registered(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    query = "select json_agg(worker_url order by id)::text from workers"
    before = bare.value(query)
    addresses = _ODD + corpora.some(hostile_addresses.spelt(), short=60)

    def send(client: httpx.Client, url: str) -> None:
        for function in ("update-worker-url", "register-chat-worker"):
            body = {"worker_type": "sdxl", "worker_url": url, "worker_id": "demo"}
            callback = signed_callback(body, hand_worker.key)
            headers = {"content-type": "application/json", **callback.headers}
            address = f"{bare.base}/functions/v1/{function}"
            answer = client.post(address, content=callback.body, headers=headers)
            tally.answered(f"{function}: {url[:200]}", answer, {422})

    concurrency.each(addresses, send)
    tally.refused("an address is recorded", is_refused=bare.value(query) == before)


@pytest.fixture
async def cloud(bare: LocalSystem) -> AsyncIterator[Services]:
    """The functions' services with the cloud's settings."""
    services = Services(bare.settings(local_system=False, worker_hosts=json.dumps(_ALLOWED)))
    yield services
    await services.close()


async def _is_refused(url: str, services: Services, *names: str) -> bool:
    try:
        await urls.validate_worker_url(url, services.settings, answering(*names))
    except InvalidRequestError:
        return True
    return False


async def test_in_the_cloud_only_public_hosts_of_the_list_may_be_workers(
    cloud: Services, corpora: Corpora, tally: Tally
) -> None:
    assert not await _is_refused(BASE, cloud, ADDRESS)
    odd = [*_ODD, *hostile_addresses.spelt(), "http://127.0.0.1:8000", f"http://{HOST}"]
    hosts = [
        *("https://example.com", "https://other.com", "https://evilexample", "https://example"),
        *(
            f"{BASE}.evil.com",
            f"https://evil.com/{HOST}",
            f"https://evil.com#{HOST}",
            f"{BASE}:8443",
        ),
        *(f"https://evil.com@{HOST}", f"{BASE}:443/x", f"{BASE}?x", "https://pictures.example\x00"),
    ]
    for url in [*odd, *hosts]:
        # Their paths do not matter: a worker's URL has none.
        tally.refused(url[:200], is_refused=await _is_refused(url, cloud, ADDRESS))
    for address in hostile_addresses.pointing(corpora.chance("workers"), 200):
        for names in ([address], [ADDRESS, address]):
            tally.refused(f"{names}", is_refused=await _is_refused(BASE, cloud, *names))


async def test_a_worker_whose_name_turns_inside_is_not_connected_to(
    cloud: Services, site: ExternalSite, corpora: Corpora, tally: Tally
) -> None:
    """The name resolves to a public address at the check, but not at the challenge and probes."""
    for address in hostile_addresses.pointing(corpora.chance("turning"), 60):
        names = Names(ADDRESS, address)
        cloud.safe_fetcher = site.guard(names)
        url = await urls.validate_worker_url(BASE, cloud.settings, names)
        with pytest.raises(InvalidRequestError):
            await challenge.verify_worker_url(url, "demo", cloud)
        is_resolved_again = names.requested == [HOST, HOST]
        tally.refused(address, is_refused=is_resolved_again and site.dialled == [])


async def test_a_worker_is_called_at_the_verified_address(
    cloud: Services, site: ExternalSite
) -> None:
    answers: list[str] = []

    async def once(host: str) -> Sequence[Address]:
        answers.append(host)
        return await answering(ADDRESS if len(answers) == 1 else "127.0.0.1")(host)

    cloud.safe_fetcher = site.guard(once)
    site.health = _proving
    assert await challenge.verify_worker_url(BASE, "demo", cloud) >= 0
    assert (answers, site.dialled) == ([HOST], [f"{ADDRESS}:443"])
    site.health = lambda _: b'{"status": "ok", "proof": "another\'s"}'
    cloud.safe_fetcher = site.guard()
    with pytest.raises(InvalidRequestError, match="prove"):
        await challenge.verify_worker_url(BASE, "demo", cloud)


def _proving(challenge: str) -> bytes:
    proof = webhook_signature.challenge_proof(
        keys.worker_key("demo"), worker_id="demo", challenge=challenge
    )
    return json.dumps({"status": "ok", "proof": proof}).encode()
