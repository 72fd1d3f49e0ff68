"""SQL injection: every text that reaches the database stays a value."""

from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import httpx

from tests.security import concurrency, sql_texts
from tests.security.tally import Corpora, Tally
from tests.security.user_fixture import Belongings
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import act, library, make

_COLUMNS = ("id", "user_id", "metadata", "original_prompt", "created_at", "token_balance", "status")
_OPERATORS = ("eq", "neq", "gt", "like", "ilike", "in", "is", "cs", "cd", "fts", "match", "ov", "x")


def _of_rest(chance: Random) -> tuple[str, str, Any, dict[str, str]]:
    """Return a random request whose every part may contain an injection."""
    table = chance.choice(["jobs", "profiles", "user_library", "workspace_sessions", "messages"])
    column, operator, text = (
        chance.choice(_COLUMNS),
        chance.choice(_OPERATORS),
        sql_texts.one(chance),
    )
    quoted = quote(text, safe=chance.choice(["", "(),.*:"]))
    path = chance.choice([
        f"{table}?{column}={operator}.{quoted}",
        f"{table}?{quoted}=eq.x",
        f"{table}?{column}->>{quoted}=eq.x",
        f"{table}?{column}={quoted}.x",
        f"{table}?{column}=in.({quoted},{quoted})",
        f"{table}?{column}=not.{operator}.{quoted}",
        f"{table}?or=({column}.eq.{quoted})",
        f"{table}?and=({quoted})",
        f"{table}?select={quoted}",
        f"{table}?select=id::{quoted}",
        f"{table}?select=x:{quoted}",
        f"{table}?select=id,{quoted}(*)",
        f"{table}?select=metadata->{quoted}",
        f"{table}?order={quoted}",
        f"{table}?order=id.{quoted}",
        f"{table}?limit={quoted}",
        f"{table}?offset={quoted}",
        f"{table}?on_conflict={quoted}",
        f"{table}?columns={quoted}",
        f"{quoted}?select=*",
        f"rpc/{quoted}",
        f"rpc/create_workspace_session?p_user_id={quoted}",
    ])  # fmt: skip
    method = chance.choice(["GET", "GET", "GET", "POST", "PATCH", "DELETE"])
    if method in {"PATCH", "DELETE"} and "?" not in path:
        method = "GET"
    body = {text: text, "session_name": text} if method in {"POST", "PATCH"} else None
    name = chance.choice(["prefer", "range", "accept-profile", "content-profile", "accept", "x"])
    value = text.encode("ascii", "ignore").decode().replace("\x00", "").strip() or "x"
    return method, f"/rest/v1/{path}", body, {name: value} if chance.random() < 0.3 else {}


def test_no_query_of_rest_is_more_than_a_query(
    bare: LocalSystem,
    hand_worker: ScriptedWorker,
    person: UserClient,
    corpora: Corpora,
    tally: Tally,
) -> None:
    owner = Belongings(bare, hand_worker)
    before, chance = owner.all(), corpora.chance("rest")
    requests = [_of_rest(chance) for _ in range(corpora.size(1500, short=150))]

    def ask(client: httpx.Client, one: tuple[str, str, Any, dict[str, str]]) -> None:
        method, path, body, more = one
        headers = {"authorization": f"Bearer {person.token}", **more}
        answer = client.request(method, bare.base + path, json=body, headers=headers)
        if owner.is_shown_in(answer.text) or owner.person.id in answer.text:
            tally.refused(f"{method} {path}: {answer.text[:200]}", is_refused=False)
        else:
            tally.answered(f"{method} {path} {body} {more}", answer, range(200, 500))

    concurrency.each(requests, ask)
    changes = owner.changes_since(before)
    tally.refused(f"another's rows have changed: {changes}", is_refused=not changes)
    tally.refused("a table was made", is_refused=_is_unchanged(bare))


def _is_unchanged(system: LocalSystem) -> bool:
    """Return whether no injected statement created a table."""
    return bool(system.value("select to_regclass('injected') is null"))


def _of_functions(person: UserClient, asset_id: str, text: str) -> Iterator[tuple[str, str, Any]]:
    functions, storage = "/functions/v1", "/storage/v1/object"
    job = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", text or "x": text}}
    yield "POST", f"{functions}/queue-job", {**job, "jobType": text}
    yield "POST", f"{functions}/queue-job", {**job, "projectId": text}
    yield "POST", f"{functions}/queue-job", {**job, "referenceImageUrl": text}
    for action in ("save_to_library", "discard_asset", "cancel_job", text):
        body = {"action": action, "assetId": text, "jobId": text, "customTitle": text}
        yield "POST", f"{functions}/workspace-actions", body
    body = {"action": "save_to_library", "assetId": asset_id, "collectionId": text}
    yield "POST", f"{functions}/workspace-actions", body
    yield "POST", f"{functions}/workspace-actions", {"action": "create_collection", "name": text}
    row = {"message": text, "conversation_id": text}
    yield "POST", f"{functions}/playground-chat", row
    yield "POST", f"{functions}/get-active-worker-url", {"worker_type": text}
    quoted = quote(text, safe="")
    yield "GET", f"{functions}/job-events?jobId={quoted}&lastEventId={quoted}", None
    yield "GET", f"{functions}/job-events?ticket={quoted}", None
    for bucket in ("workspace-temp", "user-library"):
        listed = {"prefix": f"{person.id}/{text}", "search": text, "sortBy": {"column": text}}
        yield "POST", f"{storage}/list/{bucket}", listed
        yield "POST", f"{storage}/list/{bucket}", {"prefix": f"{person.id}", "search": text}
        paths = {"expiresIn": 60, "paths": [text, f"{person.id}/{text}"]}
        yield "POST", f"{storage}/sign/{bucket}", paths
        yield "POST", f"{storage}/sign/{bucket}/{person.id}/{quoted}", {"expiresIn": 60}
    yield "DELETE", f"{storage}/workspace-temp", {"prefixes": [text, f"{person.id}/{text}"]}


def test_no_text_of_a_function_is_more_than_a_text(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    (asset_id,) = make(person, hand_worker)
    chance = corpora.chance("functions")
    texts = [sql_texts.one(chance) for _ in range(corpora.size(60, short=4))]
    calls = [function for text in texts for function in _of_functions(person, asset_id, text)]

    def ask(client: httpx.Client, one: tuple[str, str, Any]) -> None:
        method, path, body = one
        headers = {"authorization": f"Bearer {person.token}"}
        answer = concurrency.ask(client, method, bare.base + path, json=body, headers=headers)
        if path.endswith("playground-chat") and answer.status_code == 503:
            tally.refused("no chat worker is up", is_refused=True)
        else:
            tally.answered(f"{method} {path} {body}", answer, range(200, 500))

    concurrency.each(calls, ask)
    tally.refused("a table was made", is_refused=_is_unchanged(bare))


def test_what_is_stored_is_the_text_that_was_sent(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    (asset_id,) = make(person, hand_worker)
    kept = act(person, "save_to_library", assetId=asset_id).json()["libraryAssetId"]
    texts = [one for one in sql_texts.ALL if "\x00" not in one]
    for text in corpora.some(texts, short=12):
        answer = act(person, "update_library_asset", libraryAssetId=kept, customTitle=text)
        tally.answered(f"title {text!r}", answer, {200})
        (row,) = library(person)
        tally.refused(
            f"{row['custom_title']!r} for {text!r}", is_refused=row["custom_title"] == text
        )
        rows = person.rows("user_library", custom_title=f"eq.{text}", user_id=f"eq.{person.id}")
        tally.refused(f"{text!r} is not found", is_refused=len(rows) == 1)
        session = {"session_name": text, "user_id": person.id}
        url = f"{bare.base}/rest/v1/workspace_sessions"
        headers = {
            "authorization": f"Bearer {person.token}",
            "prefer": "return=representation",
        }
        response = web.post(url, json=session, headers=headers)
        stored = (
            response.json()[0]["session_name"] if response.status_code == 201 else response.text
        )
        tally.refused(f"{stored!r} for {text!r}", is_refused=stored == text)
    tally.refused("a table was made", is_refused=_is_unchanged(bare))


def test_no_idempotency_key_or_worker_id_is_more_than_a_text(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    for text in corpora.some(sql_texts.ALL, short=10):
        value = text.encode("ascii", "ignore").decode().replace("\x00", "").strip() or "x"
        body = {"action": "create_collection", "name": "x"}
        answer = person.invoke("workspace-actions", body, **{"Idempotency-Key": value})
        tally.answered(f"key {value!r}", answer, {200, 422})
        body = {"worker_type": "sdxl", "worker_url": hand_worker.url, "worker_id": text}
        answer = hand_worker.send("update-worker-url", body)
        tally.answered(f"worker {text!r}", answer, {403, 422})
        answer = hand_worker.send("update-worker-url", {}, headers={"x-worker-id": value})
        tally.answered(f"key of {value!r}", answer, {401})
    tally.refused("a table was made", is_refused=_is_unchanged(bare))
