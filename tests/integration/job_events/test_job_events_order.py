"""GET /job-events: no gaps and the right order under concurrent commits and reconnects."""

import random
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.integration.operations.schema_tables import ROWS
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sse_client import SseClient, SseEvent

ITEM = "insert into workspace_items (user_id, item_type, prompt) values (%s, 'image', %s)"
"""An insert into a table in which one user's inserts do not wait for each other."""


def test_a_late_commit_is_delivered_before_later_transactions(
    bare: LocalSystem, person: UserClient
) -> None:
    with SseClient(person) as stream, bare.database() as early, bare.database() as late:
        with early.transaction():
            early.execute(ITEM, [person.id, "early"])
            late.execute(ITEM, [person.id, "late"])
            time.sleep(0.3)
            assert stream.changes == [], "an older transaction may still insert an event"
        events = stream.wait(2)
    assert [event.record["prompt"] for event in events] == ["early", "late"]


def test_an_older_transaction_without_events_is_waited_for(
    bare: LocalSystem, person: UserClient
) -> None:
    with SseClient(person) as stream, bare.database() as early, bare.database() as late:
        with early.transaction():
            early.execute("select pg_current_xact_id()")
            late.execute(ITEM, [person.id, "late"])
            time.sleep(0.3)
            assert stream.changes == []
        stream.wait(1)  # the older one's end sends no notification, and polls are an hour apart


def test_changes_of_one_row_arrive_in_order(bare: LocalSystem, person: UserClient) -> None:
    """The transaction that completes the job is older than the one that claims it."""
    row = {"user": person.id, "id": uuid4()}
    claim = "update jobs set status = 'processing', claim_id = id, lease_until = now() where id=%s"
    with (
        SseClient(person) as stream,
        bare.database() as first,
        bare.database() as second,
        bare.database() as third,
    ):
        third.execute(ROWS["jobs"].replace("'completed'", "'queued'").encode(), row)
        for older in (first, third):
            older.execute("begin")
            older.execute("select pg_current_xact_id()")
        second.execute(claim, [row["id"]])
        first.execute("update jobs set status = 'completed' where id = %s", [row["id"]])
        first.execute("commit")
        time.sleep(0.3)
        third.execute("commit")
        stream.wait(3)
    assert stream.statuses() == ["queued", "processing", "completed"]


def test_a_client_that_reconnects_at_random_points_misses_nothing(
    bare: LocalSystem, person: UserClient
) -> None:
    chance = random.Random(7)
    writers = [threading.Thread(target=_write, args=(bare, person, number)) for number in range(4)]
    events: list[SseEvent] = []
    with SseClient(person) as stream:
        last = stream.last_id
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers) or last != _newest(bare, person):
        with SseClient(person, last_event_id=last) as stream:
            assert stream.all[0].event == "ready"
            assert stream.all[0].id == last
            time.sleep(chance.random() / 5)
        events += stream.changes
        last = stream.last_id
    expected = bare.rows(
        "select xid::text::bigint, seq from change_events where user_id = %s"
        " order by change_events.xid, seq",
        person.id,
    )
    assert len(expected) == 4 * 60
    assert [event.position for event in events] == [(one["xid"], one["seq"]) for one in expected]
    names = [event.record["prompt"] for event in events]
    for number in range(4):
        own = [name for name in names if name.startswith(f"{number} ")]
        assert own == [f"{number} {count}" for count in range(60)]


def test_an_id_in_the_query_resumes_too_and_the_header_goes_before_it(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    with SseClient(person) as stream:
        first = stream.last_id
        hand_worker.finish(person.create_job())
        second, *_ = stream.wait(4)
    with SseClient(person, lastEventId=first) as stream:
        assert len(stream.wait(4)) == 4
    with SseClient(person, last_event_id=second.id, lastEventId=first) as stream:
        assert len(stream.wait(3)) == 3
        assert stream.statuses() == ["processing", "completed"]


def test_a_long_absence_is_replayed_page_by_page(bare: LocalSystem, person: UserClient) -> None:
    with SseClient(person) as stream:
        last = stream.last_id
    with bare.database() as connection, connection.transaction():
        for number in range(250):
            connection.execute(ITEM, [person.id, str(number)])
    with SseClient(person, last_event_id=last) as stream:
        events = stream.wait(250)
    assert [event.record["prompt"] for event in events] == [str(number) for number in range(250)]


@pytest.mark.parametrize(
    "last", ["x", "1", "1-", "-1-1", "1-1-1", "0x1-1", "9" * 40 + "-1", "1-" + "9" * 40, "\xb2-1"]
)
def test_an_invalid_id_starts_from_now(person: UserClient, last: str) -> None:
    with SseClient(person, lastEventId=last) as stream:
        (first,) = stream.all
        assert (first.event, first.data) == ("reset", {})
        person.create_job()
        stream.wait(1)
    with SseClient(person, last_event_id=first.id) as stream:
        assert stream.all[0].event == "ready"
        assert len(stream.wait(1)) == 1


def test_an_id_of_the_future_is_another_databases(bare: LocalSystem, person: UserClient) -> None:
    future = bare.value("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000")
    with SseClient(person, last_event_id=f"{future}-1") as stream:
        assert stream.all[0].event == "reset"
        person.create_job()
        assert stream.wait(1)


def test_an_id_older_than_the_retained_events_starts_from_now(
    bare: LocalSystem, person: UserClient, sweep: Callable[[], dict[str, int]]
) -> None:
    with SseClient(person) as stream:
        before = stream.last_id
        with bare.database() as connection:
            connection.execute(ITEM, [person.id, "one"])
            connection.execute(ITEM, [person.id, "two"])
        events = stream.wait(2)
    _age(bare, events[0])
    sweep()
    rows = bare.rows("select seq from change_events where user_id = %s", person.id)
    assert [one["seq"] for one in rows] == [events[1].position[1]]
    with SseClient(person, last_event_id=before) as stream:
        assert stream.all[0].event == "reset"
        assert stream.changes == []
    with SseClient(person, last_event_id=events[0].id) as stream:
        assert stream.all[0].event == "ready"
        assert [event.id for event in stream.wait(1)] == [events[1].id]
    _age(bare, events[1])
    sweep()
    with SseClient(person) as stream:
        assert stream.all[0].position >= events[1].position
        newest = stream.last_id
    with SseClient(person, last_event_id=newest) as stream:
        assert stream.all[0].event == "ready", "an id from a quiet period is still valid"


def _write(system: LocalSystem, person: UserClient, number: int) -> None:
    """Insert sixty events from a thread, in transactions that end at random times."""
    chance = random.Random(number)
    with system.database() as connection:
        written = 0
        while written < 60:
            with connection.transaction():
                connection.execute("select pg_current_xact_id()")
                time.sleep(chance.random() / 20)
                for _ in range(min(chance.randint(1, 3), 60 - written)):
                    connection.execute(ITEM, [person.id, f"{number} {written}"])
                    written += 1
                time.sleep(chance.random() / 20)


def _newest(system: LocalSystem, person: UserClient) -> str:
    rows = system.rows(
        "select xid, seq from change_events where user_id = %s order by xid desc, seq desc limit 1",
        person.id,
    )
    return f"{rows[0]['xid']}-{rows[0]['seq']}" if rows else ""


def _age(system: LocalSystem, event: SseEvent) -> None:
    """Make the event a day older."""
    change = "update change_events set at = now() - interval '25 hours' where seq = %s returning 1"
    system.rows(change, event.position[1])
