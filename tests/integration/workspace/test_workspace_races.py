"""workspace-actions with two concurrent requests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import (
    act,
    assert_kept_once,
    files,
    library,
    make,
    put_back,
    remove,
    storage_pausing,
    take_back,
    until_held,
    until_waiting,
)

Sweep = Callable[[], dict[str, int]]

_EXPIRE = "update workspace_assets set expires_at = now() where id = %s returning id"


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The id of an asset of the user."""
    return make(person, hand_worker)[0]


def test_a_save_that_expiry_forestalls_is_404_and_leaves_nothing(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    with ThreadPoolExecutor() as pool, bare.database() as connection:
        with connection.transaction():
            connection.execute("delete from workspace_assets where id = %s", [asset_id])
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            until_waiting(bare)
        assert save.result().status_code == 404
    assert library(person) == []
    assert files(bare, person)["user-library"] == 0
    assert bare.rows("select from unfinished_copies where user_id = %s", person.id) == []


def test_an_expiry_or_discard_that_a_save_forestalls_leaves_the_asset(
    bare: LocalSystem, person: UserClient, asset_id: str, sweep: Sweep
) -> None:
    with ThreadPoolExecutor() as pool, bare.database() as connection:
        bare.rows(_EXPIRE, asset_id)
        with connection.transaction():
            connection.execute(
                "update workspace_assets set saving_until = now() + interval '5 min' where id = %s",
                [asset_id],
            )
            assert sweep()["assets_expired"] == 0, "it passes by what is locked"
            discard = pool.submit(act, person, "discard_asset", assetId=asset_id)
            until_waiting(bare)
        assert discard.result().status_code == 409
    assert sweep()["assets_expired"] == 0
    assert act(person, "save_to_library", assetId=asset_id).status_code == 200
    assert_kept_once(bare, person, asset_id)
    assert sweep()["assets_expired"] == 1
    assert_kept_once(bare, person, asset_id)


def test_nothing_takes_an_asset_away_while_it_is_copied(
    bare: LocalSystem, person: UserClient, asset_id: str, sweep: Sweep
) -> None:
    sweep()
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            until_held(bare, asset_id)
            bare.rows(_EXPIRE, asset_id)
            assert sweep()["assets_expired"] == 0
            refused = act(person, "discard_asset", assetId=asset_id)
            assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert save.result().status_code == 200
    assert_kept_once(bare, person, asset_id)
    assert act(person, "discard_asset", assetId=asset_id).status_code == 200
    assert_kept_once(bare, person, asset_id)


@pytest.mark.parametrize(
    "actions",
    [
        ("save_to_library", "save_to_library"),
        ("clear_asset", "save_to_library"),
        ("clear_asset", "clear_asset"),
    ],
)
def test_two_that_copy_at_once_make_one(
    bare: LocalSystem, person: UserClient, asset_id: str, actions: tuple[str, str]
) -> None:
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            futures = [pool.submit(act, person, action, assetId=asset_id) for action in actions]
            until_held(bare, asset_id)
            query = "select count(*) from unfinished_copies where source_id = %s"
            assert bare.value(query, asset_id) == 1
        answers = [future.result() for future in futures]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert len({answer.json()["libraryAssetId"] for answer in answers}) == 1
    assert_kept_once(bare, person, asset_id)
    assert len(person.rows("workspace_assets")) == ("clear_asset" not in actions)


@pytest.mark.parametrize("source", ["there", "gone"])
def test_a_save_that_another_overtook_gives_what_the_other_recorded(
    bare: LocalSystem, person: UserClient, asset_id: str, source: str
) -> None:
    kept_id = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    record = take_back(bare, asset_id)
    if source == "gone":
        remove(bare, "workspace-temp", person.rows("workspace_assets")[0]["temp_storage_path"])
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            until_held(bare, asset_id)
            # The record of the other request, and its clear.
            put_back(bare, record)
            bare.rows("delete from workspace_assets where id = %s returning id", asset_id)
        assert save.result().json()["libraryAssetId"] == kept_id
    assert_kept_once(bare, person, asset_id)


def test_saving_again_during_a_deletion_keeps_the_new_files(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    kept_id = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            delete = pool.submit(act, person, "delete_library_asset", libraryAssetId=kept_id)
            wait_until(lambda: library(person) == [], what="the row to go")
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            until_held(bare, asset_id)
        assert (delete.result().status_code, save.result().status_code) == (200, 200)
    assert_kept_once(bare, person, asset_id)


def test_saving_and_discarding_at_once_loses_nothing(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    for asset_id in make(person, hand_worker, num_images=6):
        with ThreadPoolExecutor() as pool:
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            discard = pool.submit(act, person, "discard_asset", assetId=asset_id)
        rows = [row for row in library(person) if row["source_asset_id"] == asset_id]
        outcome = (save.result().status_code, discard.result().status_code)
        assert outcome in {(200, 200), (200, 409), (404, 200)}
        assert len(rows) == (outcome[0] == 200)
        assert all(person.fetch(row["storage_path"], "user-library") == PICTURE for row in rows)
    assert files(bare, person)["user-library"] == 2 * len(library(person))


def test_clearing_the_workspace_twice_at_once_saves_each_once(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    make(person, hand_worker, num_images=6)
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(act, person, "clear_workspace") for _ in range(2)]
    answers = [future.result().json() for future in futures]
    assert sum(answer["newSaves"] for answer in answers) == 6, answers
    assert len(library(person)) == 6
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 12}
