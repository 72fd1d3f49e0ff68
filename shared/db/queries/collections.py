"""user_collections: a user's collections of library assets."""

from uuid import UUID

from shared.db.connection import Connection, require_row


async def is_owned(connection: Connection, collection_id: UUID, *, user_id: UUID) -> bool:
    """Return whether the user owns the collection; it cannot be deleted in this transaction."""
    rows = await connection.execute(
        """
        select from user_collections where id = %(id)s and user_id = %(user_id)s
        for key share
        """,
        {"id": collection_id, "user_id": user_id},
    )
    return rows.rowcount > 0


async def insert(
    connection: Connection, *, user_id: UUID, name: str, description: str | None
) -> UUID:
    """Insert an empty collection; return its id."""
    rows = await connection.execute(
        """
        insert into user_collections (user_id, name, description)
        values (%(user_id)s, %(name)s, %(description)s)
        returning id
        """,
        {"user_id": user_id, "name": name, "description": description},
    )
    return UUID(str(require_row(await rows.fetchone())["id"]))


async def delete(connection: Connection, collection_id: UUID, *, user_id: UUID) -> bool:
    """Delete a collection but not its assets. False if the user has no such collection.

    Its assets are locked first, as when an asset is moved; the reverse order could deadlock.
    """
    await connection.execute(
        """
        select from user_library
        where collection_id = %(id)s and user_id = %(user_id)s
        order by id
        for update
        """,
        {"id": collection_id, "user_id": user_id},
    )
    rows = await connection.execute(
        "delete from user_collections where id = %(id)s and user_id = %(user_id)s",
        {"id": collection_id, "user_id": user_id},
    )
    return rows.rowcount > 0
