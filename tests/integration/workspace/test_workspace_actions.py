"""workspace-actions: save, discard and clear."""

import concurrent.futures
from uuid import uuid4

import httpx
import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import act, files, library, make, put, remove


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The id of an asset of the user."""
    return make(person, hand_worker)[0]


def _save(person: UserClient, asset_id: str, **more: object) -> httpx.Response:
    return act(person, "save_to_library", assetId=asset_id, **more)


def _discard(person: UserClient, asset_id: str) -> httpx.Response:
    return act(person, "discard_asset", assetId=asset_id)


def test_saving_copies_the_file_and_keeps_the_original(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    answer = _save(person, asset_id, customTitle="My star", tags=["red", "star"])
    assert answer.status_code == 200
    (kept,) = library(person)
    assert answer.json()["libraryAssetId"] == kept["id"]
    assert kept["storage_path"] == f"{person.id}/{kept['id']}.png"
    assert (kept["custom_title"], kept["tags"]) == ("My star", ["red", "star"])
    assert person.fetch(kept["storage_path"], "user-library") == PICTURE
    assert files(bare, person) == {"workspace-temp": 2, "user-library": 2}
    (asset,) = person.rows("workspace_assets")
    assert asset["saving_until"] is None


def test_saving_twice_gives_the_same_library_asset(person: UserClient, asset_id: str) -> None:
    first, second = (_save(person, asset_id).json()["libraryAssetId"] for _ in range(2))
    assert first == second
    assert len(library(person)) == 1


def test_saving_ten_times_at_once_makes_one(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        saved = [pool.submit(_save, person, asset_id) for _ in range(10)]
    answers = [future.result() for future in saved]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["libraryAssetId"] for answer in answers}) == 1
    assert files(bare, person)["user-library"] == 2


def test_a_saved_asset_outlives_the_discarded_one(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    saved = _save(person, asset_id).json()["libraryAssetId"]
    assert _discard(person, asset_id).status_code == 200
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 2}
    (kept,) = library(person)
    assert person.fetch(kept["storage_path"], "user-library") == PICTURE
    assert _save(person, asset_id).json()["libraryAssetId"] == saved


def test_discarding_removes_row_and_files_and_again_is_success(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    assert _discard(person, asset_id).status_code == 200
    assert person.rows("workspace_assets") == []
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 0}
    assert _discard(person, asset_id).status_code == 200
    assert _save(person, asset_id).status_code == 404


def test_discarding_what_is_being_saved_is_409(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    bare.rows(
        "update workspace_assets set saving_until = now() + interval '1 minute' where id = %s"
        " returning id",
        asset_id,
    )
    answer = _discard(person, asset_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert files(bare, person)["workspace-temp"] == 2


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
        {"action": "update_library_asset", "libraryAssetId": str(uuid4()), "tags": None},
        {"action": "update_library_asset", "libraryAssetId": str(uuid4()), "customTitle": ""},
        {"action": "create_collection", "name": " "},
        {"action": "create_collection", "name": "x" * 201},
        [],
    ],
)
def test_a_bad_action_is_422(person: UserClient, body: object) -> None:
    answer = person.invoke("workspace-actions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert len(answer.json()["details"]) == 1, "what the action itself lacks, nothing else"


def test_an_expired_asset_goes_with_its_files(
    bare: LocalSystem, person: UserClient, asset_id: str, sweep: object
) -> None:
    assert callable(sweep)
    bare.rows("update workspace_assets set expires_at = now() where id = %s returning id", asset_id)
    assert sweep()["assets_expired"] == 1
    assert person.rows("workspace_assets") == []
    assert files(bare, person)["workspace-temp"] == 0
    assert _discard(person, asset_id).status_code == 200


def test_clearing_saves_what_is_not_saved_and_removes_it(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    first, second = (act(person, "clear_asset", assetId=asset_id) for _ in range(2))
    (kept,) = library(person)
    assert first.json()["libraryAssetId"] == second.json()["libraryAssetId"] == kept["id"]
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 2}
    assert person.rows("workspace_assets") == []


def test_clearing_what_was_discarded_is_404(person: UserClient, asset_id: str) -> None:
    _discard(person, asset_id)
    assert act(person, "clear_asset", assetId=asset_id).status_code == 404


def test_clearing_a_job_leaves_the_other_jobs(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, asset_id: str
) -> None:
    several = make(person, hand_worker, num_images=3)
    saved = _save(person, several[0]).json()["libraryAssetId"]
    (job_id,) = {row["job_id"] for row in person.rows("workspace_assets", id=f"eq.{several[0]}")}
    answer = act(person, "clear_job", jobId=job_id).json()
    counts = (answer["assetsProcessed"], answer["newSaves"], answer["assetsRemaining"])
    assert (counts, answer["errors"]) == ((3, 2, 0), [])
    assert saved in {row["id"] for row in library(person)}
    assert [row["id"] for row in person.rows("workspace_assets")] == [asset_id]
    assert files(bare, person) == {"workspace-temp": 2, "user-library": 6}
    assert act(person, "clear_job", jobId=job_id).json()["assetsProcessed"] == 0


@pytest.mark.parametrize("lost", ["missing", "overwritten"])
def test_nothing_is_cleared_without_a_sound_copy(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, lost: str
) -> None:
    broken, intact = make(person, hand_worker, num_images=2)
    _save(person, broken)
    path = library(person)[0]["storage_path"]
    remove(bare, "user-library", path)
    if lost == "overwritten":
        put(bare, "user-library", path, PICTURE[::-1])
    answer = act(person, "clear_workspace").json()
    assert (answer["assetsProcessed"], answer["newSaves"], answer["assetsRemaining"]) == (2, 1, 1)
    (error,) = answer["errors"]
    assert error["assetId"] == broken
    assert act(person, "clear_asset", assetId=broken).json()["error"] == error["error"]
    (row,) = person.rows("workspace_assets")
    assert row["id"] == broken
    assert person.fetch(row["temp_storage_path"]) == PICTURE
    assert intact in {row["source_asset_id"] for row in library(person)}
