"""storage: listings, several signed URLs in one request, and information about objects."""

import pytest

from infra.local.config import tokens
from tests.integration.storage.uploads import listed, own, refused, send, stored
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def job(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """A completed job of the user."""
    job_id = person.create_job()
    hand_worker.finish(job_id)
    return job_id


def test_a_user_lists_their_own_folder_only(
    bare: LocalSystem, person: UserClient, job: str
) -> None:
    for name in ("uploads/b.png", "uploads/A.png", "uploads/old/c.png", "d.png"):
        assert send(person, own(person, name)).status_code == 200
    me = person.id
    assert listed(person, "") == [f"{me}/"]
    assert listed(person, me) == [f"{name}/" for name in sorted([job, "uploads"])] + ["d.png"]
    assert listed(person, f"{me}/uploads/") == ["old/", "A.png", "b.png"]
    (asset,) = person.rows("workspace_assets")
    mine = {asset["temp_storage_path"], asset["thumbnail_path"]}
    assert {f"{me}/{job}/{name}" for name in listed(person, f"{me}/{job}")} == mine
    assert listed(person, me, "user-library") == []

    other_user = UserClient(bare)
    for folder in ("", me, f"{me}/uploads", f"{me}/{job}", me[:8], f"{other_user.id}/../{me}"):
        assert listed(other_user, folder) == []
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    url = f"{bare.base}/storage/v1/object/list/workspace-temp"
    assert web.post(url, json={"prefix": me}, headers=anon).json() == []
    refused(web.post(url, json={"prefix": me}), 401, "Unauthorized")


def test_what_a_running_job_leaves_is_not_listed(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    _, claim = hand_worker.claimed(job_id)
    put = web.put(claim["previewPutUrl"], content=b"{}", headers=claim["previewHeaders"])
    assert put.status_code == 200
    assert len(stored(bare, person)) == 1
    assert listed(person, person.id) == []
    assert listed(person, f"{person.id}/{job_id}") == []


def test_a_listing_is_searched_sorted_and_paged(person: UserClient) -> None:
    for name in ("b.png", "a.png", "Abc.png"):
        assert send(person, own(person, f"uploads/{name}")).status_code == 200
    folder = f"{person.id}/uploads"
    assert listed(person, folder, limit=2) == ["Abc.png", "a.png"]
    assert listed(person, folder, limit=2, offset=2) == ["b.png"]
    assert listed(person, folder, search="a") == ["Abc.png", "a.png"]
    down = {"column": "name", "order": "desc"}
    assert listed(person, folder, sortBy=down) == ["b.png", "a.png", "Abc.png"]
    by_age = {"column": "created_at", "order": "asc"}
    assert listed(person, folder, sortBy=by_age) == ["b.png", "a.png", "Abc.png"]
    for wrong in ({"limit": 0}, {"offset": -1}, {"sortBy": {"column": "secret"}}):
        answer = person.invoke("storage/object/list/workspace-temp", {"prefix": folder, **wrong})
        assert answer.status_code == 422, answer.text


def test_an_entry_and_info_match_the_bucket(person: UserClient) -> None:
    sent = send(person, own(person)).json()
    path = f"{person.id}/uploads/cat.png"
    size = len(person.fetch(path))
    body = {"prefix": f"{person.id}/uploads"}
    (entry,) = person.invoke("storage/object/list/workspace-temp", body).json()
    assert entry["id"] == sent["Id"]
    metadata = {name: entry["metadata"][name] for name in ("size", "mimetype", "httpStatusCode")}
    assert metadata == {"size": size, "mimetype": "image/png", "httpStatusCode": 200}
    info = person.get(f"/storage/v1/object/info/{own(person)}").json()
    assert (info["id"], info["name"], info["bucket_id"]) == (sent["Id"], path, "workspace-temp")
    assert (info["size"], info["content_type"]) == (size, "image/png")
    head = web.head(
        f"{person.base}/storage/v1/object/{own(person)}",
        headers={"authorization": f"Bearer {person.token}"},
    )
    assert (head.status_code, int(head.headers["content-length"])) == (200, size)
    assert head.headers["content-type"] == "image/png"


def test_a_download_is_named(person: UserClient) -> None:
    assert send(person, own(person)).status_code == 200
    named = person.get(f"/storage/v1/object/{own(person)}", download='my "cat".png')
    assert named.headers["content-disposition"].endswith("filename*=UTF-8''my%20%22cat%22.png")
    assert (
        person.get(f"/storage/v1/object/{own(person)}", download="")
        .headers["content-disposition"]
        .startswith("attachment")
    )
    assert "content-disposition" not in person.get(f"/storage/v1/object/{own(person)}").headers


def test_several_addresses_are_signed_each_by_itself(
    bare: LocalSystem, person: UserClient, job: str
) -> None:
    asset = person.asset(job)["temp_storage_path"]
    upload = f"{person.id}/uploads/cat.png"
    assert send(person, own(person)).status_code == 200
    paths = [asset, f"{person.id}/no.png", upload, "a\0b", "../x", asset]
    body = {"expiresIn": 60, "paths": paths}
    answers = person.invoke("storage/object/sign/workspace-temp", body).json()
    assert [answer["path"] for answer in answers] == paths
    assert [answer["error"] is None for answer in answers] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]
    for one in (answers[0], answers[2]):
        url = f"{bare.base}/storage/v1{one['signedURL']}"
        assert web.get(url, follow_redirects=True).status_code == 200
    others = UserClient(bare).invoke("storage/object/sign/workspace-temp", body).json()
    assert {other["signedURL"] for other in others} == {None}
    wrongs: list[dict[str, object]] = [{"paths": []}, {"paths": ["x"] * 1001}, {"expiresIn": 0}]
    for wrong in wrongs:
        answer = person.invoke("storage/object/sign/workspace-temp", {**body, **wrong})
        assert answer.status_code == 422, answer.text
