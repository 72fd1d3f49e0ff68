"""Mass assignment through metadata: fields that the server computes are taken from no request."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.auth.auth_client import PASSWORD, Visitor
from tests.security import concurrency
from tests.security.server_fields import KEYS, WRITES
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import act, library, make

_ROW = (
    "select user_id::text, status, queue, credits, model_variant, format, quality, attempts,"
    " max_attempts, dispatch_no, claim_id, priority, destination, expires_at > now() and"
    " expires_at < now() + interval '30 days' as expires_soon, created_at > now() - interval"
    " '1 hour' as is_new, original_prompt, num_images, reference_roles::text, parameters"
    " from jobs where id = %s"
)


def _bodies() -> list[tuple[str, dict[str, Any]]]:
    plain: dict[str, Any] = {"jobType": "sdxl_image_fast"}
    prompt = {"prompt": "a boat"}
    cases = []
    for name, values in KEYS.items():
        for value in values:
            cases.append((f"metadata.{name}", {**plain, "metadata": {**prompt, name: value}}))
            cases.append((f"body.{name}", {**plain, "metadata": prompt, name: value}))
            inner = {"metadata": {name: value}, "parameters": {name: value}, **prompt}
            cases.append((f"inner.{name}", {**plain, "metadata": inner}))
    every = {name: values[0] for name, values in KEYS.items()}
    return [*cases, ("all", {**plain, "metadata": {**every, **prompt}, **every})]


def test_no_key_of_a_request_makes_a_job_other_than_it_is(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    plain = UserClient(bare)
    job_id = plain.create_job("a boat")
    hand_worker.message(job_id)
    (expected,) = bare.rows(_ROW, job_id)

    def send(client: httpx.Client, one: tuple[str, dict[str, Any]]) -> None:
        person = UserClient(bare)
        headers = {"authorization": f"Bearer {person.token}"}
        url = f"{bare.base}/functions/v1/queue-job"
        answer = client.post(url, json=one[1], headers=headers)
        if answer.status_code != 202:
            tally.answered(f"{one[0]}: {one[1]}", answer, {422})
            return
        (row,) = bare.rows(_ROW, answer.json()["job"]["id"])
        tally.refused(f"{one[0]}: {row}", is_refused=_same(row, expected, person.id))
        balance = bare.value("select token_balance from profiles where id = %s", person.id)
        tally.refused(f"{one[0]}: {balance} are left", is_refused=balance == 19)

    concurrency.each(corpora.some(_bodies(), short=40), send)


def _same(row: dict[str, Any], expected: dict[str, Any], user_id: str) -> bool:
    """Compare two jobs without their owner, seed and dispatch state."""

    def plain(one: dict[str, Any]) -> dict[str, Any]:
        parameters = {k: v for k, v in one["parameters"].items() if k != "seed"}
        return {**one, "user_id": "", "parameters": parameters, "dispatch_no": 0}

    return row["user_id"] == user_id and row["dispatch_no"] <= 1 and plain(row) == plain(expected)


@pytest.mark.parametrize("prefer", ["return=minimal", "resolution=merge-duplicates"])
def test_no_column_that_is_not_the_users_is_written_by_rest(
    bare: LocalSystem, person: UserClient, tally: Tally, prefer: str
) -> None:
    person.create_job()
    before = _account(bare, person)
    for method, path, body in WRITES:
        payload = {name: person.id if value == "{me}" else value for name, value in body.items()}
        headers = {"authorization": f"Bearer {person.token}", "prefer": prefer}
        url = f"{bare.base}/rest/v1/{path.format(me=person.id)}"
        answer = web.request(method, url, json=payload, headers=headers)
        tally.answered(f"{method} {path} {body}", answer, {400, 401, 403, 404, 405})
    changes = before ^ _account(bare, person)
    tally.refused(f"the account has changed: {changes}", is_refused=not changes)


def _account(system: LocalSystem, person: UserClient) -> set[str]:
    """Return the rows of the account as text; Postgres returns them in any order."""
    return {
        f"{table}: {row}"
        for table, column in (
            ("profiles", "id"),
            ("credit_ledger", "user_id"),
            ("user_roles", "user_id"),
            ("workspace_assets", "user_id"),
        )
        for row in system.rows(f"select * from {table} where {column} = %s", person.id)
    }


def test_no_key_of_an_action_changes_what_it_does(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    (asset_id,) = make(person, hand_worker)
    other = UserClient(bare)
    extra = {
        "userId": other.id,
        "user_id": other.id,
        "visibility": "public",
        "storagePath": "x",
        "storage_path": "x",
        "libraryAssetId": str(uuid4()),
        "generation": 1,
        "credits": 100,
    }
    assert act(person, "save_to_library", assetId=asset_id, **extra).status_code == 200
    (row,) = library(person)
    tally.refused(
        f"{row}",
        is_refused=(row["user_id"], row["visibility"]) == (person.id, "private")
        and row["storage_path"].startswith(person.id)
        and row["id"] != extra["libraryAssetId"],
    )
    tally.refused("another's library", is_refused=library(other) == [])
    answer = act(person, "update_library_asset", **{**extra, "libraryAssetId": row["id"]})
    tally.answered("nothing of it is to be changed", answer, {200, 422})
    same = {name: value for name, value in row.items() if name != "updated_at"}
    (now,) = library(person)
    tally.refused("it changed", is_refused=same == {name: now[name] for name in same})


def test_no_sign_up_makes_an_admin(bare: LocalSystem, tally: Tally) -> None:
    """The local system's sign-up, which emulates Supabase Auth."""
    for more in (
        {"app_metadata": {"role": "admin"}},
        {"role": "service_role"},
        {"is_super_admin": True, "raw_app_meta_data": {"role": "admin"}},
        {"data": {"role": "admin", "app_metadata": {"role": "admin"}}},
        {"id": str(uuid4()), "sub": str(uuid4()), "aud": "x"},
    ):
        safety_user = Visitor(bare)
        body = {"email": safety_user.email, "password": PASSWORD, **more}
        session = safety_user.good(safety_user.post("signup", body))
        headers = {"authorization": f"Bearer {session['access_token']}"}
        url = f"{bare.base}/functions/v1/system-metrics"
        tally.answered(f"{more}", web.post(url, headers=headers), {403})
        user = safety_user.user(session).json()
        tally.refused(f"{user}", is_refused=user["id"] != more.get("id"))
        change = safety_user.ask("PUT", "user", session["access_token"], json=more)
        tally.refused(f"{change.text}", is_refused=change.status_code < 500)
        again = safety_user.good(safety_user.refresh(session))
        headers = {"authorization": f"Bearer {again['access_token']}"}
        tally.answered(f"{more}, afterwards", web.post(url, headers=headers), {403})
