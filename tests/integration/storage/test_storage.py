"""storage: signed URLs, and who may create them."""

import time
from uuid import uuid4

import httpx
import jwt
import pytest

from infra.local.config import keys, tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker


@pytest.fixture
def path(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The path of a picture of the user."""
    job_id = person.create_job()
    hand_worker.finish(job_id)
    return str(person.asset(job_id)["temp_storage_path"])


def _get(system: LocalSystem, address: str, **headers: str) -> httpx.Response:
    url = f"{system.base}/storage/v1{address}"
    return web.get(url, headers=headers, follow_redirects=True)


def test_a_signed_url_serves_the_object_to_any_holder(
    bare: LocalSystem, person: UserClient, path: str
) -> None:
    signed = person.sign(path).json()
    assert signed.keys() == {"signedURL"}
    assert signed["signedURL"].startswith(f"/object/sign/workspace-temp/{path}?token=")
    assert _get(bare, signed["signedURL"]).content == PICTURE


def test_a_web_page_of_any_origin_may_read_what_it_has_the_address_of(
    bare: LocalSystem, person: UserClient, path: str
) -> None:
    signed = person.sign(path).json()["signedURL"]
    origin = {"origin": "https://app.example.com"}
    redirect = web.get(f"{bare.base}/storage/v1{signed}", headers=origin)
    assert redirect.headers["access-control-allow-origin"] == "*"
    # After a redirect to another origin, a browser sends the origin null.
    answer = web.get(redirect.headers["location"], headers={"origin": "null"})
    assert answer.headers["access-control-allow-origin"] in {"*", "null"}


def test_the_owner_downloads_with_their_token(
    bare: LocalSystem, person: UserClient, path: str
) -> None:
    bearer = f"Bearer {person.token}"
    for kind in ("object", "object/authenticated"):
        answer = web.get(
            f"{bare.base}/storage/v1/{kind}/workspace-temp/{path}",
            headers={"authorization": bearer},
        )
        assert answer.status_code == 302
        assert web.get(answer.headers["location"]).content == PICTURE


def test_head_answers_with_the_size(bare: LocalSystem, person: UserClient, path: str) -> None:
    signed = person.sign(path).json()["signedURL"]
    answer = web.head(f"{bare.base}/storage/v1{signed}", follow_redirects=True)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(PICTURE)


def test_another_users_object_is_404_like_a_missing_one(
    bare: LocalSystem, person: UserClient, path: str
) -> None:
    other_user = UserClient(bare)
    nowhere = f"{other_user.id}/{uuid4()}/{uuid4()}-0.png"
    answers = [other_user.sign(path), other_user.sign(nowhere), person.sign(path, "user-library")]
    answers.append(other_user.get(f"/storage/v1/object/workspace-temp/{path}"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    assert _get(bare, f"/object/workspace-temp/{path}", **anon).status_code == 404


def test_no_signed_url_without_a_token(bare: LocalSystem, path: str) -> None:
    url = f"{bare.base}/storage/v1/object/sign/workspace-temp/{path}"
    assert web.post(url, json={"expiresIn": 60}).status_code == 401
    assert _get(bare, f"/object/workspace-temp/{path}").status_code == 401


@pytest.mark.parametrize(
    "how", ["none", "changed", "other path", "expired", "other secret", "user token", "no alg"]
)
def test_an_address_that_we_did_not_sign_is_401(
    bare: LocalSystem, person: UserClient, path: str, how: str
) -> None:
    secret = keys.secret("url-token-secret")
    now = int(time.time())
    claims = {"url": f"workspace-temp/{path}", "aud": "storage", "exp": now + 60}
    good = jwt.encode(claims, secret)
    token = {
        "none": "",
        "changed": good[:-2] + ("aa" if good[-2:] != "aa" else "bb"),
        "other path": jwt.encode({**claims, "url": "workspace-temp/x"}, secret),
        "expired": jwt.encode({**claims, "exp": now - 1}, secret),
        "other secret": jwt.encode(claims, "x" * 64),
        "user token": person.token,
        "no alg": jwt.encode(claims, "", algorithm="none"),
    }[how]
    assert _get(bare, f"/object/sign/workspace-temp/{path}?token={good}").content == PICTURE
    answer = _get(bare, f"/object/sign/workspace-temp/{path}?token={token}")
    assert answer.status_code == 401


@pytest.mark.parametrize("seconds", [0, -1, 604_801, "x", None])
def test_a_bad_lifetime_is_422(person: UserClient, path: str, seconds: object) -> None:
    answer = person.invoke(f"storage/object/sign/workspace-temp/{path}", {"expiresIn": seconds})
    assert (answer.status_code, answer.json()["statusCode"]) == (422, "422")
    assert "expiresIn" in answer.json()["message"]


@pytest.mark.parametrize(
    "address",
    [
        "/object/sign/secrets/x?token=x",
        "/object/workspace-temp/",
        "/object/workspace-temp/../../etc/passwd",
        "/object/workspace-temp/%2e%2e/%2e%2e/etc/passwd",
        "/object/workspace-temp/a%00b",
        "/bucket",
        "/",
    ],
)
def test_odd_addresses_are_404(bare: LocalSystem, person: UserClient, address: str) -> None:
    answer = _get(bare, address, authorization=f"Bearer {person.token}")
    assert answer.status_code == 404, answer.text
