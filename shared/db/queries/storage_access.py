"""Storage objects that a caller may access, under the caller's role."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from shared.db.connection import Connection

Bucket = Literal["workspace-temp", "user-library"]


async def visible(connection: Connection, bucket: Bucket, paths: Sequence[str]) -> set[str]:
    """Return the paths of objects that the caller may read."""
    if bucket == "workspace-temp":
        rows = await connection.execute(
            """
            select path from unnest(%(paths)s::text[]) as asked (path)
            where exists (select from workspace_assets where temp_storage_path = path)
                or exists (select from workspace_assets where thumbnail_path = path)
                or exists (select from job_progress where preview_path = path)
            """,
            {"paths": list(paths)},
        )
    else:
        rows = await connection.execute(
            """
            select path from unnest(%(paths)s::text[]) as asked (path)
            where exists (select from user_library where storage_path = path)
                or exists (select from user_library where thumbnail_path = path)
            """,
            {"paths": list(paths)},
        )
    return {row["path"] for row in await rows.fetchall()}


async def names_in(
    connection: Connection, bucket: Bucket, folder: str, *, user_id: UUID
) -> set[str]:
    """Return the names of a user's files and subfolders in ``folder``, which ends in a slash."""
    if bucket == "workspace-temp":
        rows = await connection.execute(
            """
            select distinct split_part(substr(path, length(%(folder)s) + 1), '/', 1) as name
            from workspace_assets, unnest(array[temp_storage_path, thumbnail_path]) as path
            where user_id = %(user_id)s and starts_with(path, %(folder)s)
            """,
            {"folder": folder, "user_id": user_id},
        )
    else:
        rows = await connection.execute(
            """
            select distinct split_part(substr(path, length(%(folder)s) + 1), '/', 1) as name
            from user_library, unnest(array[storage_path, thumbnail_path]) as path
            where user_id = %(user_id)s and starts_with(path, %(folder)s)
            """,
            {"folder": folder, "user_id": user_id},
        )
    return {row["name"] for row in await rows.fetchall()}


async def assets_at(
    connection: Connection, paths: Sequence[str], *, user_id: UUID
) -> dict[str, UUID]:
    """Return the ids of the user's workspace assets by the paths of their files."""
    rows = await connection.execute(
        """
        select id, temp_storage_path from workspace_assets
        where temp_storage_path = any(%(paths)s) and user_id = %(user_id)s
        """,
        {"paths": list(paths), "user_id": user_id},
    )
    return {row["temp_storage_path"]: row["id"] for row in await rows.fetchall()}
