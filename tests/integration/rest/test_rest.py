"""The product's tables through the REST endpoint, as supabase-js reads them."""

import pytest

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker


@pytest.fixture
def jobs(person: UserClient) -> list[str]:
    """Three jobs, oldest first."""
    return [person.create_job(f"a star number {number}") for number in range(3)]


def test_a_user_sees_their_own_rows_alone(
    bare: LocalSystem, person: UserClient, jobs: list[str]
) -> None:
    other_user = UserClient(bare)
    assert {row["id"] for row in person.rows("jobs")} == set(jobs)
    assert other_user.rows("jobs") == []
    assert other_user.rows("jobs", id=f"eq.{jobs[0]}") == []
    assert other_user.rows("jobs", user_id=f"eq.{person.id}") == []


def test_select_order_limit_and_offset(person: UserClient, jobs: list[str]) -> None:
    newest = person.rows("jobs", select="id", order="created_at.desc", limit="2")
    assert newest == [{"id": jobs[2]}, {"id": jobs[1]}]
    rest = person.rows("jobs", select="id", order="created_at.desc", limit="2", offset="2")
    assert rest == [{"id": jobs[0]}]


def test_filters_are_joined_by_and(person: UserClient, jobs: list[str]) -> None:
    rows = person.rows("jobs", id=f"eq.{jobs[1]}", status="eq.queued")
    assert [row["id"] for row in rows] == [jobs[1]]
    assert person.rows("jobs", id=f"eq.{jobs[1]}", status="eq.failed") == []
    assert len(person.rows("jobs", completed_at="is.null", credits="gte.1")) == 3


def test_the_same_column_may_be_filtered_twice(person: UserClient, jobs: list[str]) -> None:
    query = f"id=neq.{jobs[0]}&id=neq.{jobs[1]}&select=id"
    assert person.get(f"/rest/v1/jobs?{query}").json() == [{"id": jobs[2]}]


@pytest.mark.usefixtures("jobs")
def test_the_answer_says_which_rows_it_holds(person: UserClient) -> None:
    answer = person.get("/rest/v1/jobs")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-range"] == "0-2/*"
    assert person.get("/rest/v1/workspace_assets").headers["content-range"] == "*/*"


@pytest.mark.parametrize(
    "column", ["parameters", "worker_id", "lease_until", "claim_id", "priority", "dispatch_no"]
)
def test_dispatchs_own_columns_are_not_there(person: UserClient, column: str) -> None:
    person.create_job()
    assert column not in person.rows("jobs")[0]
    for query in ({"select": column}, {"order": column}, {column: "is.null"}):
        answer = person.get("/rest/v1/jobs", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "42703")


@pytest.mark.parametrize(
    "table",
    [
        "workers",
        "user_queues",
        "job_claims",
        "webhook_receipts",
        "discarded_assets",
        "pg_class",
        "_yoyo_log",
        "Jobs",
        'jobs"; drop table jobs; --',
    ],
)
def test_other_tables_are_404(person: UserClient, table: str) -> None:
    answer = person.get(f"/rest/v1/{table}")
    assert (answer.status_code, answer.json()["code"]) == (404, "PGRST205")


def test_a_value_is_never_read_as_sql(person: UserClient, jobs: list[str]) -> None:
    hostile = "eq.x' or '1'='1"
    assert person.rows("jobs", original_prompt=hostile) == []
    assert len(person.rows("jobs")) == len(jobs)


def test_anon_reads_what_is_public_alone(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    hand_worker.finish(job_id)
    asset = person.asset(job_id)["id"]
    person.invoke("workspace-actions", {"action": "save_to_library", "assetId": asset})
    anon = {"authorization": f"Bearer {tokens.anon_token()}"}
    library = f"{bare.base}/rest/v1/user_library?source_asset_id=eq.{asset}"
    assert web.get(library, headers=anon).json() == []
    bare.rows(
        "update user_library set visibility = 'public' where source_asset_id = %s returning id",
        asset,
    )
    assert len(web.get(library, headers=anon).json()) == 1
    assert len(UserClient(bare).rows("user_library", source_asset_id=f"eq.{asset}")) == 1
    for table in ("jobs", "workspace_assets", "profiles", "credit_ledger"):
        assert web.get(f"{bare.base}/rest/v1/{table}", headers=anon).status_code == 404


def test_nothing_is_read_without_a_token(bare: LocalSystem) -> None:
    answer = web.get(f"{bare.base}/rest/v1/jobs")
    assert answer.status_code == 401


def test_a_profile_is_its_owners_to_name(person: UserClient, bare: LocalSystem) -> None:
    person.create_job()
    url = f"{bare.base}/rest/v1/profiles"
    for user, named in ((UserClient(bare), []), (person, [{"id": person.id, "username": "me"}])):
        answer = web.patch(
            f"{url}?id=eq.{person.id}&select=id,username",
            headers={"authorization": f"Bearer {user.token}", "prefer": "return=representation"},
            json={"username": "me"},
        )
        assert (answer.status_code, answer.json()) == (200, named)


def test_a_browser_may_use_each_method(bare: LocalSystem) -> None:
    allowed = web.options(f"{bare.base}/rest/v1/jobs").headers
    assert allowed["access-control-allow-methods"] == "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
    assert {"prefer", "range", "x-retry-count"} <= set(
        allowed["access-control-allow-headers"].split(", ")
    )
    assert "content-range" in allowed["access-control-expose-headers"]
