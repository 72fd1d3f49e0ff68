"""GET /rest/v1/{table}: read tables by PostgREST's query syntax, under the caller's own role."""

from psycopg import DataError

from functions.rest import query, schema
from shared.auth import Anon, User, user_or_anon
from shared.errors import InvalidError, NotFoundError
from shared.http import Call, Content, endpoint
from shared.services import Services


async def rest(call: Call, caller: User | Anon, services: Services) -> Content:
    """Row-level security and column grants decide what is there; nothing here does."""
    table = call.path.strip("/")
    async with services.database.transaction(caller.role, caller.claims) as connection:
        columns = await schema.readable_columns(connection, table, caller.role)
        if not columns:
            raise NotFoundError("There is no such table.")
        statement, arguments = query.select(table, columns, call.query.multi_items())
        try:
            rows = await connection.execute(statement, arguments)
        except DataError:
            raise InvalidError("A filter's value is not of its column's type.") from None
        answer = await rows.fetchone()
    count, body = (answer["count"], answer["body"]) if answer else (0, "[]")
    span = f"0-{count - 1}" if count else "*"
    return Content(body.encode(), headers={"content-range": f"{span}/*"})


main = endpoint(rest, caller=user_or_anon, methods=("GET", "HEAD"))
