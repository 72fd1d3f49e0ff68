"""Wait until jobs have ended."""

import time
from collections.abc import Collection

from tests.support.local_system import LocalSystem

_OPEN = """
    select (
        select count(*) from jobs
        where user_id = any(%(users)s::uuid[]) and status in ('queued', 'processing')
    ) + (
        select count(*) from workspace_assets
        where user_id = any(%(users)s::uuid[]) and promotion = 'pending'
    ) as open
"""


def until_ended(system: LocalSystem, users: Collection[str], *, seconds: float) -> float:
    """Wait until these users' jobs have ended and their outputs for the library are saved.

    Returns the seconds it took; stops waiting after ``seconds``.
    """
    began = time.monotonic()
    while _is_open(system, users) and time.monotonic() < began + seconds:
        time.sleep(0.1)
    return time.monotonic() - began


def _is_open(system: LocalSystem, users: Collection[str]) -> bool:
    with system.database() as connection:
        found = connection.execute(_OPEN, {"users": list(users)}).fetchone()
    return found is not None and found["open"] > 0
