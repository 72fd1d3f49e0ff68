"""workspace-actions after a crash in the middle of a save."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import (
    BEGUN,
    act,
    assert_kept_once,
    library,
    make,
    put,
    put_back,
    remove,
    take_back,
)

Sweep = Callable[[], dict[str, int]]


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker) -> str:
    """The id of an asset of the user."""
    return make(person, hand_worker)[0]


@pytest.mark.parametrize("left", ["hold", "thumbnail", "file", "both", "no release"])
@pytest.mark.parametrize("then", ["save_to_library", "clear_asset", "sweep"])
def test_what_a_crash_left_is_gone_on_with(
    bare: LocalSystem, person: UserClient, asset_id: str, sweep: Sweep, left: str, then: str
) -> None:
    kept_id = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    row = take_back(bare, asset_id)
    held = "saving_until = now() + interval '5 min', promotion = 'pending'"
    bare.rows(f"update workspace_assets set {held} where id = %s returning id", asset_id)
    if left in {"hold", "thumbnail"}:
        remove(bare, "user-library", row["storage_path"])
    if left in {"hold", "file"}:
        remove(bare, "user-library", row["thumbnail_path"])
    if left == "no release":
        put_back(bare, row)
    if then == "sweep":
        assert sweep()["promoted"] == 1
        assert person.rows("workspace_assets")[0]["promotion"] == "done"
    else:
        answer = act(person, then, assetId=asset_id)
        assert answer.json()["libraryAssetId"] == kept_id, answer.text
    assert_kept_once(bare, person, asset_id)
    assert len(person.rows("workspace_assets")) == (then != "clear_asset")


@pytest.mark.parametrize("then", ["save_to_library", "clear_asset"])
def test_another_object_at_the_copys_place_is_no_success(
    bare: LocalSystem, person: UserClient, asset_id: str, then: str
) -> None:
    target = str(uuid4())
    bare.rows(BEGUN, asset_id, person.id, target)
    put(bare, "user-library", f"{person.id}/{target}.png", b"something else")
    answer = act(person, then, assetId=asset_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "copy_differs")
    assert library(person) == []
    assert person.fetch(person.rows("workspace_assets")[0]["temp_storage_path"]) == PICTURE
    again = act(person, then, assetId=asset_id)
    assert again.status_code == 200
    assert again.json()["libraryAssetId"] != target
    assert person.fetch(library(person)[0]["storage_path"], "user-library") == PICTURE
