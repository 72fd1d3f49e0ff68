"""Reference images that are refused: wrong owner or wrong content; nothing is stored."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import jwt
import pytest

from infra.local.config import keys
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.references import accepted, ask, objects_of
from tests.support.scripted_worker import ScriptedWorker


def test_what_is_not_the_callers_is_404(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    refused: Callable[[httpx.Response, int], str],
) -> None:
    other = UserClient(bare)
    job_id = other.create_job()
    hand_worker.finish(job_id, RED)
    path = other.asset(job_id)["temp_storage_path"]
    for reference in (
        path,
        f"workspace-temp/{path}",
        f"user-library/{path}",
        f"{person.id}/../{path}",
        f"{person.id}/{uuid4()}/{uuid4()}-0.png",
        f"workspace-temp/{person.id}/%2e%2e/{path}",
        "secrets/key.json",
        "/etc/passwd",
        "data:image/png;base64,AAAA",
        "",
        "\U0001f600",
    ):
        message = refused(ask(person, referenceImageUrl=reference), 404)
        assert message == "Reference image not found."


def test_a_path_in_the_callers_folder_is_not_enough(
    bare: LocalSystem, person: UserClient, path: str, refused: Callable[[httpx.Response, int], str]
) -> None:
    with bare.database() as connection:
        connection.execute(
            "update workspace_assets set user_id = %s where temp_storage_path = %s",
            (str(uuid4()), path),
        )
    refused(ask(person, referenceImageUrl=path), 404)


def test_another_users_public_picture_is_404_by_its_path(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    refused: Callable[[httpx.Response, int], str],
) -> None:
    other = UserClient(bare)
    job_id = other.create_job()
    hand_worker.finish(job_id, RED)
    save = {"action": "save_to_library", "assetId": other.asset(job_id)["id"]}
    assert other.invoke("workspace-actions", save).status_code == 200
    with bare.database() as connection:
        connection.execute(
            "update user_library set visibility = 'public' where user_id = %s", (other.id,)
        )
    saved = other.rows("user_library", user_id=f"eq.{other.id}")[0]["storage_path"]
    assert person.sign(saved, "user-library").status_code == 200, "it can be seen, and yet"
    refused(ask(person, referenceImageUrl=f"user-library/{saved}"), 404)


def test_an_object_of_ours_that_is_no_picture_is_422(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    first = person.create_job()
    hand_worker.finish(first)
    answer = ask(person, endReferenceImageUrl=person.asset(first)["temp_storage_path"])
    assert answer.status_code == 422
    (detail,) = answer.json()["details"]
    assert detail["field"] == "endReferenceImageUrl"
    assert detail["message"] == "The file is not a complete PNG, JPEG or WebP image."


def test_a_video_of_ours_is_422(bare: LocalSystem, person: UserClient, path: str) -> None:
    with bare.database() as connection:
        film = path.replace(".png", ".mp4")
        connection.execute(
            "update workspace_assets set temp_storage_path = %s where temp_storage_path = %s",
            (film, path),
        )
    answer = ask(person, referenceImageUrl=film)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "a video" in answer.json()["error"]


def test_a_signed_address_that_does_not_hold_is_422(
    bare: LocalSystem, person: UserClient, path: str, refused: Callable[[httpx.Response, int], str]
) -> None:
    base = f"{bare.base}/storage/v1/object/sign/workspace-temp"
    good = person.sign(path).json()["signedURL"].partition("token=")[2]
    claims = jwt.decode(good, options={"verify_signature": False})
    secret = keys.secret("url-token-secret")
    tokens = {
        "none": "",
        "another secret's": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "expired": jwt.encode({**claims, "exp": 1_600_000_000}, secret, algorithm="HS256"),
        "endless": jwt.encode(
            {name: value for name, value in claims.items() if name != "exp"}, secret, "HS256"
        ),
        "a user's": person.token,
        "cut": good[:-4],
    }
    for token in tokens.values():
        refused(ask(person, referenceImageUrl=f"{base}/{path}?token={token}"), 422)
    refused(ask(person, referenceImageUrl=f"{base}/{path}"), 422)
    refused(ask(person, referenceImageUrl=f"{base}/{person.id}/other.png?token={good}"), 422)


def test_a_signed_address_needs_the_objects_row(
    bare: LocalSystem, person: UserClient, path: str
) -> None:
    signed = person.sign(path).json()["signedURL"]
    accepted(ask(person, referenceImageUrl=signed))
    with bare.database() as connection:
        connection.execute("delete from workspace_assets where temp_storage_path = %s", (path,))
    gone = ask(person, referenceImageUrl=signed)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "address",
    [
        "http://pictures.example/a.png",
        "https://127.0.0.1/a.png",
        "https://[::ffff:169.254.169.254]/latest/meta-data/",
        "https://localhost:8080/a.png",
        "https://user@pictures.example/a.png",
        "https://2130706433/",
        "file:///etc/passwd",
    ],
)
def test_a_hostile_address_is_422(
    person: UserClient, refused: Callable[[httpx.Response, int], str], address: str
) -> None:
    refused(ask(person, referenceImageUrl=address), 422)


def test_a_declared_reference_that_is_missing_is_422(
    person: UserClient, refused: Callable[[httpx.Response, int], str]
) -> None:
    refused(ask(person, {"reference_image": True}), 422)


def test_one_bad_reference_of_three_keeps_none(
    person: UserClient, path: str, refused: Callable[[httpx.Response, int], str]
) -> None:
    hostile = "https://127.0.0.1/"
    answer = ask(
        person, referenceImageUrl=path, startReferenceImageUrl=path, endReferenceImageUrl=hostile
    )
    refused(answer, 422)


def test_a_job_that_is_not_stored_leaves_no_object(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, path: str
) -> None:
    for _ in range(3):
        person.create_job(job_type="video7b_high_enhanced")  # 6 credits of the 19 left
    before = objects_of(bare, person)
    answer = ask(person, {"num_images": 2}, referenceImageUrl=path)
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert objects_of(bare, person) == before

    other = UserClient(bare)
    job_id = other.create_job()
    hand_worker.finish(job_id, RED)
    mine = other.asset(job_id)["temp_storage_path"]
    for _ in range(5):
        other.create_job()
    before = objects_of(bare, other)
    answer = ask(other, referenceImageUrl=mine)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert objects_of(bare, other) == before


def test_an_address_is_in_no_log(bare: LocalSystem, person: UserClient) -> None:
    ask(person, referenceImageUrl="https://127.0.0.1/a-secret-address?token=very-secret")
    log = (bare.data / "logs" / "gateway.log").read_text()
    assert "secret-address" not in log
    assert "very-secret" not in log
