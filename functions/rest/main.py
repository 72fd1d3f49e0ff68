"""/rest/v1/{table} and /rest/v1/rpc/{function}: tables and functions in PostgREST's syntax."""

from functools import partial

from psycopg import Error
from psycopg.errors import CheckViolation

from functions.rest import constraint_messages, errors, response
from functions.rest.request import limits, request
from functions.rest.request.request import RestRequest
from functions.rest.schema import cache
from functions.rest.schema.catalog import Catalogue
from functions.rest.sql import plan, rpc, write
from functions.rest.sql.plan import Plan
from shared.auth.authenticators import Anon, User, require_user_or_anon
from shared.db.connection import require_row
from shared.http import HttpRequest, RawResponse, endpoint
from shared.services import Services


async def rest(call: HttpRequest, caller: User | Anon, services: Services) -> RawResponse:
    """Read or write a table, or call a function, under row-level security and grants."""
    rest_request = await request.parse_request(call)
    planned = await cache.plan_with_schema(partial(_plan, rest_request), caller, services)
    try:
        return await _execute(planned, caller, services)
    except CheckViolation as error:
        # Handled here, after the connection has been returned to the pool.
        refusal = await constraint_messages.explain(error, services, is_anon=caller.role == "anon")
        if refusal is None:
            raise
        raise refusal from None


async def _execute(planned: Plan, caller: User | Anon, services: Services) -> RawResponse:
    statement = planned.statement.as_bytes()
    limits.check_statement(statement)
    async with services.database.transaction(
        caller.role, caller.claims, read_only=planned.reads
    ) as connection:
        try:
            rows = await connection.execute(statement, planned.values)
        except CheckViolation:
            raise
        except Error as error:
            refusal = errors.from_postgres_error(error, is_anon=caller.role == "anon")
            if refusal is None:
                raise
            raise refusal from None
        # Within the transaction, so that an error here rolls it back.
        return response.render_response(planned, require_row(await rows.fetchone()))


def _plan(request: RestRequest, catalogue: Catalogue) -> Plan:
    if request.is_rpc:
        return rpc.plan_rpc(request, catalogue)
    if request.is_read:
        return plan.plan_read(request, catalogue)
    return write.plan_write(request, catalogue)


main = endpoint(
    rest,
    authenticate=require_user_or_anon,
    methods=("GET", "HEAD", "POST", "PATCH", "DELETE"),
    format_error=errors.body,
)
