"""Requests to each endpoint by a user who knows another user's ids."""

from collections.abc import Iterator
from typing import Any

from tests.security.user_fixture import Belongings

_TABLES = (
    *("jobs", "profiles", "credit_ledger", "workspace_assets", "user_library", "user_collections"),
    *("conversations", "messages", "workspace_sessions", "workspace_items", "job_progress"),
    *("usage_logs", "user_roles", "job_claims", "workers", "change_events", "safety_decisions"),
    *("unfinished_copies", "idempotency_keys", "event_tickets", "receipts"),
)
_COLUMNS = ("id", "user_id", "job_id", "conversation_id", "workspace_session_id", "source_asset_id")
Request = tuple[str, str, Any]
"""Method, path and body."""


def of_rest(owner: Belongings) -> Iterator[Request]:
    """Yield reads, updates, deletes and inserts with each id in each table."""
    for theirs in owner.every_id().values():
        for table in _TABLES:
            for column in _COLUMNS:
                place = f"/rest/v1/{table}?{column}=eq.{theirs}"
                yield "GET", place, None
                yield "PATCH", place, {"user_id": owner.person.id}
                yield "DELETE", place, None
            yield "GET", f"/rest/v1/{table}?or=(id.eq.{theirs},user_id.eq.{theirs})", None
            for body in ({"user_id": theirs}, {"id": theirs}, {"user_id": theirs, "id": theirs}):
                yield "POST", f"/rest/v1/{table}", body
        yield "PATCH", f"/rest/v1/workspace_sessions?id=eq.{theirs}", {"is_active": False}
        yield "PATCH", f"/rest/v1/workspace_items?id=eq.{theirs}", {"status": "x"}
        yield "PATCH", f"/rest/v1/profiles?id=eq.{theirs}", {"username": "taken"}
        named = {"session_name": "x", "user_id": theirs}
        yield "POST", "/rest/v1/workspace_sessions", named
        yield "POST", "/rest/v1/workspace_sessions?on_conflict=id", {**named, "id": theirs}
    for table in _TABLES:
        yield "GET", f"/rest/v1/{table}?select=*", None
        yield "GET", f"/rest/v1/{table}?select=*&order=created_at.desc&limit=1000", None
    for inner in ("jobs(*)", "workspace_items(*)", "user_collections(*)", "messages(*)"):
        for table in ("workspace_assets", "workspace_sessions", "user_library", "conversations"):
            yield "GET", f"/rest/v1/{table}?select=*,{inner}", None


def of_procedures(owner: Belongings, caller: Belongings) -> Iterator[Request]:
    """Yield calls of the deprecated procedures, as either user."""
    for theirs in owner.every_id().values():
        for user in (owner.person.id, caller.person.id):
            for name, body in {
                "create_workspace_session": {"p_user_id": owner.person.id, "p_name": theirs},
                "save_workspace_item_to_library": {"p_item_id": theirs, "p_user_id": user},
                "clear_workspace_session": {"p_session_id": theirs, "p_user_id": user},
            }.items():
                yield "POST", f"/rest/v1/rpc/{name}", body


def of_storage(owner: Belongings, caller: Belongings) -> Iterator[Request]:
    """Yield requests that download, sign, inspect, list and remove the owner's files."""
    for place in owner.paths:
        bucket, _, path = place.partition("/")
        for other in (path, path.replace(owner.person.id, caller.person.id)):
            there = f"/storage/v1/object/{bucket}/{other}"
            yield "GET", there, None
            yield "HEAD", there, None
            yield "POST", f"/storage/v1/object/sign/{bucket}/{other}", {"expiresIn": 60}
            yield "GET", f"/storage/v1/object/info/{bucket}/{other}", None
            yield "POST", f"/storage/v1/object/upload/sign/{bucket}/{other}", {}
            many = {"expiresIn": 60, "paths": [other]}
            yield "POST", f"/storage/v1/object/sign/{bucket}", many
            yield "DELETE", f"/storage/v1/object/{bucket}", {"prefixes": [other]}
        for folder in (owner.person.id, path.rsplit("/", 1)[0]):
            yield "POST", f"/storage/v1/object/list/{bucket}", {"prefix": folder}


def of_functions(owner: Belongings) -> Iterator[Request]:
    """Yield requests with the owner's ids and files wherever a function takes one."""
    for theirs in owner.every_id().values():
        metadata = {"prompt": "a boat", "session_name": None, "credits": 0}
        job = {"jobType": "sdxl_image_fast", "metadata": metadata}
        for name in ("projectId", "videoId", "imageId", "userId", "workspaceSessionId"):
            yield "POST", "/functions/v1/queue-job", {**job, name: theirs}
        yield "GET", f"/functions/v1/job-events?jobId={theirs}&ticket={theirs}", None
        body = {"message": "hello", "conversation_id": theirs}
        yield "POST", "/functions/v1/playground-chat", body
        for function in ("system-metrics", "generate-admin-image"):
            yield "POST", f"/functions/v1/{function}", {"prompt": "x", "user_id": theirs}
    for place in owner.paths:
        for path in (place, place.partition("/")[2]):
            job = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
            yield "POST", "/functions/v1/queue-job", {**job, "referenceImageUrl": path}
