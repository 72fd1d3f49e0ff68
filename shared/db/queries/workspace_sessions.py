"""workspace_sessions: deprecated, but still created if a client names one."""

from uuid import UUID

from shared.db.connection import Connection, require_row


async def insert(connection: Connection, *, user_id: UUID, name: str) -> UUID:
    """Insert a session; return its id."""
    rows = await connection.execute(
        """
        insert into workspace_sessions (user_id, session_name) values (%(user_id)s, %(name)s)
        returning id
        """,
        {"user_id": user_id, "name": name},
    )
    return UUID(str(require_row(await rows.fetchone())["id"]))
