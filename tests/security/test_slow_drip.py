"""Slow and endless responses: limits on time, size and redirects."""

from urllib.parse import quote

import pytest

from shared.clients.safe_fetch import MAX_SECONDS
from tests.security.external_sites import BASE, refusal
from tests.security.tally import Tally
from tests.support.external_site import ADDRESS, ExternalSite, answering


async def test_three_redirects_are_followed_and_no_fourth(site: ExternalSite) -> None:
    url = "/picture"
    for _ in range(3):
        url = f"/redirect?to={quote(url)}"
    assert await site.guard().fetch_image(BASE + url) == site.content
    assert await refusal(site, f"{BASE}/redirect?to={quote(url)}")
    assert await refusal(site, f"{BASE}/redirect?to=")


@pytest.mark.parametrize("path", ["drip", "headers", "silent"])
async def test_ten_seconds_are_all_there_is_however_they_are_spent(
    site: ExternalSite, tally: Tally, path: str
) -> None:
    assert MAX_SECONDS == 10
    # None of them ends by itself, so only the fetcher's limits end it.
    message = await refusal(site, f"{BASE}/{path}", site.guard(max_seconds=0.4))
    expected = "This URL is not allowed: it took longer than 0.4 seconds."
    tally.refused(path, is_refused=message == expected)


async def test_more_than_10_mb_is_refused_as_it_arrives(site: ExternalSite) -> None:
    assert "the response is larger than 10485760 bytes" in str(await refusal(site, f"{BASE}/large"))
    site.content = bytes(1000)
    assert await site.guard(max_bytes=1000).fetch_image(f"{BASE}/picture") == site.content
    assert await refusal(site, f"{BASE}/picture", site.guard(max_bytes=999))


async def test_an_unrequested_encoding_is_never_decoded(site: ExternalSite) -> None:
    assert "unsupported content encoding" in str(await refusal(site, f"{BASE}/gzip"))


async def test_a_host_is_known_by_its_certificate(site: ExternalSite) -> None:
    assert await refusal(site, "https://others.example/picture")
    assert site.requested == []


@pytest.mark.parametrize("path", ["missing", "nonsense"])
async def test_what_is_no_good_answer_is_refused(site: ExternalSite, path: str) -> None:
    assert await refusal(site, f"{BASE}/{path}")


async def test_the_next_address_is_tried_where_one_does_not_answer(site: ExternalSite) -> None:
    names = answering("93.184.216.35", ADDRESS)
    assert await site.guard(names).fetch_image(f"{BASE}/picture") == site.content
    assert site.dialled == ["93.184.216.35:443", f"{ADDRESS}:443"]
