"""GET /job-events: the changes and progress reports that a user receives and others do not."""

import time
from uuid import uuid4

import pytest

from tests.integration.operations.schema_tables import DISPATCH, JOBS, ROWS
from tests.support.db_roles import connect_as
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sse_client import SseClient

PUBLISHED_TABLES = (
    "workspace_sessions",
    "jobs",
    "workspace_assets",
    "user_library",
    "workspace_items",
)


def test_a_stream_begins_with_where_it_begins(person: UserClient) -> None:
    with SseClient(person) as stream:
        assert stream.answer.status_code == 200
        headers = stream.answer.headers
        assert headers["content-type"].partition(";")[0] == "text/event-stream"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["access-control-allow-origin"] == "*"
        assert stream.lines[0] == "retry: 2000"
        (first,) = stream.all
        assert (first.event, first.data) == ("ready", {})
        assert first.id


def test_a_jobs_events_arrive_in_order(person: UserClient, hand_worker: ScriptedWorker) -> None:
    with SseClient(person) as stream:
        job_id = person.create_job()
        hand_worker.finish(job_id)
        events = stream.wait(4)
        assert [(event.data["table"], event.data["type"]) for event in events] == [
            ("jobs", "INSERT"),
            ("jobs", "UPDATE"),
            ("jobs", "UPDATE"),
            ("workspace_assets", "INSERT"),
        ]
        assert stream.statuses() == ["queued", "processing", "completed"]
        assert {event.data["commit_timestamp"][-1] for event in events} == {"Z"}
        old = {"id": job_id}
        assert [event.data["old_record"] for event in events] == [None, old, old, None]
        assert events[3].record["id"] == person.asset(job_id)["id"]
        assert [event.position for event in events] == sorted(one.position for one in events)


def test_a_record_is_what_its_user_may_read(bare: LocalSystem, person: UserClient) -> None:
    row = {"user": person.id, "id": uuid4()}
    with SseClient(person) as stream, bare.database() as connection:
        for table in PUBLISHED_TABLES:
            connection.execute(ROWS[table].encode(), row)
        events = stream.wait(len(PUBLISHED_TABLES))
    assert [event.data["table"] for event in events] == list(PUBLISHED_TABLES)
    for event in events:
        readable = bare.rows(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and has_column_privilege('authenticated', attrelid, attnum, 'select')",
            event.data["table"],
        )
        assert event.record.keys() == {column["attname"] for column in readable}
    assert not events[1].record.keys() & set(DISPATCH.split())


def test_no_change_of_what_a_user_may_read_is_left_out(bare: LocalSystem) -> None:
    rows = bare.rows(
        "select attname from pg_trigger join pg_attribute"
        " on attrelid = tgrelid and attnum = any (tgattr::smallint[])"
        " where tgrelid = 'jobs'::regclass and tgname = 'publish_change'"
    )
    assert {row["attname"] for row in rows} == set(JOBS.split()) - {"updated_at"}


def test_a_deletion_is_delivered_with_its_id(bare: LocalSystem, person: UserClient) -> None:
    with SseClient(person) as stream, bare.database() as connection:
        row = {"user": person.id, "id": uuid4()}
        connection.execute(ROWS["workspace_sessions"].encode(), row)
        connection.execute("delete from workspace_sessions where user_id = %s", [person.id])
        _, gone = stream.wait(2)
    assert (gone.data["type"], gone.data["record"]) == ("DELETE", None)
    assert gone.data["old_record"] == {"id": str(row["id"])}


def test_a_user_who_changes_a_row_gets_an_event_and_cannot_write_one(
    bare: LocalSystem, person: UserClient
) -> None:
    with SseClient(person) as stream, connect_as(bare, "authenticated", person.id) as connection:
        connection.execute("insert into workspace_sessions (user_id) values ($1)", [person.id])
        connection.execute("update workspace_sessions set is_active = false")
        _, changed = stream.wait(2)
    assert (changed.data["type"], changed.record["is_active"]) == ("UPDATE", False)


def test_dispatch_heartbeats_and_holds_are_no_change(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    with SseClient(person) as stream:
        job_id = person.create_job()
        claim_id, claim = hand_worker.claimed(job_id)
        for step in range(3):
            body = hand_worker.callback_body(job_id, claim_id, "processing", progress=step / 10)
            assert hand_worker.send("job-callback", body).json()["proceed"] is True
        hand_worker.complete(job_id, claim_id, hand_worker.upload(claim))
        for hold in ("now()", "null"):
            bare.rows(
                f"update workspace_assets set saving_until = {hold} where job_id = %s returning id",
                job_id,
            )
        bare.rows(
            "update workspace_assets set promotion = 'done' where job_id = %s returning id", job_id
        )
        events = stream.wait(5)
    assert stream.statuses() == ["queued", "processing", "completed"]
    assert [event.record["promotion"] for event in events[3:]] == ["none", "done"]


def test_progress_is_sent_at_most_four_times_a_second(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    with SseClient(person) as stream:
        job_id = person.create_job()
        claim_id, _ = hand_worker.claimed(job_id)
        steps = 1_000_000  # more than any machine reports in the time

        def report(step: int) -> None:
            more = {"progress": step / steps, "step": step, "steps": steps}
            body = hand_worker.callback_body(job_id, claim_id, "processing", **more)
            assert hand_worker.send("job-callback", body).status_code == 200

        began, step = time.monotonic(), 0
        while time.monotonic() < began + 2.5 or step < 30:
            step += 1
            report(step)
        took = time.monotonic() - began
        time.sleep(0.3)  # the next report is sent a quarter of a second after the last one
        report(step + 1)
        wait_until(lambda: stream.progress[-1].data["step"] == step + 1, what="the last one")
        events = list(stream.progress)
    assert 3 <= len(events) <= took / 0.25 + 3
    assert events[0].data == {"jobId": job_id, "progress": 0.0, "step": None, "steps": None}
    sent = [event.data["step"] for event in events[1:]]
    assert sent == sorted(set(sent))
    assert events[-1].data["progress"] == pytest.approx(sent[-1] / steps)
    assert {event.id for event in events} == {None}
    # Reports leave the server a quarter of a second apart; on the way the gaps may shrink.
    assert all(later.at - event.at > 0.8 for event, later in zip(events, events[4:], strict=False))


def test_a_user_gets_no_events_of_other_users(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> None:
    other_user = UserClient(bare)
    with SseClient(person) as own, SseClient(other_user) as other:
        job_id = other_user.create_job()
        hand_worker.finish(job_id)
        assert len(other.wait(4)) == 4
        assert other.progress
        person.create_job()
        own.wait(1)
        assert {change.record["user_id"] for change in own.changes} == {person.id}
        assert {change.record["user_id"] for change in other.changes} == {other_user.id}
        assert own.progress == []


def test_another_users_id_of_an_event_opens_nothing(bare: LocalSystem, person: UserClient) -> None:
    other_user = UserClient(bare)
    with SseClient(other_user) as other:
        before = other.last_id
        other_user.create_job()
        other.wait(1)
    with SseClient(person, last_event_id=before) as own:
        person.create_job()
        assert {event.record["user_id"] for event in own.wait(1)} == {person.id}


def test_a_stream_of_one_job_has_events_of_that_job_only(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id, other = person.create_job(), person.create_job()
    with SseClient(person, jobId=job_id) as stream, SseClient(person) as all_jobs:
        hand_worker.finish(other)
        hand_worker.finish(job_id)
        stream.wait(3)
        all_jobs.wait(6)
    assert stream.statuses() == ["processing", "completed"]
    assert [change.record["job_id"] for change in stream.changes[2:]] == [job_id]
    assert {event.data["jobId"] for event in stream.progress} == {job_id}
    assert {event.data["jobId"] for event in all_jobs.progress} == {job_id, other}


@pytest.mark.parametrize("job_id", ["1", "", "g" * 32])
def test_a_job_id_that_is_none_is_422(person: UserClient, job_id: str) -> None:
    answer = person.get("/functions/v1/job-events", jobId=job_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["details"][0]["field"] == "jobId"
