"""workspace-actions: the library, its collections, and copies to the workspace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import BEGUN, act, files, library, make, put, remove


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The id of an asset of the user."""
    return make(person, hand_worker)[0]


@pytest.fixture
def kept_id(person: UserClient, asset_id: str) -> str:
    """The id of a library asset of the user, with a title and tags."""
    answer = act(person, "save_to_library", assetId=asset_id, customTitle="Star", tags=["red"])
    return str(answer.json()["libraryAssetId"])


def test_an_update_changes_what_it_gives_and_nothing_else(person: UserClient, kept_id: str) -> None:
    first = act(person, "create_collection", name="Stars", description="All of them")
    collection = first.json()["collectionId"]
    changes: list[tuple[dict[str, object], str, object]] = [
        ({"isFavorite": True}, "is_favorite", True),
        ({"customTitle": "Sun"}, "custom_title", "Sun"),
        ({"tags": ["hot", "near"]}, "tags", ["hot", "near"]),
        ({"collectionId": collection}, "collection_id", collection),
        ({"collectionId": None}, "collection_id", None),
        ({"customTitle": None}, "custom_title", None),
        ({"tags": []}, "tags", []),
        ({}, "is_favorite", True),
    ]
    for change, column, value in changes:
        (before,) = library(person)
        assert act(person, "update_library_asset", libraryAssetId=kept_id, **change).is_success
        (after,) = library(person)
        assert after["updated_at"] > before["updated_at"]
        assert after == {**before, column: value, "updated_at": after["updated_at"]}


def test_a_deleted_collection_leaves_its_assets(person: UserClient, kept_id: str) -> None:
    collection = act(person, "create_collection", name="Stars").json()["collectionId"]
    act(person, "update_library_asset", libraryAssetId=kept_id, collectionId=collection)
    assert person.rows("user_collections")[0]["asset_count"] == 1
    assert act(person, "delete_collection", collectionId=collection).is_success
    assert person.rows("user_collections") == []
    assert library(person)[0]["collection_id"] is None
    assert act(person, "delete_collection", collectionId=collection).status_code == 404


def test_deleting_takes_row_and_files_and_again_is_success(
    bare: LocalSystem, person: UserClient, asset_id: str, kept_id: str
) -> None:
    (row,) = library(person)
    for _ in range(2):
        assert act(person, "delete_library_asset", libraryAssetId=kept_id).is_success
        assert library(person) == []
        assert files(bare, person) == {"workspace-temp": 2, "user-library": 0}
    other_user = UserClient(bare)
    assert act(other_user, "delete_library_asset", libraryAssetId=kept_id).status_code == 404
    put(bare, "user-library", row["storage_path"], b"what a crash after the row left")
    assert act(person, "delete_library_asset", libraryAssetId=kept_id).is_success
    assert files(bare, person)["user-library"] == 0
    again = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    assert again != kept_id, "nothing that deletes the old one may meet the new one"
    assert person.fetch(library(person)[0]["storage_path"], "user-library") == PICTURE


def test_a_copy_in_the_workspace_is_an_asset_like_any_other(
    bare: LocalSystem, person: UserClient, asset_id: str, kept_id: str
) -> None:
    act(person, "discard_asset", assetId=asset_id)
    answer = act(person, "copy_to_workspace", libraryAssetId=kept_id)
    copy_id = answer.json()["workspaceAssetId"]
    (row,) = person.rows("workspace_assets")
    assert (row["id"], row["job_id"], row["source_library_id"]) == (copy_id, None, kept_id)
    assert row["temp_storage_path"] == f"{person.id}/library/{copy_id}.png"
    assert person.fetch(row["temp_storage_path"]) == PICTURE
    assert person.fetch(row["thumbnail_path"])
    left = datetime.fromisoformat(row["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    assert act(person, "save_to_library", assetId=copy_id).json()["libraryAssetId"] == kept_id
    cleared = act(person, "clear_asset", assetId=copy_id)
    assert cleared.json()["libraryAssetId"] == kept_id
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 2}


def test_copying_at_once_and_again_gives_the_copy_that_lives(
    bare: LocalSystem, person: UserClient, kept_id: str
) -> None:
    with ThreadPoolExecutor(6) as pool:
        futures = [
            pool.submit(act, person, "copy_to_workspace", libraryAssetId=kept_id) for _ in range(6)
        ]
    copies = {future.result().json()["workspaceAssetId"] for future in futures}
    assert len(copies) == 1
    assert files(bare, person)["workspace-temp"] == 4
    soon = (
        "update workspace_assets set expires_at = now() + interval '1 h' where id = %s returning 1"
    )
    bare.rows(soon, *copies)
    again = act(person, "copy_to_workspace", libraryAssetId=kept_id).json()
    assert {again["workspaceAssetId"]} == copies
    (row,) = person.rows("workspace_assets", id=f"eq.{again['workspaceAssetId']}")
    assert datetime.fromisoformat(row["expires_at"]) > datetime.now(UTC) + timedelta(days=6)
    act(person, "discard_asset", assetId=again["workspaceAssetId"])
    new_id = act(person, "copy_to_workspace", libraryAssetId=kept_id).json()["workspaceAssetId"]
    assert new_id not in copies


def test_a_copy_outlives_its_original_and_can_be_saved_again(
    bare: LocalSystem, person: UserClient, asset_id: str, kept_id: str
) -> None:
    act(person, "discard_asset", assetId=asset_id)
    copy_id = act(person, "copy_to_workspace", libraryAssetId=kept_id).json()["workspaceAssetId"]
    act(person, "delete_library_asset", libraryAssetId=kept_id)
    answer = act(person, "clear_workspace").json()
    assert (answer["assetsProcessed"], answer["newSaves"]) == (1, 1)
    (row,) = library(person)
    assert (row["source_asset_id"], row["custom_title"]) == (copy_id, None)
    assert person.fetch(row["storage_path"], "user-library") == PICTURE
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 2}


@pytest.mark.parametrize("left", ["nothing", "file", "other content"])
def test_copying_goes_on_where_a_crash_left_it(
    bare: LocalSystem, person: UserClient, kept_id: str, left: str
) -> None:
    target = str(uuid4())
    bare.rows(BEGUN, kept_id, person.id, target)
    if left != "nothing":
        content = PICTURE if left == "file" else b"other"
        put(bare, "workspace-temp", f"{person.id}/library/{target}.png", content)
    answer = act(person, "copy_to_workspace", libraryAssetId=kept_id)
    if left == "other content":
        assert (answer.status_code, answer.json()["code"]) == (409, "copy_differs")
        answer = act(person, "copy_to_workspace", libraryAssetId=kept_id)
    assert (answer.json()["workspaceAssetId"] == target) is (left != "other content")
    (row,) = person.rows("workspace_assets", source_library_id=f"eq.{kept_id}")
    assert person.fetch(row["temp_storage_path"]) == PICTURE
    assert bare.value("select count(*) from unfinished_copies where user_id = %s", person.id) == 0


def test_what_the_library_lost_is_not_copied(
    bare: LocalSystem, person: UserClient, kept_id: str
) -> None:
    remove(bare, "user-library", library(person)[0]["storage_path"])
    answer = act(person, "copy_to_workspace", libraryAssetId=kept_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "copy_differs")
    assert person.rows("workspace_assets", source_library_id=f"eq.{kept_id}") == []
