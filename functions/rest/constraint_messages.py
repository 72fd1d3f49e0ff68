"""Failed CHECK constraints, explained by the constraint's own comment."""

from psycopg import errors as postgres

from functions.rest import errors
from functions.rest.errors import RestError
from functions.rest.schema import introspection
from shared.services import Services

_STATUS = 400


async def explain(
    error: postgres.CheckViolation, services: Services, *, is_anon: bool
) -> RestError | None:
    """Return the refusal of a value, with a message that says what is allowed.

    The message is the constraint's comment in the database; a constraint without one keeps
    Postgres's message. None where the failure is no fault of the request.
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
