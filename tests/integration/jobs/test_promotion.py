"""``destination: library``: outputs are saved to the library on completion or by the sweep."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import act, files, library, make

Sweep = Callable[[], dict[str, int]]


@contextmanager
def _closed(system: LocalSystem, person: UserClient, table: str = "user_library") -> Iterator[None]:
    """Reject the user's rows in the table: a promotion fails after its copy, or before it."""
    with system.database() as connection:
        check = f"check (user_id <> '{person.id}') not valid"
        connection.execute(f"alter table {table} add constraint closed {check}".encode())
        yield
        connection.execute(f"alter table {table} drop constraint closed".encode())


@pytest.fixture
def pending(bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker) -> list[str]:
    """Two assets of a completed job whose promotion failed."""
    with _closed(bare, person):
        return make(person, hand_worker, destination="library", num_images=2)


def test_what_a_library_job_makes_is_kept_as_it_completes(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    made = make(person, hand_worker, destination="library", num_images=2)
    rows = person.rows("workspace_assets")
    assert [row["promotion"] for row in rows] == ["done", "done"]
    assert [row["saving_until"] for row in rows] == [None, None]
    kept = library(person)
    assert {row["source_asset_id"] for row in kept} == set(made)
    assert person.fetch(kept[0]["storage_path"], "user-library") == PICTURE
    assert files(bare, person) == {"workspace-temp": 4, "user-library": 4}


def test_what_a_workspace_job_makes_is_not(person: UserClient, hand_worker: ScriptedWorker) -> None:
    make(person, hand_worker)
    assert [row["promotion"] for row in person.rows("workspace_assets")] == ["none"]
    assert library(person) == []


def test_a_promotion_that_fails_is_the_sweeps_and_the_job_is_completed(
    bare: LocalSystem, person: UserClient, pending: list[str], sweep: Sweep
) -> None:
    assert [row["status"] for row in person.rows("jobs")] == ["completed"]
    assert [row["promotion"] for row in person.rows("workspace_assets")] == ["pending"] * 2
    assert library(person) == []
    with _closed(bare, person):
        assert sweep()["promoted"] == 0, "and the sweep itself goes on"
    assert sweep()["promoted"] == 2
    assert {row["source_asset_id"] for row in library(person)} == set(pending)
    assert [row["promotion"] for row in person.rows("workspace_assets")] == ["done"] * 2
    assert files(bare, person) == {"workspace-temp": 4, "user-library": 4}
    assert sweep()["promoted"] == 0


def test_two_sweeps_at_once_promote_each_once(
    bare: LocalSystem, person: UserClient, pending: list[str], sweep: Sweep
) -> None:
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(sweep) for _ in range(3)]:
            future.result()
    assert len(library(person)) == len(pending)
    assert files(bare, person)["user-library"] == 4


def test_what_is_pending_neither_expires_nor_is_discarded(
    bare: LocalSystem, person: UserClient, pending: list[str], sweep: Sweep
) -> None:
    # Long expired, as is the lock of the last attempt.
    past = "saving_until = now() - interval '1 day', expires_at = now() - interval '1 day'"
    bare.rows(f"update workspace_assets set {past} where id = any(%s) returning id", pending)
    answer = act(person, "discard_asset", assetId=pending[0])
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "being saved to your library" in answer.json()["error"]
    with _closed(bare, person, "unfinished_copies"):
        assert sweep()["assets_expired"] == 0
    assert files(bare, person)["workspace-temp"] == 4
    swept = sweep()
    assert (swept["promoted"], swept["assets_expired"]) == (2, 2)
    assert len(library(person)) == 2


def test_clearing_what_is_pending_keeps_it_first(
    bare: LocalSystem, person: UserClient, pending: list[str], sweep: Sweep
) -> None:
    answers = [act(person, "clear_asset", assetId=pending[0]) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert act(person, "clear_workspace").json()["newSaves"] == 1
    assert sweep()["promoted"] == 0
    assert files(bare, person) == {"workspace-temp": 0, "user-library": 4}


def test_a_promotion_is_not_undone_nor_done_again(
    person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    make(person, hand_worker, destination="library")
    (kept,) = library(person)
    act(person, "delete_library_asset", libraryAssetId=kept["id"])
    assert sweep()["promoted"] == 0
    assert library(person) == []
    assert [row["promotion"] for row in person.rows("workspace_assets")] == ["done"]
