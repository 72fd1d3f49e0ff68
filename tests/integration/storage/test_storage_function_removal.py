"""storage: removal of objects, and operations that are not offered."""

from uuid import uuid4

import pytest

from infra.local.config import tokens
from tests.integration.storage.uploads import BLUE, listed, own, refused, remove, send, stored
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import act


@pytest.fixture
def job(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A completed job of the user."""
    job_id = person.create_job()
    hand_worker.finish(job_id)
    return job_id


def test_uploads_are_removed_and_assets_discarded(
    bare: LocalSystem, person: UserClient, job: str
) -> None:
    assert send(person, own(person)).status_code == 200
    asset = person.asset(job)
    path, thumbnail = asset["temp_storage_path"], asset["thumbnail_path"]
    upload = f"{person.id}/uploads/cat.png"
    other_user = UserClient(bare)
    before = stored(bare, person)
    assert remove(other_user, path, upload, thumbnail, person.id) == []
    assert remove(person, thumbnail, f"{person.id}/{job}", person.id, f"{person.id}/no.png") == []
    assert stored(bare, person) == before

    assert remove(person, upload, path, upload) == [upload, path]
    assert stored(bare, person) == set()
    assert person.rows("workspace_assets") == []
    assert act(person, "discard_asset", assetId=asset["id"]).status_code == 200
    assert remove(person, upload, path) == []


def test_what_is_being_saved_is_not_removed(
    bare: LocalSystem, person: UserClient, job: str
) -> None:
    path = person.asset(job)["temp_storage_path"]
    bare.rows(
        "update workspace_assets set saving_until = now() + interval '1 min'"
        " where job_id = %s returning id",
        job,
    )
    url = f"{bare.base}/storage/v1/object/workspace-temp"
    headers = {"authorization": f"Bearer {person.token}"}
    answer = web.request("DELETE", url, json={"prefixes": [path]}, headers=headers)
    refused(answer, 409, "ResourceLocked")
    assert person.fetch(path) == PICTURE


def test_the_library_is_neither_written_nor_removed_here(
    bare: LocalSystem, person: UserClient, job: str
) -> None:
    saved = act(person, "save_to_library", assetId=person.asset(job)["id"])
    assert saved.status_code == 200
    (kept,) = person.rows("user_library", user_id=f"eq.{person.id}")
    path = kept["storage_path"]
    assert min(listed(person, person.id, "user-library")) == path.partition("/")[2]
    headers = {"authorization": f"Bearer {person.token}"}
    url = f"{bare.base}/storage/v1/object/user-library"
    answer = web.request("DELETE", url, json={"prefixes": [path]}, headers=headers)
    assert "delete_library_asset" in refused(answer, 403, "Unauthorized")
    upsert = {"x-upsert": "true"}
    refused(send(person, f"user-library/{path}", BLUE, **upsert), 403, "Unauthorized")
    assert person.fetch(path, "user-library") == PICTURE

    public = f"{bare.base}/storage/v1/object/public/user-library/{path}"
    refused(web.get(public), 404, "not_found")
    bare.rows(
        "update user_library set visibility = 'public' where id = %s returning id", kept["id"]
    )
    assert web.get(public, follow_redirects=True).content == PICTURE


def test_files_are_neither_moved_nor_copied(person: UserClient) -> None:
    body = {"bucketId": "workspace-temp", "sourceKey": "a", "destinationKey": "b"}
    for what in ("move", "copy"):
        answer = person.invoke(f"storage/object/{what}", body)
        assert "workspace-actions" in refused(answer, 403, "Unauthorized")


def test_anon_and_requests_without_a_key_change_nothing(
    bare: LocalSystem, person: UserClient
) -> None:
    url = f"{bare.base}/storage/v1/object"
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    for headers, status in ((anon, 403), ({}, 401)):
        for method, path in (
            ("POST", own(person)),
            ("PUT", own(person)),
            ("POST", f"upload/sign/{own(person)}"),
            ("DELETE", "workspace-temp"),
        ):
            refused(web.request(method, f"{url}/{path}", headers=headers), status, "Unauthorized")
    assert stored(bare, person) == set()
    wrong = web.get(f"{url}/sign/secrets/{uuid4()}", headers=anon)
    assert refused(wrong, 404, "Bucket not found")
