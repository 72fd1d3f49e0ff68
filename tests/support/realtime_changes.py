"""Bindings for the realtime tests, and the changes that trigger them."""

from typing import Any

from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_client import Client

SESSIONS = {"event": "*", "schema": "public", "table": "workspace_sessions"}
LIBRARY = {"event": "*", "schema": "public", "table": "user_library"}
SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s) returning id"
SAVED = """
    insert into user_library (user_id, source_asset_id, asset_type, storage_path, file_size_bytes,
        mime_type, crc32c, generation, original_prompt, model_used, visibility)
    values (%s, gen_random_uuid(), 'image', gen_random_uuid(), 1, 'image/png', 'AAAAAA==', 1, 'x',
        'sdxl', %s)
    returning id
"""


def client(person: UserClient, **more: str) -> Client:
    return Client(f"{person.base}/realtime/v1", **more)


def make_change(system: LocalSystem, person: UserClient, name: str) -> str:
    """Insert a session of the user with this name and return the row's id."""
    return str(system.value(SESSION, person.id, name))


def names(changes: list[dict[str, Any]]) -> list[str]:
    return [change["data"]["record"]["session_name"] for change in changes]
