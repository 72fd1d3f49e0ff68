"""user_roles: roles granted to users by an operator."""

from typing import Literal
from uuid import UUID

from shared.db.connection import Connection


async def has(
    connection: Connection, *, user_id: UUID, role: Literal["admin", "moderator"]
) -> bool:
    """Return whether the user has the role now."""
    rows = await connection.execute(
        "select from user_roles where user_id = %(user_id)s and role = %(role)s",
        {"user_id": user_id, "role": role},
    )
    return rows.rowcount > 0
