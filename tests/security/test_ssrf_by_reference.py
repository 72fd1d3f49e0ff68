"""SSRF by reference: alternative spellings, redirects, rebinding and slow responses.

The fetcher is tested against a hostile site and a resolver of the test's own; the same URLs also go
through queue-job.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import quote

import httpx
import pytest

from shared.clients.public_addresses import Address, is_public
from tests.security import concurrency, hostile_addresses
from tests.security.external_sites import BASE, Names, refusal
from tests.security.tally import Corpora, Tally
from tests.support.external_site import ADDRESS, HOST, ExternalSite, answering
from tests.support.local_system import LocalSystem, UserClient

REDIRECTS = [
    *("http://pictures.example/picture", "https://127.0.0.1/", "https://[::1]/", "//10.0.0.1/"),
    *("https://user@pictures.example/", "https://pictures.example:8080/", "file:///etc/passwd"),
    *(
        "https://[",
        "https://\u00e9.example/",
        "https://169.254.169.254/",
        "ftp://pictures.example/",
    ),
]


async def test_no_hostile_address_is_ever_dialled(site: ExternalSite, tally: Tally) -> None:
    names = Names(ADDRESS)
    for url in hostile_addresses.spelt():
        message = await refusal(site, url, site.guard(names))
        tally.refused(url[:200], is_refused=message is not None)
    assert names.requested == []
    assert site.dialled == []


async def test_no_name_that_points_inside_is_dialled(
    site: ExternalSite, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("pointing")
    for address in hostile_addresses.pointing(chance, corpora.size(300, short=80)):
        for answers in ([address], [ADDRESS, address], [address, ADDRESS]):
            message = await refusal(site, f"{BASE}/picture", site.guard(answering(*answers)))
            is_refused = message == "This URL is not allowed: its host is not public."
            tally.refused(f"{answers}", is_refused=is_refused)
    assert site.dialled == []


async def test_no_redirect_leads_inside(site: ExternalSite, corpora: Corpora, tally: Tally) -> None:
    targets = [*hostile_addresses.spelt(), *REDIRECTS]
    for target in corpora.some(targets, short=40):
        message = await refusal(site, f"{BASE}/redirect?to={quote(target)}")
        is_fetched = message is None
        dialled = [one for one in site.dialled if one != f"{ADDRESS}:443"]
        tally.refused(f"redirect to {target[:200]}", is_refused=not (is_fetched or dialled))


async def test_no_rebinding_leads_inside(
    site: ExternalSite, corpora: Corpora, tally: Tally
) -> None:
    """A name that resolves to a public address when checked, and to another when resolved again."""
    chance = corpora.chance("rebinding")
    for address in hostile_addresses.pointing(chance, corpora.size(100, short=52)):
        for url in (f"{BASE}/picture", f"{BASE}/redirect?to=/picture"):
            site.dialled.clear()
            await refusal(site, url, site.guard(Names(ADDRESS, address)))
            dialled = {one for one in site.dialled if one != f"{ADDRESS}:443"}
            tally.refused(f"rebinding to {address}", is_refused=not dialled)


FIELDS = ("referenceImageUrl", "startReferenceImageUrl", "endReferenceImageUrl")


def test_no_hostile_reference_makes_a_job(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    addresses = [one for one in hostile_addresses.spelt() if "://" in one]

    def send(client: httpx.Client, url: str) -> None:
        field = FIELDS[len(url) % 3]
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}, field: url}
        headers = {"authorization": f"Bearer {person.token}"}
        answer = client.post(f"{bare.base}/functions/v1/queue-job", headers=headers, json=body)
        tally.answered(url[:200], answer, {422})

    concurrency.each(corpora.some(addresses, short=60), send)
    assert person.rows("jobs") == []
    assert "reserve" not in person.ledger()


def test_public_addresses_are_public() -> None:
    for address in (ADDRESS, "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"):
        assert is_public(ip_address(address))


async def test_an_unknown_host_is_refused_like_one_inside(site: ExternalSite) -> None:
    async def unknown(_: str) -> Sequence[Address]:
        raise OSError

    message = "This URL is not allowed: its host is not public."
    assert await refusal(site, BASE, site.guard(unknown)) == message
    assert await refusal(site, BASE, site.guard(answering("10.0.0.1"))) == message


@pytest.mark.parametrize(
    "url", [f"{BASE}/picture", f"{BASE}:443/picture#x", f"HTTPS://{HOST.upper()}/picture?a=b@c"]
)
async def test_a_picture_is_fetched_by_its_hosts_name_from_a_checked_address(
    site: ExternalSite, url: str
) -> None:
    assert await site.guard().fetch_image(url) == site.content
    assert site.dialled == [f"{ADDRESS}:443"]
    assert site.requested[0].startswith(f"{HOST}/picture")


async def test_a_name_that_answers_differently_later_changes_nothing(site: ExternalSite) -> None:
    names = Names(ADDRESS, "127.0.0.1")
    assert await site.guard(names).fetch_image(f"{BASE}/picture") == site.content
    assert (names.requested, site.dialled) == ([HOST], [f"{ADDRESS}:443"])


async def test_a_name_that_turns_inside_between_redirects_is_refused(site: ExternalSite) -> None:
    url = f"{BASE}/redirect?to=/picture"
    assert await site.guard().fetch_image(url) == site.content
    site.dialled.clear()
    assert await refusal(site, url, site.guard(Names(ADDRESS, "127.0.0.1")))
    assert site.dialled == [f"{ADDRESS}:443"]
