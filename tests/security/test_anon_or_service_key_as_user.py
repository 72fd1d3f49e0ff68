"""The anon key and the service key are signed with the same secret, but are not user tokens."""

import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from infra.local.config import tokens
from tests.security import concurrency
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

_TABLES = (
    *("jobs", "profiles", "credit_ledger", "workspace_assets", "user_collections", "user_roles"),
    *("conversations", "messages", "workspace_sessions", "job_progress", "job_claims", "workers"),
    *("change_events", "model_configs", "system_config"),
)
_FUNCTIONS = (
    *("queue-job", "workspace-actions", "playground-chat", "enhance-prompt", "job-events"),
    *("validate-enhancement-fix", "get-active-worker-url", "generate-admin-image"),
    *("system-metrics", "job-callback", "update-worker-url", "sweep-jobs"),
)
_ROLES: list[object] = [
    *("anon", "service_role", "service", "postgres", "supabase_admin", "authenticator", "admin"),
    *("", None, 5, [], ["authenticated"], ["anon"], {}, "Authenticated", "authenticated\n"),
    *("dashboard_user", "supabase_auth_admin", "authenticated;set role postgres", "none", "public"),
]


def _key(role: object, **more: object) -> str:
    """Return a token of that role, as a Supabase project key, or with a user's claims."""
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "supabase", "iat": now, "exp": now + 3600, "role": role}
    return jwt.encode({**claims, **more}, tokens.secret(), algorithm="HS256")


def _keys() -> list[tuple[str, str]]:
    user = {"sub": str(uuid4()), "aud": tokens.AUDIENCE, "iss": tokens.ISSUER}
    candidates = [("the anon key", tokens.anon_token())]
    for role in _ROLES:
        candidates.append((f"{role!r}", _key(role)))
        candidates.append((f"{role!r} with a user's claims", _key(role, **user)))
        candidates.append(
            (f"{role!r} of an admin", _key(role, **user, app_metadata={"role": "admin"}))
        )
    return candidates


def test_no_function_takes_a_projects_key_for_a_user(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    attempts = [(name, key, function) for name, key in _keys() for function in _FUNCTIONS]
    before = bare.value("select count(*) from jobs")

    def send(client: httpx.Client, one: tuple[str, str, str]) -> None:
        name, key, function = one
        headers = {"authorization": f"Bearer {key}", "apikey": key}
        url = f"{bare.base}/functions/v1/{function}"
        answer = concurrency.ask(client, "POST", url, headers=headers, json={})
        tally.answered(f"{name} at {function}", answer, {401})

    concurrency.each(corpora.some(attempts, short=120), send)
    assert bare.value("select count(*) from jobs") == before


@pytest.fixture
def secrets(person: UserClient) -> str:
    """Insert rows of a user into nearly every table, and return the user's id."""
    person.create_job()
    session = {"session_name": "mine"}
    assert person.post_job(**session).status_code == 202
    return person.id


def test_a_projects_key_reads_nothing_of_a_users(
    bare: LocalSystem, secrets: str, corpora: Corpora, tally: Tally
) -> None:
    attempts = [(name, key, table) for name, key in _keys() for table in _TABLES]

    def send(client: httpx.Client, one: tuple[str, str, str]) -> None:
        name, key, table = one
        headers = {"authorization": f"Bearer {key}", "apikey": key}
        answer = client.get(f"{bare.base}/rest/v1/{table}", headers=headers)
        if answer.status_code == 200 and secrets not in answer.text:
            tally.refused(f"{name} at {table}", is_refused=True)
        else:
            tally.answered(f"{name} at {table}", answer, {401, 403, 404})

    concurrency.each(corpora.some(attempts, short=120), send)


def test_a_projects_key_changes_nothing(bare: LocalSystem, secrets: str, tally: Tally) -> None:
    query = "select to_jsonb(profiles)::text from profiles where id = %s"
    before = bare.value(query, secrets)
    for name, key in _keys():
        headers = {"authorization": f"Bearer {key}", "apikey": key}
        url = f"{bare.base}/rest/v1/profiles?id=eq.{secrets}"
        answer = web.patch(url, headers=headers, json={"username": "taken"})
        tally.answered(f"{name} writes", answer, {401, 403, 404})
        for kind in ("sign", "list", "upload/sign"):
            place = f"{bare.base}/storage/v1/object/{kind}/workspace-temp"
            path = place if kind == "list" else f"{place}/{secrets}/a.png"
            body = {"prefix": secrets, "expiresIn": 60}
            answer = web.post(path, headers=headers, json=body)
            if kind == "list" and answer.status_code == 200:
                tally.refused(f"{name} lists", is_refused=answer.json() == [])
            else:
                tally.answered(f"{name} at {kind}", answer, {401, 403, 404})
    assert bare.value(query, secrets) == before
