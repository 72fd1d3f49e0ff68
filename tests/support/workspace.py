"""Helpers for the tests of workspace-actions."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from psycopg.types.json import Jsonb

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import PICTURE, ScriptedWorker

BEGUN = (
    "insert into unfinished_copies (source_id, user_id, target_id) values (%s, %s, %s)"
    " returning source_id"
)
"""The first row of an attempt to copy: source, owner, target."""


def act(person: UserClient, action: str, **fields: object) -> httpx.Response:
    """Call one action."""
    return person.invoke("workspace-actions", {"action": action, **fields})


def make(person: UserClient, hand_worker: ScriptedWorker, **metadata: object) -> list[str]:
    """Run a new job to its completion and return the ids of its assets."""
    job_id = person.create_job(**metadata)  # type: ignore[arg-type]
    hand_worker.finish(job_id)
    rows = person.rows("workspace_assets", job_id=f"eq.{job_id}", order="asset_index.asc")
    return [row["id"] for row in rows]


def library(person: UserClient) -> list[dict[str, Any]]:
    """The user's library assets; others' public assets are visible as well."""
    return person.rows("user_library", user_id=f"eq.{person.id}")


def files(system: LocalSystem, person: UserClient) -> dict[str, int]:
    """How many objects of the user each bucket holds."""
    mine = [name for name in system.objects() if person.id in name]
    return {
        bucket: sum(name.startswith(bucket) for name in mine)
        for bucket in ("workspace-temp", "user-library")
    }


def put(system: LocalSystem, bucket: str, path: str, content: bytes) -> None:
    """Write an object directly, without the product's checks."""
    storage = f"http://127.0.0.1:{system.ports()['storage']}/upload/storage/v1/b/{bucket}/o"
    answer = web.post(
        storage,
        params={"uploadType": "media", "name": path},
        content=content,
        headers={"content-type": "image/png"},
    )
    assert answer.status_code == 200, answer.text


def remove(system: LocalSystem, bucket: str, path: str) -> None:
    """Delete an object directly, without the product's checks."""
    storage = f"http://127.0.0.1:{system.ports()['storage']}/storage/v1/b/{bucket}/o"
    assert web.delete(f"{storage}/{quote(path, safe='')}").status_code == 204


@contextmanager
def storage_pausing(system: LocalSystem) -> Iterator[None]:
    """Within the context, the storage receives requests and sends no response, so copies stop."""
    pid = system.pids()["storage"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def until_held(system: LocalSystem, asset_id: str) -> None:
    """Wait until the asset is locked by a copy."""
    query = "select saving_until > now() as held from workspace_assets where id = %s"
    wait_until(lambda: system.value(query, asset_id) is True, what="the hold")


def until_waiting(system: LocalSystem, limit: int = 1) -> None:
    """Wait until this many transactions wait for a lock."""
    query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    wait_until(lambda: system.value(query) >= limit, what="the lock to be waited for")


def assert_kept_once(system: LocalSystem, person: UserClient, asset_id: str) -> None:
    """Check that one library asset exists, with its two files only, and that no work is left."""
    (row,) = library(person)
    assert row["source_asset_id"] == asset_id
    assert person.fetch(row["storage_path"], "user-library") == PICTURE
    assert files(system, person)["user-library"] == 2
    unfinished = "select count(*) from unfinished_copies where user_id = %s"
    assert system.value(unfinished, person.id) == 0
    assert all(
        (row["saving_until"], row["promotion"] == "pending") == (None, False)
        for row in person.rows("workspace_assets")
    )


def take_back(system: LocalSystem, asset_id: str) -> dict[str, Any]:
    """Undo a save's last step, as if it had crashed just before; return the row that it records."""
    ((row,),) = (
        row.values()
        for row in system.rows(
            "delete from user_library where source_asset_id = %s returning to_jsonb(user_library)",
            asset_id,
        )
    )
    system.rows(BEGUN, asset_id, row["user_id"], row["id"])
    return dict(row)


def put_back(system: LocalSystem, row: dict[str, Any]) -> None:
    """Insert the row after all."""
    system.rows(
        "insert into user_library select * from jsonb_populate_record(null::user_library, %s)"
        " returning id",
        Jsonb(row),
    )
    query = "delete from unfinished_copies where source_id = %s returning source_id"
    system.rows(query, row["source_asset_id"])
