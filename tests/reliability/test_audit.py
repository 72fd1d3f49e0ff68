"""The audit finds faults: each altered row, each deleted file."""

from urllib.parse import quote

import pytest

from tests.reliability.audit import audit, audit_by
from tests.reliability.recovery import until_ended
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

JOB = "(select id from jobs where user_id = %(user)s and destination = 'workspace')"
BENT = {
    "a job that goes on": (
        "left",
        f"update jobs set status = 'processing', lease_until = now() where id = {JOB}",
    ),
    "an asset that is gone": ("asset", f"delete from workspace_assets where job_id = {JOB}"),
    "an asset of another number": (
        "asset",
        f"update workspace_assets set asset_index = 1 where job_id = {JOB}",
    ),
    "a file that differs": (
        "asset",
        f"update workspace_assets set crc32c = 'AAAAAA==' where job_id = {JOB}",
    ),
    "a library asset that is gone": ("asset", "delete from user_library where user_id = %(user)s"),
    "a library asset of nothing": (
        "asset",
        f"update jobs set destination = 'workspace' where user_id = %(user)s and id <> {JOB}",
    ),
    "a job that was not paid": (
        "charge",
        f"delete from credit_ledger where job_id = {JOB} and kind = 'reserve'",
    ),
    "a job that is settled and refunded": (
        "charge",
        f"update credit_ledger set kind = 'refund' where job_id = {JOB} and kind = 'settle'",
    ),
    "a wrong price": (
        "charge",
        f"update credit_ledger set amount = amount - 1 where job_id = {JOB} and kind = 'reserve'",
    ),
    "a wrong balance": (
        "charge",
        "update profiles set token_balance = token_balance + 1 where id = %(user)s",
    ),
    "a use that is logged twice": (
        "charge",
        f"insert into usage_logs (user_id, job_id, action) values (%(user)s, {JOB}, 'again')",
    ),
    "turns without a job": ("turns", "update user_queues set waiting = 1 where user_id = %(user)s"),
}


@pytest.fixture(scope="module")
def jobs(noop: LocalSystem) -> tuple[UserClient, list[str]]:
    """A user, and two finished jobs, one of them for the library."""
    person = UserClient(noop)
    made = [person.create_job(), person.create_job(destination="library")]
    until_ended(noop, [person.id], seconds=120)
    return person, made


def test_nothing_is_wrong_with_jobs_that_were_left_alone(
    noop: LocalSystem, jobs: tuple[UserClient, list[str]]
) -> None:
    person, made = jobs
    found = audit(noop, [person.id], made)
    assert (found.jobs, found.ended, found.faults) == (2, {"completed": 2}, [])


@pytest.mark.parametrize("what", BENT)
def test_the_audit_sees(noop: LocalSystem, jobs: tuple[UserClient, list[str]], what: str) -> None:
    person, made = jobs
    kind, statement = BENT[what]
    with noop.database() as connection, connection.transaction(force_rollback=True):
        bent = connection.execute(statement.encode(), {"user": person.id})
        assert bent.rowcount > 0
        assert audit_by(connection, noop, [person.id], made).count(kind) > 0


def test_the_audit_finds_lost_jobs_and_missing_events(
    noop: LocalSystem, jobs: tuple[UserClient, list[str]]
) -> None:
    person, (one, another) = jobs
    assert audit(noop, [person.id], [one]).count("doubled") == 1
    assert audit(noop, [person.id], [one, another, person.id]).count("lost") == 1


def test_the_audit_sees_a_file_that_is_gone(
    noop: LocalSystem, jobs: tuple[UserClient, list[str]]
) -> None:
    person, made = jobs
    path = quote(person.asset(made[0])["thumbnail_path"], safe="")
    storage = f"http://127.0.0.1:{noop.ports()['storage']}/storage/v1/b/workspace-temp/o"
    content = web.get(f"{storage}/{path}", params={"alt": "media"}).content
    assert web.delete(f"{storage}/{path}").status_code == 204
    assert audit(noop, [person.id], made).count("asset") == 1
    upload = f"http://127.0.0.1:{noop.ports()['storage']}/upload/storage/v1/b/workspace-temp/o"
    put = web.post(f"{upload}?uploadType=media&name={path}", content=content)
    assert put.status_code == 200
