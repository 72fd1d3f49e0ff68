"""workspace-actions: save_to_library and discard_asset."""

import concurrent.futures
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.hand_worker import PICTURE, HandWorker
from tests.system import Person, System


@pytest.fixture
def asset_id(person: Person, hand_worker: HandWorker) -> str:
    """An asset of the person's."""
    job_id = person.queue()
    hand_worker.finish(job_id)
    return str(person.asset(job_id)["id"])


def _save(person: Person, asset_id: str, **more: object) -> httpx.Response:
    body = {"action": "save_to_library", "assetId": asset_id, **more}
    return person.call("workspace-actions", body)


def _discard(person: Person, asset_id: str) -> httpx.Response:
    return person.call("workspace-actions", {"action": "discard_asset", "assetId": asset_id})


def _library(person: Person) -> list[dict[str, Any]]:
    """What the person keeps; others' public assets are to be seen as well."""
    return person.rows("user_library", user_id=f"eq.{person.id}")


def _files(system: System, person: Person) -> dict[str, int]:
    """How many objects of the person's each bucket holds."""
    mine = [name for name in system.objects() if person.id in name]
    return {
        bucket: sum(name.startswith(bucket) for name in mine)
        for bucket in ("workspace-temp", "user-library")
    }


def test_saving_copies_the_file_and_keeps_the_original(
    bare: System, person: Person, asset_id: str
) -> None:
    answer = _save(person, asset_id, customTitle="My star", tags=["red", "star"])
    assert answer.status_code == 200
    (kept,) = _library(person)
    assert answer.json()["libraryAssetId"] == kept["id"]
    assert kept["storage_path"] == f"{person.id}/{asset_id}.png"
    assert (kept["custom_title"], kept["tags"]) == ("My star", ["red", "star"])
    assert person.fetch(kept["storage_path"], "user-library") == PICTURE
    assert _files(bare, person) == {"workspace-temp": 2, "user-library": 2}
    (asset,) = person.rows("workspace_assets")
    assert asset["saving_until"] is None


def test_saving_twice_gives_the_same_library_asset(person: Person, asset_id: str) -> None:
    first, second = (_save(person, asset_id).json()["libraryAssetId"] for _ in range(2))
    assert first == second
    assert len(_library(person)) == 1


def test_saving_ten_times_at_once_makes_one(bare: System, person: Person, asset_id: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        saved = [pool.submit(_save, person, asset_id) for _ in range(10)]
    answers = [one.result() for one in saved]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["libraryAssetId"] for answer in answers}) == 1
    assert _files(bare, person)["user-library"] == 2


def test_saving_goes_on_where_a_crash_left_a_copy_without_a_row(
    bare: System, person: Person, asset_id: str
) -> None:
    _save(person, asset_id)
    bare.rows("delete from user_library where source_asset_id = %s returning id", asset_id)
    assert _save(person, asset_id).status_code == 200
    assert len(_library(person)) == 1


def test_a_saved_asset_outlives_the_discarded_one(
    bare: System, person: Person, asset_id: str
) -> None:
    saved = _save(person, asset_id).json()["libraryAssetId"]
    assert _discard(person, asset_id).status_code == 200
    assert _files(bare, person) == {"workspace-temp": 0, "user-library": 2}
    (kept,) = _library(person)
    assert person.fetch(kept["storage_path"], "user-library") == PICTURE
    assert _save(person, asset_id).json()["libraryAssetId"] == saved


def test_discarding_removes_row_and_files_and_again_is_success(
    bare: System, person: Person, asset_id: str
) -> None:
    assert _discard(person, asset_id).status_code == 200
    assert person.rows("workspace_assets") == []
    assert _files(bare, person) == {"workspace-temp": 0, "user-library": 0}
    assert _discard(person, asset_id).status_code == 200
    assert _save(person, asset_id).status_code == 404


def test_discarding_what_is_being_saved_is_409(bare: System, person: Person, asset_id: str) -> None:
    bare.rows(
        "update workspace_assets set saving_until = now() + interval '1 minute' where id = %s"
        " returning id",
        asset_id,
    )
    answer = _discard(person, asset_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert _files(bare, person)["workspace-temp"] == 2


@pytest.mark.parametrize("act", [_save, _discard])
def test_another_users_asset_is_404_like_one_that_never_was(
    bare: System, person: Person, asset_id: str, act: object
) -> None:
    assert callable(act)
    stranger = Person(bare)
    theirs, nobodys = act(stranger, asset_id), act(stranger, str(uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["error"] == nobodys.json()["error"]
    assert len(person.rows("workspace_assets")) == 1
    assert _discard(person, asset_id).status_code == 200
    assert act(stranger, asset_id).status_code == 404, "not even once it is gone"


def test_a_collection_of_somebody_elses_is_404(bare: System, person: Person, asset_id: str) -> None:
    theirs = bare.value(
        "insert into user_collections (user_id, name) values (%s, 'x') returning id", uuid4()
    )
    assert _save(person, asset_id, collectionId=str(theirs)).status_code == 404
    assert _library(person) == []
    mine = bare.value(
        "insert into user_collections (user_id, name) values (%s, 'x') returning id", person.id
    )
    assert _save(person, asset_id, collectionId=str(mine)).status_code == 200
    assert person.rows("user_collections")[0]["asset_count"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "explode", "assetId": str(uuid4())},
        {"action": "save_to_library"},
        {"action": "save_to_library", "assetId": "../../etc/passwd"},
        {"action": "save_to_library", "assetId": str(uuid4()), "customTitle": "x" * 201},
        {"action": "save_to_library", "assetId": str(uuid4()), "tags": ["a"] * 51},
        {"action": "discard_asset", "assetId": None},
        [],
    ],
)
def test_a_bad_action_is_422(person: Person, body: object) -> None:
    answer = person.call("workspace-actions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["details"]


def test_an_expired_asset_goes_with_its_files(
    bare: System, person: Person, asset_id: str, sweep: object
) -> None:
    assert callable(sweep)
    bare.rows("update workspace_assets set expires_at = now() where id = %s returning id", asset_id)
    assert sweep()["assets_expired"] == 1
    assert person.rows("workspace_assets") == []
    assert _files(bare, person)["workspace-temp"] == 0
    assert _discard(person, asset_id).status_code == 200


def test_an_expired_asset_that_is_being_saved_stays(
    bare: System, person: Person, asset_id: str, sweep: object
) -> None:
    assert callable(sweep)
    bare.rows(
        "update workspace_assets set expires_at = now(), saving_until = now() + interval '1 minute'"
        " where id = %s returning id",
        asset_id,
    )
    assert sweep()["assets_expired"] == 0
    assert len(person.rows("workspace_assets")) == 1
