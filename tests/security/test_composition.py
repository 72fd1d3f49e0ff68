"""Composition: no query makes a statement, a result or a wait out of proportion to its length."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.security import compositions, concurrency
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient

_REFUSED = range(400, 500)
_ANSWERED = {200, 206, *_REFUSED}
_AT_ONCE = 20
_MAX_MEMORY_KB = 1024 * 1024
"""Limit for one Postgres process, with 128 MiB of shared buffers, and for the gateway."""


@pytest.fixture
def heavy_user(bare: LocalSystem, corpora: Corpora) -> UserClient:
    """A user with thousands of rows, all linked to one session or collection."""
    person = UserClient(bare)
    values = {"user": person.id, "session": str(uuid4()), "collection": str(uuid4())}
    count = corpora.size(5000, short=1000)
    with bare.database() as connection:
        for statement in _ROWS:
            connection.execute(statement.encode(), {**values, "count": count})
    return person


_ROWS = (
    "insert into profiles (id) values (%(user)s)",
    "insert into workspace_sessions (id, user_id) values (%(session)s, %(user)s)",
    "insert into workspace_sessions (user_id) select %(user)s from generate_series(1, 999)",
    "insert into user_collections (id, user_id, name) values (%(collection)s, %(user)s, 'All')",
    """
    insert into user_collections (user_id, name)
    select %(user)s, 'Empty' from generate_series(1, 99)
    """,
    """
    insert into jobs (user_id, job_type, status, queue, model_variant, format, quality,
        original_prompt, credits, parameters, workspace_session_id, metadata)
    select %(user)s, 'sdxl_image_fast', 'completed', 'sdxl_queue', 'sdxl', 'image', 'fast',
        repeat('ab ', 600), 1, '{}', %(session)s,
        jsonb_build_object('a', repeat('x', 9000), 'n', '1e131000')
    from generate_series(1, %(count)s)
    """,
    """
    insert into user_library (user_id, source_asset_id, asset_type, storage_path, file_size_bytes,
        mime_type, crc32c, generation, original_prompt, model_used, collection_id)
    select %(user)s, gen_random_uuid(), 'image', gen_random_uuid()::text, 1, 'image/png',
        'AAAAAA==', 1, repeat('a star ', 200), 'sdxl', %(collection)s
    from generate_series(1, %(count)s)
    """,
)


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _max_memory(system: LocalSystem) -> int:
    """Return the largest memory of the gateway or of a Postgres process so far, in KB."""
    pids = [system.pids()["gateway"], *_family(system.pids()["postgres"])]
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    lines = [line for status in statuses for line in status.splitlines()]
    return max(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def test_no_query_is_amplified(
    bare: LocalSystem, heavy_user: UserClient, corpora: Corpora, tally: Tally
) -> None:
    paths = corpora.some(list(compositions.amplified()), short=30)

    def send(client: httpx.Client, path: tuple[str, str]) -> None:
        headers = {"authorization": f"Bearer {heavy_user.token}"}
        response = client.get(f"{bare.base}/rest/v1/{path[1]}", headers=headers)
        tally.answered(path[0], response, _ANSWERED)

    with other_user(bare, tally):
        concurrency.each(paths, send)
    if Path("/proc/self/status").exists():
        memory = _max_memory(bare)
        tally.refused(f"{memory} KB of memory", is_refused=memory < _MAX_MEMORY_KB)


def test_no_operator_or_value_is_a_server_error(
    bare: LocalSystem, heavy_user: UserClient, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("evaluated")
    paths = [compositions.evaluated(chance) for _ in range(corpora.size(3000, short=150))]

    def send(client: httpx.Client, path: str) -> None:
        headers = {"authorization": f"Bearer {heavy_user.token}"}
        response = client.get(f"{bare.base}/rest/v1/{path}", headers=headers)
        tally.answered(path[:200], response, _ANSWERED)

    with other_user(bare, tally):
        concurrency.each(paths, send)


def test_heavy_reads_at_once_leave_room_for_others(
    bare: LocalSystem, heavy_user: UserClient, corpora: Corpora, tally: Tally
) -> None:
    paths = [
        "user_library?select=id,user_collections(user_library(*))",
        "jobs?select=id,workspace_sessions(jobs(id,workspace_sessions(jobs(id))))",
        compositions.chain(8, 12),
    ] * corpora.size(20, short=7)
    headers = {"authorization": f"Bearer {heavy_user.token}"}

    with (
        httpx.Client(trust_env=False, timeout=60, headers=headers) as client,
        other_user(bare, tally),
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        for response in pool.map(lambda path: client.get(f"{bare.base}/rest/v1/{path}"), paths):
            tally.answered(str(response.url)[:100], response, {400, 429})
