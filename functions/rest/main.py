"""/rest/v1/{table} and /rest/v1/rpc/{function}: the database, by PostgREST's query syntax."""

from functools import partial

from psycopg import Error
from psycopg.errors import CheckViolation

from functions.rest import constraint_messages, errors, response
from functions.rest.request import limits, request
from functions.rest.request.request import Asked
from functions.rest.schema import cache
from functions.rest.schema.catalog import Catalogue
from functions.rest.sql import plan, rpc, write
from functions.rest.sql.plan import Plan
from shared.auth.authenticators import Anon, User, user_or_anon
from shared.db.connection import one
from shared.http import Call, Content, endpoint
from shared.services import Services


async def rest(call: Call, caller: User | Anon, services: Services) -> Content:
    """Row-level security and grants decide what is there and what may be done."""
    wanted = await request.read(call)
    planned = await cache.planned(partial(_plan, wanted), caller, services)
    try:
        return await _execute(planned, caller, services)
    except CheckViolation as error:
        # Here, since its connection has gone back to the pool by now.
        refusal = await constraint_messages.explain(error, services, is_anon=caller.role == "anon")
        if refusal is None:
            raise
        raise refusal from None


async def _execute(planned: Plan, caller: User | Anon, services: Services) -> Content:
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
            refusal = errors.refusal(error, is_anon=caller.role == "anon")
            if refusal is None:
                raise
            raise refusal from None
        # Within the transaction: what is refused here is rolled back.
        return response.of(planned, one(await rows.fetchone()))


def _plan(wanted: Asked, catalogue: Catalogue) -> Plan:
    if wanted.calls:
        return rpc.of_calling(wanted, catalogue)
    if wanted.reads:
        return plan.of_reading(wanted, catalogue)
    return write.of_writing(wanted, catalogue)


main = endpoint(
    rest,
    caller=user_or_anon,
    methods=("GET", "HEAD", "POST", "PATCH", "DELETE"),
    tell=errors.body,
)
