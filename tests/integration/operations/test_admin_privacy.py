"""``python -m infra.admin export`` and ``erase``: all data of one user, and none of another."""

import json
import zipfile
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from shared.db.queries import user_data
from tests.support.admin_cli import run_ok
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import library

ACCOUNTS = {"credit_ledger", "usage_logs", "jobs", "profiles"}
"""Tables that may still hold the user's id: amounts, times, ids, emptied jobs and profiles."""


class Lived(NamedTuple):
    """A user with data of every kind."""

    person: UserClient
    job: str
    word: str
    """Part of every text that the user wrote, and of no other text."""


def lived_in(system: LocalSystem) -> Lived:
    person, word = UserClient(system), f"gilly{uuid4().hex}"
    job = person.create_job(f"a {word} on blue", session_name=f"{word} session")
    person.wait_for(job)
    labels = {"customTitle": f"My {word}", "tags": [word]}
    asset = person.asset(job)["id"]
    body = {"action": "save_to_library", "assetId": asset, **labels}
    assert person.invoke("workspace-actions", body).status_code == 200
    body = {"action": "create_collection", "name": word}
    assert person.invoke("workspace-actions", body).status_code == 200
    person.invoke("playground-chat", {"message": f"What is a {word}?"})
    with system.database() as connection:
        connection.execute("update profiles set username = %s where id = %s", [word, person.id])
        connection.execute(
            "insert into safety_decisions (user_id, place, rule_version, prompt_hash, outcome)"
            " values (%s, 'prompt', '1', '\\x00', 'refused')",
            [person.id],
        )
    return Lived(person, job, word)


def tables(system: LocalSystem) -> list[str]:
    rows = system.rows(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    )
    return [row["relname"] for row in rows]


def holding(system: LocalSystem, text: str) -> set[str]:
    """The tables in which any column of any row contains the text."""
    return {
        table
        for table in tables(system)
        if system.value(f"select count(*) from {table} where {table}::text ilike %s", f"%{text}%")
    }


def objects_of(system: LocalSystem, person: UserClient) -> list[str]:
    return [path for path in system.objects() if person.id in path]


def test_an_export_holds_every_row_and_file(noop: LocalSystem, tmp_path: Path) -> None:
    person, job, word = lived_in(noop)
    to = tmp_path / "export.zip"
    assert run_ok(noop, "export", "--user", person.id, "--to", str(to)) == str(to)
    with zipfile.ZipFile(to) as archive:
        rows = json.loads(archive.read("data.json"))
        files = {name.removeprefix("files/") for name in archive.namelist()} - {"data.json"}
        png = archive.read(next(name for name in archive.namelist() if name.endswith(".png")))
    assert png.startswith(b"\x89PNG")
    assert files == set(objects_of(noop, person))
    assert rows.keys() == user_data.KNOWN.keys()
    assert [row["id"] for row in rows["jobs"]] == [job]
    assert word in rows["jobs"][0]["original_prompt"]
    assert [row["custom_title"] for row in rows["user_library"]] == [f"My {word}"]
    assert [row["content"] for row in rows["messages"]] == [f"What is a {word}?"]
    assert [row["kind"] for row in rows["credit_ledger"]] == ["grant", "reserve", "settle"]
    tables = {table for table, found in rows.items() if found}
    assert tables >= {"profiles", "workspace_assets", "user_collections", "workspace_sessions"}


def test_an_export_without_a_file_goes_to_the_workspace_bucket(noop: LocalSystem) -> None:
    person = lived_in(noop).person
    address = run_ok(noop, "export", "--user", person.id)
    assert address.startswith(f"gs://workspace-temp/{person.id}/export-")
    assert address.removeprefix("gs://") in noop.objects()


def test_erasing_leaves_nothing_but_accounts(noop: LocalSystem) -> None:
    person, _, word = lived_in(noop)
    assert holding(noop, word) >= {"jobs", "user_library", "messages", "change_events", "profiles"}
    assert objects_of(noop, person)
    done = json.loads(run_ok(noop, "erase", "--user", person.id))
    assert done["files"] > 0
    assert done["workspace_assets"] == 1
    assert holding(noop, word) == set()
    assert holding(noop, person.id) <= ACCOUNTS
    assert objects_of(noop, person) == []
    assert person.ledger() == ["grant", "reserve", "settle"]


def test_erasing_again_finds_nothing(noop: LocalSystem) -> None:
    person = lived_in(noop).person
    run_ok(noop, "erase", "--user", person.id)
    assert set(json.loads(run_ok(noop, "erase", "--user", person.id)).values()) == {0}


def test_erasing_one_leaves_another_alone(noop: LocalSystem) -> None:
    one = lived_in(noop).person
    other, job, word = lived_in(noop)
    before = sorted(objects_of(noop, other))
    run_ok(noop, "erase", "--user", one.id)
    assert sorted(objects_of(noop, other)) == before
    assert word in other.rows("jobs", id=f"eq.{job}")[0]["original_prompt"]
    assert len(library(other)) == 1


def test_an_erased_user_may_sign_up_again_without_new_credits(noop: LocalSystem) -> None:
    person = lived_in(noop).person
    before = person.rows("profiles")[0]["token_balance"]
    run_ok(noop, "erase", "--user", person.id)
    job = person.create_job()
    person.wait_for(job)
    assert person.rows("profiles")[0]["token_balance"] == before - 1


def test_erasing_ends_what_runs(bare: LocalSystem, hand_worker: ScriptedWorker) -> None:
    person = UserClient(bare)
    job = person.create_job()
    claim_id, claim = hand_worker.claimed(job)
    assets = hand_worker.upload(claim)
    done = json.loads(run_ok(bare, "erase", "--user", person.id))
    assert done["jobs_cancelled"] == 1
    assert person.ledger() == ["grant", "reserve", "refund"]
    assert objects_of(bare, person) == []
    assert hand_worker.complete(job, claim_id, assets).json()["proceed"] is False
    assert person.rows("workspace_assets") == []


def test_a_user_who_never_was_is_nothing(noop: LocalSystem, tmp_path: Path) -> None:
    unknown_user = str(uuid4())
    assert set(json.loads(run_ok(noop, "erase", "--user", unknown_user)).values()) == {0}
    run_ok(noop, "export", "--user", unknown_user, "--to", str(tmp_path / "none.zip"))
    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert archive.namelist() == ["data.json"]


def test_each_table_that_names_a_user_is_thought_of(noop: LocalSystem) -> None:
    rows = noop.rows(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'user_id'"
    )
    named = {row["table_name"] for row in rows} & set(tables(noop))
    assert named - user_data.ERASED.keys() == user_data.KEPT
    assert user_data.KNOWN.keys() >= user_data.KEPT
