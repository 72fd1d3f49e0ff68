"""user_collections: how a user orders the library."""

from uuid import UUID

from shared.db.connection import Connection, require_row


async def is_owned(connection: Connection, collection_id: UUID, *, user_id: UUID) -> bool:
    """Whether that collection is the user's; it stays until the transaction ends."""
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
    """A new collection, empty."""
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
    """Delete a collection; its assets stay. False where the user has none by that id.

    Its assets are locked first, as whoever moves one does it; the other order could deadlock.
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
