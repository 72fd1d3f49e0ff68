"""Signed URLs: expired, altered, for another object or another operation; and none is logged."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from infra.local.config import keys, tokens
from tests.integration.storage.uploads import own, send, stored
from tests.security import concurrency
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import PICTURE, ScriptedWorker

_REFUSED = {400, 401, 403, 404, 405}


@pytest.fixture
def path(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The path of one of the user's objects."""
    job_id = person.create_job()
    hand_worker.finish(job_id)
    return str(person.asset(job_id)["temp_storage_path"])


def _tokens(path: str, other: str, person: UserClient) -> Iterator[tuple[str, str]]:
    secret, now = keys.secret("url-token-secret"), int(time.time())
    good = {"url": f"workspace-temp/{path}", "aud": "storage", "iat": now, "exp": now + 600}
    changes: dict[str, dict[str, Any]] = {
        "past its time": {"exp": now - 1},
        "long past its time": {"exp": 1},
        "for another object": {"url": f"workspace-temp/{other}"},
        "for another bucket": {"url": f"user-library/{path}"},
        "for the folder": {"url": f"workspace-temp/{path.rsplit('/', 1)[0]}"},
        "for a longer path": {"url": f"workspace-temp/{path}x"},
        "for an upload": {"aud": "storage-upload"},
        "for both": {"aud": ["storage", "storage-upload"]},
        "for anything": {"url": "*"},
        "of no object": {"url": ["workspace-temp", path]},
        "with an odd end": {"exp": "never"},
        "from the future": {"nbf": now + 600},
    }
    for name, change in changes.items():
        yield name, jwt.encode({**good, **change}, secret, algorithm="HS256")
    for gone in ("exp", "aud", "url"):
        left = {name: value for name, value in good.items() if name != gone}
        yield f"without {gone}", jwt.encode(left, secret, algorithm="HS256")
    good_token = jwt.encode(good, secret, algorithm="HS256")
    yield "by another secret", jwt.encode(good, "x" * 32, algorithm="HS256")
    yield "by the users' secret", jwt.encode(good, tokens.secret(), algorithm="HS256")
    yield "by another algorithm", jwt.encode(good, secret, algorithm="HS512")
    yield "by none", jwt.encode(good, "", algorithm="none")
    yield "cut", good_token[:-5]
    yield "without its signature", good_token.rsplit(".", 1)[0] + "."
    yield "a user's", person.token
    yield "nothing", ""
    yield "nonsense", "x.y.z"


def test_no_other_token_fetches_it(
    bare: LocalSystem, person: UserClient, path: str, corpora: Corpora, tally: Tally
) -> None:
    other = f"{UserClient(bare).id}/{path.split('/', 1)[1]}"
    attempts = list(_tokens(path, other, person)) * corpora.size(10, short=1)
    base = f"{bare.base}/storage/v1/object"

    def fetch(client: httpx.Client, one: tuple[str, str]) -> None:
        for method, url in (
            ("GET", f"{base}/sign/workspace-temp/{path}?token={one[1]}"),
            ("HEAD", f"{base}/sign/workspace-temp/{path}?token={one[1]}"),
            ("PUT", f"{base}/upload/sign/workspace-temp/{path}?token={one[1]}"),
        ):
            content = RED if method == "PUT" else None
            answer = client.request(method, url, content=content, headers={"x-upsert": "true"})
            tally.answered(f"{method} by a token {one[0]}", answer, _REFUSED)

    concurrency.each(attempts, fetch)
    assert person.fetch(path) == PICTURE


def test_an_address_dies_with_its_time(bare: LocalSystem, person: UserClient, tally: Tally) -> None:
    assert send(person, own(person, "a.png")).status_code == 200
    signed = person.sign(f"{person.id}/a.png", seconds=1).json()["signedURL"]
    wait_until(
        lambda: web.get(f"{bare.base}/storage/v1{signed}").status_code != 302,
        what="the address to end",
    )
    answer = web.get(f"{bare.base}/storage/v1{signed}")
    tally.answered("past its time", answer, {401})
    assert answer.json()["error"] == "ExpiredToken"
    for seconds in (0, -1, 10**9, "soon", None, 1.5, [60]):
        answer = person.sign(f"{person.id}/a.png", seconds=seconds)  # type: ignore[arg-type]
        tally.answered(f"for {seconds!r} seconds", answer, {400, 422})


def test_the_buckets_own_address_is_altered_in_no_part(
    bare: LocalSystem, person: UserClient, path: str, corpora: Corpora, tally: Tally
) -> None:
    """The bucket's own URL, which the worker receives and downloads are redirected to."""
    signed = person.sign(path, seconds=3600).json()["signedURL"]
    there = web.get(f"{bare.base}/storage/v1{signed}").headers["location"]
    assert web.get(there).content == PICTURE
    chance, names = corpora.chance("buckets"), list(parse_qs(urlsplit(there).query))
    for _ in range(corpora.size(200, short=40)):
        name = chance.choice(names)
        value = parse_qs(urlsplit(there).query)[name][0]
        place = chance.randrange(len(value))
        other = chance.choice([one for one in "0123456789abcdef" if one != value[place]])
        altered = httpx.URL(there).copy_set_param(name, value[:place] + other + value[place + 1 :])
        tally.answered(f"{name} altered", web.get(altered), {400, 403})
    for name in names:
        without = httpx.URL(there).copy_remove_param(name)
        tally.answered(f"without {name}", web.get(without), {400, 403})
    for method in ("PUT", "DELETE", "POST"):
        answer = web.request(method, there, content=b"x")
        tally.answered(f"{method} by a GET's address", answer, {400, 403, 405})
    elsewhere = there.replace(path, f"{path}x")
    tally.answered("another object", web.get(elsewhere), {400, 403})
    assert person.fetch(path) == PICTURE


def test_no_address_is_in_a_log(
    bare: LocalSystem, person: UserClient, path: str, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    signed = person.sign(path, seconds=3600).json()["signedURL"]
    assert web.get(f"{bare.base}/storage/v1{signed}").status_code == 302
    web.get(f"{bare.base}/storage/v1{signed}x")
    person.invoke("queue-job", {"jobType": "sdxl_image_fast", "referenceImageUrl": signed})
    upload = send(person, f"upload/sign/{own(person)}", b"").json()
    assert web.put(f"{bare.base}/storage/v1{upload['url']}", content=RED).status_code == 200
    other = person.create_job()
    _, claim = hand_worker.claimed(other)
    secrets = {
        "a signed address's token": signed.partition("token=")[2],
        "its signature": signed.rpartition(".")[2],
        "an upload's token": upload["token"],
        "an upload's signature": parse_qs(urlsplit(claim["uploads"][0]["putUrl"]).query)[
            "X-Goog-Signature"
        ][0],
        "a user's token": person.token,
        "a worker's key": hand_worker.key,
        "the secret of tokens": tokens.secret(),
        "the secret of addresses": keys.secret("url-token-secret"),
    }
    logs = [path.read_text(errors="replace") for path in (bare.data / "logs").iterdir()]
    assert logs
    for name, secret in secrets.items():
        tally.refused(f"{name} is logged", is_refused=not any(secret in log for log in logs))
    assert stored(bare, person)
