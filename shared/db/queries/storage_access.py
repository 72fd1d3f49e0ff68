"""What the database says of the buckets' objects: whose they are, in the role of whoever asks."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from shared.db.connection import Connection

Bucket = Literal["workspace-temp", "user-library"]


async def visible(connection: Connection, bucket: Bucket, paths: Sequence[str]) -> set[str]:
    """Those of the paths at which the caller may read an object."""
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
    """What the user has in the folder, which ends in a slash: files, and folders by their names."""
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
    """The user's assets of the workspace whose own files lie at the paths."""
    rows = await connection.execute(
        """
        select id, temp_storage_path from workspace_assets
        where temp_storage_path = any(%(paths)s) and user_id = %(user_id)s
        """,
        {"paths": list(paths), "user_id": user_id},
    )
    return {row["temp_storage_path"]: row["id"] for row in await rows.fetchall()}
