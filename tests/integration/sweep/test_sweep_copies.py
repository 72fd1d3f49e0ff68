"""sweep-jobs: unfinished copies, and files of deleted or discarded assets."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import Sweep, at_once
from tests.support.workspace import (
    BEGUN,
    act,
    assert_kept_once,
    files,
    library,
    make,
    put,
    storage_pausing,
)

_NOTHING = {"workspace-temp": 0, "user-library": 0}


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The id of an asset of the user."""
    return make(person, hand_worker)[0]


@pytest.fixture
def target(bare: LocalSystem, person: UserClient) -> str:
    """The id of a copy that has files in both buckets and no row."""
    target = str(uuid4())
    for path in (f"{target}.png", f"{target}.mp4", f"{target}.thumb.webp"):
        put(bare, "user-library", f"{person.id}/{path}", b"copy")
        put(bare, "workspace-temp", f"{person.id}/library/{path}", b"copy")
    return target


def test_a_copy_whose_source_is_gone_is_ended_after_a_day(
    bare: LocalSystem, person: UserClient, sweep: Sweep, target: str
) -> None:
    other = UserClient(bare)
    put(bare, "user-library", f"{other.id}/{target}.png", b"another's")
    bare.rows(BEGUN, str(uuid4()), person.id, target)
    sweep()
    assert files(bare, person) == {"workspace-temp": 3, "user-library": 3}, "not before"
    _a_day_passes(bare, target)
    assert sum(one["copies_given_up"] for one in at_once(sweep)) == 1
    assert files(bare, person) == _NOTHING
    assert files(bare, other)["user-library"] == 1
    assert bare.rows("select from unfinished_copies where target_id = %s", target) == []


@pytest.mark.parametrize("held", ["held", "was held", "never held"])
def test_an_unfinished_copy_is_abandoned_unless_it_is_in_progress(
    bare: LocalSystem, person: UserClient, sweep: Sweep, asset_id: str, target: str, held: str
) -> None:
    until_when = {"held": "now() + interval '1 min'", "was held": "now() - interval '1 min'"}
    saving = f"saving_until = {until_when.get(held, 'null')}"
    bare.rows(f"update workspace_assets set {saving} where id = %s returning id", asset_id)
    bare.rows(BEGUN, asset_id, person.id, target)
    _a_day_passes(bare, target)
    sweep()
    if held == "held":
        assert files(bare, person)["user-library"] == 3
        left = "cleanup_after > now() and source_id is not null"
        assert bare.value(f"select {left} from unfinished_copies where target_id = %s", target)
        return
    assert files(bare, person) == {"workspace-temp": 2, "user-library": 0}
    response = act(person, "save_to_library", assetId=asset_id)
    assert response.json()["libraryAssetId"] != target
    assert_kept_once(bare, person, asset_id)


def test_a_sweep_that_died_after_it_gave_a_copy_up_is_made_good(
    bare: LocalSystem, person: UserClient, sweep: Sweep, target: str
) -> None:
    bare.rows(BEGUN, None, person.id, target)
    _a_day_passes(bare, target)
    sweep()
    assert files(bare, person) == _NOTHING
    assert bare.rows("select from unfinished_copies where target_id = %s", target) == []


def test_a_copy_that_is_abandoned_in_progress_is_not_recorded(
    bare: LocalSystem, person: UserClient, sweep: Sweep, asset_id: str
) -> None:
    kept_id = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    begun = "select target_id from unfinished_copies where source_id = %s"
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            copying = pool.submit(act, person, "copy_to_workspace", libraryAssetId=kept_id)
            wait_until(lambda: bare.rows(begun, kept_id) != [], what="the copy to begin")
            target = bare.value(begun, kept_id)
            given_up = "update unfinished_copies set source_id = null where source_id = %s"
            bare.rows(f"{given_up} returning target_id", kept_id)
        assert (copying.result().status_code, copying.result().json()["code"]) == (409, "conflict")
    assert files(bare, person)["workspace-temp"] == 4
    _a_day_passes(bare, target)
    sweep()
    assert files(bare, person)["workspace-temp"] == 2
    assert act(person, "copy_to_workspace", libraryAssetId=kept_id).status_code == 200


def test_what_a_deletion_left_is_deleted_by_the_next_sweep(
    bare: LocalSystem, person: UserClient, sweep: Sweep, asset_id: str
) -> None:
    act(person, "save_to_library", assetId=asset_id)
    (kept,) = library(person)
    act(person, "delete_library_asset", libraryAssetId=kept["id"])
    for path in (kept["storage_path"], kept["thumbnail_path"]):
        put(bare, "user-library", path, b"as if it had died before")
    assert sum(one["deletions_finished"] for one in at_once(sweep)) >= 1
    assert files(bare, person)["user-library"] == 0
    done = "select cleanup_after is null from deleted_library_assets where library_asset_id = %s"
    assert bare.value(done, kept["id"]) is True


def test_after_a_month_what_was_removed_is_forgotten(
    bare: LocalSystem, person: UserClient, sweep: Sweep, asset_id: str
) -> None:
    act(person, "save_to_library", assetId=asset_id)
    (kept,) = library(person)
    gone = [("discard_asset", "assetId", asset_id)]
    gone += [("delete_library_asset", "libraryAssetId", kept["id"])]
    for days, status in [(0, 200), (29, 200), (31, 404)]:
        for table in ("discarded_assets", "deleted_library_assets"):
            then = f"created_at = now() - interval '{days} days'"
            bare.rows(f"update {table} set {then} where user_id = %s returning user_id", person.id)
        sweep()
        answers = [act(person, action, **{field: value}) for action, field, value in gone]
        assert [answer.status_code for answer in answers] == [status] * 2, days


def test_what_still_has_files_is_not_forgotten(
    bare: LocalSystem, person: UserClient, sweep: Sweep
) -> None:
    bare.rows(
        "insert into deleted_library_assets"
        " (library_asset_id, user_id, storage_path, created_at, cleanup_after)"
        " select %s, %s, 'none', now() - interval '31 days', now() + interval '1 min'"
        " returning user_id",
        str(uuid4()),
        person.id,
    )
    sweep()
    assert bare.rows("select from deleted_library_assets where user_id = %s", person.id) != []


def _a_day_passes(system: LocalSystem, target: str) -> None:
    later = "cleanup_after = cleanup_after - interval '1 day'"
    system.rows(
        f"update unfinished_copies set {later} where target_id = %s returning target_id", target
    )
