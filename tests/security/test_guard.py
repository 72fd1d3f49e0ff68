"""What the guard lets out: a corpus of hostile addresses, and a site that does its worst."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import quote

import pytest

from shared.errors import InvalidError
from shared.guard.addresses import Address, is_public
from shared.guard.fetching import Guard
from tests.stranger import ADDRESS, HOST, Site, answering

ODD = [
    "",
    "http://pictures.example/a.png",
    "ftp://pictures.example/a.png",
    "file:///etc/passwd",
    "gopher://pictures.example/_x",
    "data:image/png;base64,AAAA",
    "https:///a.png",
    "https://",
    "https:pictures.example",
    "//pictures.example/a.png",
    "https://localhost/",
    "https://metadata/computeMetadata/v1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://user@pictures.example/",
    "https://user:password@pictures.example/",
    "https://pictures.example@127.0.0.1/",
    "https://pictures.example\\@127.0.0.1/",
    "https://pictures.example\\.inside.example/",
    "https://pictures.example:80/",
    "https://pictures.example:8443/",
    "https://pictures.example:22/",
    "https://pictures.example:99999/",
    "https://pictures.example:/",
    "https://pictures.example:0443/",
    "https://pictures.example/a b.png",
    "https://pictures.example/a\r\nhost: inside",
    "https://pictures.example/\x00",
    "https://pictures.example/\u00e9.png",
    "https://p\u0131ctures.example/",
    "https://pictures\u3002example/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://pictures%2eexample/",
    "https://127.0.0.1%2f.pictures.example/",
    "https://.pictures.example/",
    "https://pictures..example/",
    "https://pictures.example./",
    "https://-pictures.example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    "https://pictures.example/" + "a" * 5000,
    " https://pictures.example/",
    "https://pictures.example/\n",
]
"""Refused as they are read: nobody is asked for their hosts."""

INSIDE = [
    "0.0.0.0",  # noqa: S104 - hostile, and refused
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
"""Where a name of a stranger's may point."""

BASE = f"https://{HOST}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("stranger"))
    yield site
    site.close()


@pytest.fixture
def site(served: Site) -> Site:
    served.asked.clear()
    served.dialled.clear()
    return served


class Names:
    """A resolver that answers in turn, and is counted."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(answer)]


async def refusal(site: Site, url: str, guard: Guard | None = None) -> str | None:
    """The sentence with which an address is refused; None where it is let through."""
    try:
        await (guard or site.guard()).fetch(url)
    except InvalidError as problem:
        return problem.sentence
    return None


async def test_no_hostile_address_is_ever_dialled(site: Site) -> None:
    names = Names(ADDRESS)
    let_through = [url for url in ODD if await refusal(site, url, site.guard(names)) is None]
    for address in INSIDE:
        for answers in ([address], [ADDRESS, address]):
            sentence = await refusal(site, f"{BASE}/picture", site.guard(answering(*answers)))
            if sentence != "This address is refused: its host is not a public one.":
                let_through.append(address)

    tried = len(ODD) + 2 * len(INSIDE)
    print(f"tried {tried}, let through {len(let_through)}")  # noqa: T201 - the count is the proof
    assert let_through == []
    assert len({*ODD, *INSIDE}) >= 100
    assert names.asked == []
    assert site.dialled == []


def test_public_addresses_are_public() -> None:
    for address in (ADDRESS, "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"):
        assert is_public(ip_address(address))


async def test_an_unknown_host_is_refused_like_one_inside(site: Site) -> None:
    async def unknown(_: str) -> Sequence[Address]:
        raise OSError

    sentence = "This address is refused: its host is not a public one."
    assert await refusal(site, BASE, site.guard(unknown)) == sentence
    assert await refusal(site, BASE, site.guard(answering("10.0.0.1"))) == sentence


@pytest.mark.parametrize(
    "url", [f"{BASE}/picture", f"{BASE}:443/picture#x", f"HTTPS://{HOST.upper()}/picture?a=b@c"]
)
async def test_a_picture_is_fetched_by_its_hosts_name_from_a_checked_address(
    site: Site, url: str
) -> None:
    assert await site.guard().fetch(url) == site.content
    assert site.dialled == [f"{ADDRESS}:443"]
    assert site.asked[0].startswith(f"{HOST}/picture")


async def test_a_name_that_answers_differently_later_changes_nothing(site: Site) -> None:
    names = Names(ADDRESS, "127.0.0.1")
    assert await site.guard(names).fetch(f"{BASE}/picture") == site.content
    assert (names.asked, site.dialled) == ([HOST], [f"{ADDRESS}:443"])


async def test_a_name_that_turns_inside_between_redirects_is_refused(site: Site) -> None:
    url = f"{BASE}/redirect?to=/picture"
    assert await site.guard().fetch(url) == site.content
    site.dialled.clear()
    assert await refusal(site, url, site.guard(Names(ADDRESS, "127.0.0.1")))
    assert site.dialled == [f"{ADDRESS}:443"]


@pytest.mark.parametrize(
    "target",
    [
        "http://pictures.example/picture",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "//10.0.0.1/",
        "https://user@pictures.example/",
        "https://pictures.example:8080/",
        "file:///etc/passwd",
        "https://[",
        "https://\u00e9.example/",
    ],
)
async def test_a_redirect_is_checked_like_any_address(site: Site, target: str) -> None:
    assert await refusal(site, f"{BASE}/redirect?to={quote(target)}")
    assert site.dialled == [f"{ADDRESS}:443"]


async def test_three_redirects_are_followed_and_no_fourth(site: Site) -> None:
    url = "/picture"
    for _ in range(3):
        url = f"/redirect?to={quote(url)}"
    assert await site.guard().fetch(BASE + url) == site.content
    assert await refusal(site, f"{BASE}/redirect?to={quote(url)}")
    assert await refusal(site, f"{BASE}/redirect?to=")


@pytest.mark.parametrize("path", ["drip", "headers", "silent"])
async def test_ten_seconds_are_all_there_is_however_they_are_spent(site: Site, path: str) -> None:
    sentence = await refusal(site, f"{BASE}/{path}", site.guard(most_seconds=0.4))
    assert sentence == "This address is refused: it took longer than 0.4 seconds."


async def test_more_than_10_mb_is_refused_as_it_arrives(site: Site) -> None:
    assert "it holds more than 10485760 bytes" in str(await refusal(site, f"{BASE}/large"))
    site.content = bytes(1000)
    assert await site.guard(most_bytes=1000).fetch(f"{BASE}/picture") == site.content
    assert await refusal(site, f"{BASE}/picture", site.guard(most_bytes=999))


async def test_an_encoding_that_was_not_asked_for_is_never_decoded(site: Site) -> None:
    assert "in an encoding" in str(await refusal(site, f"{BASE}/gzip"))


async def test_a_host_is_known_by_its_certificate(site: Site) -> None:
    assert await refusal(site, "https://others.example/picture")
    assert site.asked == []


@pytest.mark.parametrize("path", ["missing", "nonsense"])
async def test_what_is_no_good_answer_is_refused(site: Site, path: str) -> None:
    assert await refusal(site, f"{BASE}/{path}")


async def test_the_next_address_is_tried_where_one_does_not_answer(site: Site) -> None:
    names = answering("93.184.216.35", ADDRESS)
    assert await site.guard(names).fetch(f"{BASE}/picture") == site.content
    assert site.dialled == ["93.184.216.35:443", f"{ADDRESS}:443"]
