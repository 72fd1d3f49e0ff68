"""sweep-jobs: deletion of old rows."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import pytest

from tests.conftest import sweep_of
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import Sweep, at_once


class Kind(NamedTuple):
    """SQL to insert and count the rows of a kind, with an age that is old and one that is not."""

    insert: str
    counting: str
    old: str
    young: str


_KINDS = {
    "receipts_deleted": Kind(
        "insert into webhook_receipts (created_at, webhook_id, body_hash, answer)"
        " select {at}, %(mine)s || n, '', '{{}}'",
        "select count(*) from webhook_receipts where webhook_id like %s || '%%'",
        "26 hours",
        "24 hours",
    ),
    "keys_deleted": Kind(
        "insert into idempotency_keys (created_at, user_id, endpoint, key, body_hash, reservation,"
        " lease_until) select {at}, %(mine)s, 'a', n::text, '', gen_random_uuid(), now()",
        "select count(*) from idempotency_keys where user_id = %s",
        "25 hours",
        "23 hours",
    ),
    "events_deleted": Kind(
        'insert into change_events (at, user_id, "table", type)'
        " select {at}, %(mine)s, 'jobs', 'INSERT'",
        "select count(*) from change_events where user_id = %s",
        "25 hours",
        "23 hours",
    ),
    "tickets_deleted": Kind(
        "insert into event_tickets (expires_at, user_id, digest, token_expires_at)"
        " select {at}, %(mine)s, sha256(gen_random_uuid()::text::bytea), now()",
        "select count(*) from event_tickets where user_id = %s",
        "1 second",
        "-1 minute",
    ),
    "turns_deleted": Kind(
        "insert into user_queues (last_dispatched_at, queue, user_id)"
        " select {at}, %(mine)s, gen_random_uuid()",
        "select count(*) from user_queues where queue = %s",
        "25 hours",
        "23 hours",
    ),
    "buckets_deleted": Kind(
        "insert into rate_buckets (refilled_at, user_id, bucket, tokens)"
        " select {at}, %(mine)s, n::text, 0",
        "select count(*) from rate_buckets where user_id = %s",
        "61 minutes",
        "59 minutes",
    ),
    "discards_forgotten": Kind(
        "insert into discarded_assets (created_at, user_id, asset_id)"
        " select {at}, %(mine)s, gen_random_uuid()",
        "select count(*) from discarded_assets where user_id = %s",
        "31 days",
        "29 days",
    ),
    "deletions_forgotten": Kind(
        "insert into deleted_library_assets (created_at, user_id, library_asset_id, storage_path,"
        " cleanup_after) select {at}, %(mine)s, gen_random_uuid(), 'none', null",
        "select count(*) from deleted_library_assets where user_id = %s",
        "31 days",
        "29 days",
    ),
}


_NESTED_LOOPS = ("hashjoin", "mergejoin", "hashagg", "sort", "material")
"""Settings of Postgres' planner that are disabled to force nested loops."""


@pytest.fixture(scope="module")
def nested_loops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose database joins by nested loops, as it may while it has no statistics."""
    system = LocalSystem(
        tmp_path_factory.mktemp("loops") / "data", worker="none", SWEEP_SECONDS="3600"
    )
    system.start()
    with system.database() as connection:
        for name in _NESTED_LOOPS:
            connection.execute(f"alter system set enable_{name} = off".encode())
        connection.execute("select pg_reload_conf()")
    yield system
    assert system.stop() == 0


def _insert_old_rows(system: LocalSystem, kind: Kind, mine: str) -> None:
    """Insert 10,001 old rows and a recent one."""
    at = f"now() - (case n when 0 then '{kind.young}' else '{kind.old}' end)::interval"
    with system.database() as connection:
        rows = f"{kind.insert.format(at=at)} from generate_series(0, 10001) as n"
        connection.execute(rows.encode(), {"mine": mine})


@pytest.mark.parametrize("name", _KINDS)
def test_no_plan_deletes_more_rows_than_the_limit(nested_loops: LocalSystem, name: str) -> None:
    _insert_old_rows(nested_loops, _KINDS[name], str(uuid4()))
    deleted = [sweep_of(nested_loops)()[name] for _ in range(2)]
    assert all(0 < count <= 5000 for count in deleted), deleted


@pytest.mark.parametrize("name", _KINDS)
def test_old_rows_go_some_at_a_time_and_young_ones_stay(
    bare: LocalSystem, sweep: Sweep, name: str
) -> None:
    kind, mine = _KINDS[name], str(uuid4())
    _insert_old_rows(bare, kind, mine)
    assert 0 < sweep()[name] <= 5000
    # At least 5001, unless the system's first sweep, at its start, took part.
    assert bare.value(kind.counting, mine) >= 2
    at_once(sweep)
    while sweep()[name]:
        pass
    assert bare.value(kind.counting, mine) == 1


def test_the_turns_of_who_has_an_open_job_stay(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    job_id = person.create_job()
    hand_worker.message(job_id)
    long_ago = (
        "update user_queues set last_dispatched_at = '-infinity' where user_id = %s returning queue"
    )
    counts = "select waiting, running from user_queues where user_id = %s"
    bare.rows(long_ago, person.id)
    sweep()
    assert bare.rows(counts, person.id) == [{"waiting": 0, "running": 1}]
    hand_worker.finish(job_id)
    sweep()
    assert bare.rows(counts, person.id) == []
    hand_worker.finish(person.create_job())
    assert bare.rows(counts, person.id) == [{"waiting": 0, "running": 0}]
