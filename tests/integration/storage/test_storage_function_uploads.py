"""storage: uploads, their signed URLs and their use as references."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import jwt
import pytest
from PIL import Image

from infra.local.config import keys
from tests.integration.storage.uploads import (
    BLUE,
    HTML,
    RED,
    colour_of,
    own,
    picture,
    refused,
    send,
    stored,
)
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


def test_a_picture_is_kept_in_ones_own_folder_and_fetched_again(
    bare: LocalSystem, person: UserClient
) -> None:
    answer = send(person, own(person))
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"Id", "Key"}
    assert answer.json()["Key"] == own(person)
    assert stored(bare, person) == {own(person)}
    fetched = person.get(f"/storage/v1/object/{own(person)}")
    assert fetched.headers["content-type"] == "image/png"
    assert colour_of(fetched.content) == (255, 0, 0)
    assert colour_of(person.fetch(f"{person.id}/uploads/cat.png")) == (255, 0, 0)


@pytest.mark.parametrize("name", ["", "file"])
def test_a_forms_one_file_is_taken(bare: LocalSystem, person: UserClient, name: str) -> None:
    answer = web.post(
        f"{bare.base}/storage/v1/object/{own(person)}",
        headers={"authorization": f"Bearer {person.token}"},
        data={"cacheControl": "3600", "metadata": "{}"},
        files={name: ("blob", BLUE, "application/pdf")},
    )
    assert answer.status_code == 200, answer.text
    assert colour_of(person.fetch(f"{person.id}/uploads/cat.png")) == (0, 0, 255)


@pytest.mark.parametrize("name", ["cat.png", "uploads/a b (1)!'&$@=;:+,-_.webp"])
def test_a_client_chooses_the_name(person: UserClient, name: str) -> None:
    assert send(person, own(person, name)).json()["Key"] == own(person, name)
    assert colour_of(person.fetch(f"{person.id}/{name}")) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_only_the_pixels_are_kept(person: UserClient, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    sent = picture(kind, exif=exif) + HTML
    assert send(person, own(person), sent).status_code == 200
    kept = person.fetch(f"{person.id}/uploads/cat.png")
    assert b"taken at home" not in kept
    assert b"script" not in kept
    assert colour_of(kept)


def test_an_existing_object_is_replaced_only_on_request(person: UserClient) -> None:
    assert send(person, own(person)).status_code == 200
    again = send(person, own(person), BLUE)
    assert refused(again, 409, "Duplicate") == "The resource already exists"
    refused(send(person, f"upload/sign/{own(person)}", b""), 409, "Duplicate")
    path = f"{person.id}/uploads/cat.png"
    assert colour_of(person.fetch(path)) == (255, 0, 0)
    assert send(person, own(person), BLUE, **{"x-upsert": "true"}).status_code == 200
    assert colour_of(person.fetch(path)) == (0, 0, 255)
    assert send(person, own(person), RED, "PUT").status_code == 200
    assert colour_of(person.fetch(path)) == (255, 0, 0)


def test_the_holder_of_an_upload_url_may_upload_that_picture(
    bare: LocalSystem, person: UserClient
) -> None:
    signed = send(person, f"upload/sign/{own(person)}", b"").json()
    assert signed["url"] == f"/object/upload/sign/{own(person)}?token={signed['token']}"
    url = f"{bare.base}/storage/v1{signed['url']}"
    assert web.put(url, content=BLUE).json()["Key"] == own(person)
    assert colour_of(person.fetch(f"{person.id}/uploads/cat.png")) == (0, 0, 255)
    refused(web.put(url, content=RED), 409, "Duplicate")

    token = signed["token"]
    for other in ("uploads/dog.png", f"{uuid4()}/x.png"):
        place = f"{bare.base}/storage/v1/object/upload/sign/{own(person, other)}"
        refused(web.put(f"{place}?token={token}", content=RED), 401, "Unauthorized")
        refused(web.put(place, content=RED), 401, "Unauthorized")
    read = f"{bare.base}/storage/v1/object/sign/{own(person)}"
    refused(web.get(f"{read}?token={token}"), 401, "Unauthorized")
    to_read = person.sign(f"{person.id}/uploads/cat.png").json()["signedURL"].partition("=")[2]
    refused(web.put(url.replace(token, to_read), content=RED), 401, "Unauthorized")


@pytest.mark.parametrize("how", ["good", "expired", "other secret", "no owner", "reads", "no alg"])
def test_an_uploads_address_that_we_did_not_sign_is_401(
    bare: LocalSystem, person: UserClient, how: str
) -> None:
    secret, soon = keys.secret("url-token-secret"), int(time.time()) + 60
    owner = {"owner": person.id, "upsert": False}
    claims = {"url": own(person), "aud": "storage-upload", "exp": soon, **owner}
    token = {
        "good": jwt.encode(claims, secret),
        "expired": jwt.encode({**claims, "exp": soon - 61}, secret),
        "other secret": jwt.encode(claims, "x" * 64),
        "no owner": jwt.encode({**claims, "owner": None}, secret),
        "reads": jwt.encode({**claims, "aud": "storage"}, secret),
        "no alg": jwt.encode(claims, "", algorithm="none"),
    }[how]
    url = f"{bare.base}/storage/v1/object/upload/sign/{own(person)}"
    answer = web.put(url, params={"token": token}, content=RED)
    assert answer.status_code == (200 if how == "good" else 401), answer.text
    assert len(stored(bare, person)) == (1 if how == "good" else 0)


def test_of_several_uploads_to_one_place_at_once_one_is_kept(person: UserClient) -> None:
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: send(person, own(person)).status_code, range(5)))
    assert sorted(answers) == [200, 409, 409, 409, 409]


def test_a_replacing_address_replaces(bare: LocalSystem, person: UserClient) -> None:
    assert send(person, own(person)).status_code == 200
    signed = send(person, f"upload/sign/{own(person)}", b"", **{"x-upsert": "true"}).json()
    assert web.put(f"{bare.base}/storage/v1{signed['url']}", content=BLUE).status_code == 200
    assert colour_of(person.fetch(f"{person.id}/uploads/cat.png")) == (0, 0, 255)


def test_an_upload_is_its_owners_alone(bare: LocalSystem, person: UserClient) -> None:
    assert send(person, own(person)).status_code == 200
    other_user = UserClient(bare)
    for kind in ("", "authenticated/", "info/", "public/"):
        answer = other_user.get(f"/storage/v1/object/{kind}{own(person)}")
        assert refused(answer, 404, "not_found") == "Object not found"
    refused(other_user.sign(f"{person.id}/uploads/cat.png"), 404, "not_found")
    refused(person.sign(f"{person.id}/uploads/dog.png"), 404, "not_found")


def test_an_upload_is_a_reference(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    assert send(person, own(person, "a b.png")).status_code == 200
    assert send(person, own(person)).status_code == 200
    signed = person.sign(f"{person.id}/uploads/cat.png").json()["signedURL"]
    paths = [f"{person.id}/uploads/cat.png", own(person, "a b.png"), signed]
    for path in paths:
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "like this"}}
        answer = person.invoke("queue-job", {**body, "referenceImageUrl": path})
        assert answer.status_code == 202, answer.text
        _, claim = hand_worker.claimed(answer.json()["job"]["id"])
        (reference,) = claim["references"]
        assert colour_of(web.get(reference["url"]).content) == (255, 0, 0)
    other_user = UserClient(bare)
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "like this"}}
    for path in (paths[0], f"{other_user.id}/uploads/cat.png"):
        answer = other_user.invoke("queue-job", {**body, "referenceImageUrl": path})
        assert answer.status_code == 404, answer.text


def test_a_sweep_leaves_uploads_alone(
    bare: LocalSystem, person: UserClient, sweep: Callable[[], dict[str, int]]
) -> None:
    assert send(person, own(person)).status_code == 200
    job = person.create_job()
    act = {"action": "cancel_job", "jobId": job}
    assert person.invoke("workspace-actions", act).status_code == 200
    bare.rows("update jobs set cleanup_after = now() where id = %s returning id", job)
    assert sweep()["jobs_cleaned"] >= 1
    assert stored(bare, person) == {own(person)}
