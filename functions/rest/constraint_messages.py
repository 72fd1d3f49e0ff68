"""Error messages of failed CHECK constraints, from the constraints' comments."""

from psycopg import errors as postgres

from functions.rest import errors
from functions.rest.errors import RestError
from functions.rest.schema import introspection
from shared.services import Services

_STATUS = 400


async def explain(
    error: postgres.CheckViolation, services: Services, *, is_anon: bool
) -> RestError | None:
    """Return the error for a refused value, with a message that describes what is allowed.

    The message is the constraint's comment in the database; a constraint without one keeps
    Postgres's message. Returns None if the request is not at fault.
    """
    table, name = error.diag.table_name, error.diag.constraint_name
    if table is None or name is None:
        return errors.from_postgres_error(error, is_anon=is_anon)
    async with services.database.transaction(read_only=True) as connection:
        comment = await introspection.constraint_comment(connection, table=table, name=name)
    if comment is None:
        return errors.from_postgres_error(error, is_anon=is_anon)
    details = error.diag.message_primary
    return RestError(_STATUS, error.sqlstate or "23514", comment, details=details)
