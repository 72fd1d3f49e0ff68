"""GET /job-events: what a user is told, and what nobody is told."""

import time
from uuid import uuid4

import pytest

from tests.integration.operations.schema_tables import DISPATCH, JOBS, ROWS
from tests.support.db_roles import acting
from tests.support.local_system import Person, System, until
from tests.support.scripted_worker import HandWorker
from tests.support.sse_client import EventStream

TOLD = ("workspace_sessions", "jobs", "workspace_assets", "user_library", "workspace_items")


def test_a_stream_begins_with_where_it_begins(person: Person) -> None:
    with EventStream(person) as stream:
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


def test_a_jobs_life_is_told_in_order(person: Person, hand_worker: HandWorker) -> None:
    with EventStream(person) as stream:
        job_id = person.queue()
        hand_worker.finish(job_id)
        told = stream.wait(4)
        assert [(one.data["table"], one.data["type"]) for one in told] == [
            ("jobs", "INSERT"),
            ("jobs", "UPDATE"),
            ("jobs", "UPDATE"),
            ("workspace_assets", "INSERT"),
        ]
        assert stream.statuses() == ["queued", "processing", "completed"]
        assert {one.data["commit_timestamp"][-1] for one in told} == {"Z"}
        old = {"id": job_id}
        assert [one.data["old_record"] for one in told] == [None, old, old, None]
        assert told[3].record["id"] == person.asset(job_id)["id"]
        assert [one.position for one in told] == sorted(one.position for one in told)


def test_a_record_is_what_its_user_may_read(bare: System, person: Person) -> None:
    row = {"user": person.id, "id": uuid4()}
    with EventStream(person) as stream, bare.database() as connection:
        for table in TOLD:
            connection.execute(ROWS[table].encode(), row)
        told = stream.wait(len(TOLD))
    assert [one.data["table"] for one in told] == list(TOLD)
    for one in told:
        readable = bare.rows(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and has_column_privilege('authenticated', attrelid, attnum, 'select')",
            one.data["table"],
        )
        assert one.record.keys() == {column["attname"] for column in readable}
    assert not told[1].record.keys() & set(DISPATCH.split())


def test_no_change_of_what_a_user_may_read_is_left_out(bare: System) -> None:
    rows = bare.rows(
        "select attname from pg_trigger join pg_attribute"
        " on attrelid = tgrelid and attnum = any (tgattr::smallint[])"
        " where tgrelid = 'jobs'::regclass and tgname = 'tell_change'"
    )
    assert {row["attname"] for row in rows} == set(JOBS.split()) - {"updated_at"}


def test_what_is_deleted_is_told_by_its_id(bare: System, person: Person) -> None:
    with EventStream(person) as stream, bare.database() as connection:
        row = {"user": person.id, "id": uuid4()}
        connection.execute(ROWS["workspace_sessions"].encode(), row)
        connection.execute("delete from workspace_sessions where user_id = %s", [person.id])
        _, gone = stream.wait(2)
    assert (gone.data["type"], gone.data["record"]) == ("DELETE", None)
    assert gone.data["old_record"] == {"id": str(row["id"])}


def test_a_user_who_changes_a_row_is_told_and_may_write_no_event(
    bare: System, person: Person
) -> None:
    with EventStream(person) as stream, acting(bare, "authenticated", person.id) as own:
        own.execute("insert into workspace_sessions (user_id) values ($1)", [person.id])
        own.execute("update workspace_sessions set is_active = false")
        _, changed = stream.wait(2)
    assert (changed.data["type"], changed.record["is_active"]) == ("UPDATE", False)


def test_dispatch_heartbeats_and_holds_are_no_change(
    bare: System, person: Person, hand_worker: HandWorker
) -> None:
    with EventStream(person) as stream:
        job_id = person.queue()
        claim_id, claim = hand_worker.claimed(job_id)
        for step in range(3):
            letter = hand_worker.letter(job_id, claim_id, "processing", progress=step / 10)
            assert hand_worker.send("job-callback", letter).json()["proceed"] is True
        hand_worker.complete(job_id, claim_id, hand_worker.upload(claim))
        for hold in ("now()", "null"):
            bare.rows(
                f"update workspace_assets set saving_until = {hold} where job_id = %s returning id",
                job_id,
            )
        bare.rows(
            "update workspace_assets set promotion = 'done' where job_id = %s returning id", job_id
        )
        told = stream.wait(5)
    assert stream.statuses() == ["queued", "processing", "completed"]
    assert [one.record["promotion"] for one in told[3:]] == ["none", "done"]


def test_progress_is_told_at_most_four_times_a_second(
    person: Person, hand_worker: HandWorker
) -> None:
    with EventStream(person) as stream:
        job_id = person.queue()
        claim_id, _ = hand_worker.claimed(job_id)
        steps = 1_000_000  # more than any machine reports in the time

        def report(step: int) -> None:
            more = {"progress": step / steps, "step": step, "steps": steps}
            letter = hand_worker.letter(job_id, claim_id, "processing", **more)
            assert hand_worker.send("job-callback", letter).status_code == 200

        began, step = time.monotonic(), 0
        while time.monotonic() < began + 2.5 or step < 30:
            step += 1
            report(step)
        took = time.monotonic() - began
        time.sleep(0.3)  # a quarter of a second after the last one told, the next is told
        report(step + 1)
        until(lambda: stream.progress[-1].data["step"] == step + 1, what="the last one")
        told = list(stream.progress)
    assert 3 <= len(told) <= took / 0.25 + 3
    assert told[0].data == {"jobId": job_id, "progress": 0.0, "step": None, "steps": None}
    sent = [one.data["step"] for one in told[1:]]
    assert sent == sorted(set(sent))
    assert told[-1].data["progress"] == pytest.approx(sent[-1] / steps)
    assert {one.id for one in told} == {None}
    # What is told is a quarter of a second apart where it is decided; on the way it may close up.
    assert all(later.at - one.at > 0.8 for one, later in zip(told, told[4:], strict=False))


def test_a_user_is_told_nothing_of_anybody_elses(
    bare: System, person: Person, hand_worker: HandWorker
) -> None:
    stranger = Person(bare)
    with EventStream(person) as own, EventStream(stranger) as other:
        job_id = stranger.queue()
        hand_worker.finish(job_id)
        assert len(other.wait(4)) == 4
        assert other.progress
        person.queue()
        own.wait(1)
        assert {one.record["user_id"] for one in own.changes} == {person.id}
        assert {one.record["user_id"] for one in other.changes} == {stranger.id}
        assert own.progress == []


def test_another_users_id_of_an_event_opens_nothing(bare: System, person: Person) -> None:
    stranger = Person(bare)
    with EventStream(stranger) as other:
        before = other.last_id
        stranger.queue()
        other.wait(1)
    with EventStream(person, last_event_id=before) as own:
        person.queue()
        assert {one.record["user_id"] for one in own.wait(1)} == {person.id}


def test_a_stream_of_one_job_tells_of_that_job_alone(
    person: Person, hand_worker: HandWorker
) -> None:
    wanted, other = person.queue(), person.queue()
    with EventStream(person, jobId=wanted) as stream, EventStream(person) as all_jobs:
        hand_worker.finish(other)
        hand_worker.finish(wanted)
        stream.wait(3)
        all_jobs.wait(6)
    assert stream.statuses() == ["processing", "completed"]
    assert [one.record["job_id"] for one in stream.changes[2:]] == [wanted]
    assert {one.data["jobId"] for one in stream.progress} == {wanted}
    assert {one.data["jobId"] for one in all_jobs.progress} == {wanted, other}


@pytest.mark.parametrize("job_id", ["1", "", "g" * 32])
def test_a_job_id_that_is_none_is_422(person: Person, job_id: str) -> None:
    answer = person.get("/functions/v1/job-events", jobId=job_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["details"][0]["field"] == "jobId"
