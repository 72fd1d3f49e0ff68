"""storage: uploads that are refused, by path and by content."""

from uuid import uuid4

import pytest

from shared.storage import user_uploads
from tests.integration.storage.uploads import (
    BLUE,
    HTML,
    RED,
    SVG,
    colour_of,
    own,
    picture,
    refused,
    send,
    stored,
)
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker


def test_no_user_writes_into_the_folder_of_another(bare: LocalSystem, person: UserClient) -> None:
    other_user = UserClient(bare)
    assert send(person, own(person)).status_code == 200
    before = stored(bare, person)
    places = [
        own(person),
        own(person, "new.png"),
        f"workspace-temp/{person.id}",
        "workspace-temp/new.png",
        f"workspace-temp/{other_user.id}0/new.png",
        f"workspace-temp/{other_user.id.upper()}/new.png",
        f"user-library/{other_user.id}/new.png",
        f"user-library/{other_user.id}/{uuid4()}.png",
    ]
    for place in places:
        for method in ("POST", "PUT"):
            answer = send(other_user, place, BLUE, method, **{"x-upsert": "true"})
            refused(answer, 403, "Unauthorized")
        signed = send(other_user, f"upload/sign/{place}", b"", **{"x-upsert": "true"})
        refused(signed, 403, "Unauthorized")
    assert stored(bare, person) == before
    assert stored(bare, other_user) == set()
    assert colour_of(person.fetch(f"{person.id}/uploads/cat.png")) == (255, 0, 0)


def test_an_upload_takes_no_jobs_nor_copys_place(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job = person.create_job()
    hand_worker.finish(job)
    path = str(person.asset(job)["temp_storage_path"])
    before = stored(bare, person)
    folders = [job, job.upper(), job.replace("-", ""), str(uuid4()), "library", "Library "]
    names = [path.removeprefix(f"{person.id}/"), *(f"{folder}/x.png" for folder in folders)]
    for name in names:
        for method in ("POST", "PUT"):
            answer = send(person, own(person, name), RED, method, **{"x-upsert": "true"})
            refused(answer, 403, "Unauthorized")
    assert stored(bare, person) == before
    assert person.fetch(path) == PICTURE


@pytest.mark.parametrize(
    "name",
    [
        "a%2F%2Fb.png",
        "a%2F..%2Fb.png",
        "..%2F{other}%2Fb.png",
        "%2e%2e%2fb.png",
        "%252e%252e/b.png",
        "a%00b.png",
        "a%5Cb.png",
        "caf%C3%A9.png",
        "b.png%2F",
        "a" * 1100,
    ],
)
def test_a_name_that_can_be_no_objects_is_refused(
    bare: LocalSystem, person: UserClient, name: str
) -> None:
    other = UserClient(bare)
    answer = send(person, own(person, name.format(other=other.id)))
    assert answer.status_code in {400, 403}, answer.text
    assert (answer.json()["statusCode"], answer.json()["error"]) in {
        ("400", "InvalidKey"),
        ("403", "Unauthorized"),
    }
    assert stored(bare, person) | stored(bare, other) == set()


@pytest.mark.parametrize(
    "content",
    [b"", SVG, HTML, b"GIF89a" + RED[6:], RED[:40], b"%PDF-1.7", picture("GIF"), picture("BMP")],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(
    bare: LocalSystem, person: UserClient, content: bytes
) -> None:
    for media_type in ("image/png", "image/svg+xml", "text/html"):
        answer = send(person, own(person), content, **{"content-type": media_type})
        assert refused(answer, 415, "invalid_mime_type")
    assert stored(bare, person) == set()


def test_ten_mebibytes_are_the_most(bare: LocalSystem, person: UserClient) -> None:
    padded = RED + bytes(user_uploads.MAX_BYTES - len(RED))
    assert send(person, own(person), padded).status_code == 200
    more = padded + b"x"
    refused(send(person, own(person, "b.png"), more), 413, "Payload too large")
    form = web.post(
        f"{bare.base}/storage/v1/object/{own(person, 'b.png')}",
        headers={"authorization": f"Bearer {person.token}"},
        files={"": ("blob", more, "image/png")},
    )
    refused(form, 413, "Payload too large")
    listed = person.invoke("storage/object/list/workspace-temp", {"prefix": "x" * 1_100_000})
    refused(listed, 413, "Payload too large")
    assert stored(bare, person) == {own(person)}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        b"--B\r\n\r\nx\r\n--B--\r\n",
        b'--B\r\nContent-Disposition: form-data; name="cacheControl"\r\n\r\n3600\r\n--B--\r\n',
        b'--B\r\nContent-Disposition: form-data; name=""; filename="a"\r\n\r\nx',
        b'--B\r\nContent-Disposition: form-data; name=""; filename="a"\r\n\r\n--B--\r\n' * 2,
    ],
)
def test_a_form_without_one_file_is_refused(person: UserClient, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=B"}
    answer = send(person, own(person), body, **headers)
    assert answer.status_code in {415, 422}, answer.text
    no_boundary = send(person, own(person), body, **{"content-type": "multipart/form-data"})
    assert no_boundary.status_code == 422, no_boundary.text
