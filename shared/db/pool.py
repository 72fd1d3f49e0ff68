"""psycopg connection pool; one Postgres role per transaction."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from psycopg import AsyncConnection, DatabaseError, OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from shared.db import database_login, session
from shared.db.connection import Connection
from shared.db.connection_shares import ConnectionShares
from shared.errors import ConflictError, ServiceUnavailableError
from shared.settings import Settings
from shared.telemetry import tracing
from shared.telemetry.logs import logger

Role = Literal["service", "authenticated", "anon"]

_CONNECTION_ERRORS = (None, "57P01", "57P02", "57P03")
"""SQLSTATEs of a lost connection: no code at all, or a shutdown of the server."""

_LIMIT_REACHED = "PT409"
"""SQLSTATE that the database raises when an owner exceeds a row limit (migration 0003)."""

_CHECK_SECONDS = 1.0
"""How long a failed request waits for the check of the pool, which then continues without it."""

_WAIT_SECONDS = 5.0
"""How long a request waits for a connection before it gets a 503 response."""


class Database:
    """The connection pool. It opens on first use, so a cold start without queries does not wait."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._check: asyncio.Task[None] | None = None
        self._shares = ConnectionShares(settings.database_connections)

    @asynccontextmanager
    async def transaction(
        self,
        role: Role = "service",
        claims: Mapping[str, Any] | None = None,
        *,
        read_only: bool = False,
    ) -> AsyncIterator[Connection]:
        """Open a transaction under ``role``; it commits at the end and rolls back on an error.

        A transaction under a caller's role (``authenticated`` or ``anon``) counts against the
        caller's share of connections, and its statements have a shorter timeout.

        Raises:
            ConflictError: ``limit_reached``: an owner would exceed a row limit.
            TooManyRequestsError: The caller's earlier statements use its entire share.
            ServiceUnavailableError: The database is unavailable or too slow.
        """
        if role == "service":
            async with self.autocommit() as connection:
                await session.begin_as_service(connection, read_only=read_only)
                yield connection
            return
        # All anonymous callers count as one, since they share a key.
        caller = str(claims["sub"]) if claims and role == "authenticated" else role
        async with self._shares.hold(caller), self.autocommit() as connection:
            await session.begin_as_caller(
                connection,
                role=role,
                claims=json.dumps(claims) if claims else "",
                read_only=read_only,
                statement_timeout_ms=self._settings.user_statement_timeout_ms,
            )
            yield connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Connection]:
        """Return a connection in autocommit mode, under the role ``service``.

        For a single statement this saves the round trips of BEGIN and COMMIT.

        Raises:
            ConflictError: ``limit_reached``: an owner would exceed a row limit.
            ServiceUnavailableError: The database is unavailable or too slow.
        """
        try:
            async with self._connection() as connection:
                yield connection
        except (OperationalError, PoolTimeout) as error:
            logger.warning("the database did not answer: %s", type(error).__name__)
            if getattr(error, "sqlstate", None) in _CONNECTION_ERRORS:
                await self._check_pool()
            raise ServiceUnavailableError(
                "The database is unavailable; try again in a moment."
            ) from error
        except DatabaseError as error:
            if error.sqlstate != _LIMIT_REACHED:
                raise
            raise ConflictError(error.diag.message_primary, code="limit_reached") from error

    async def close(self) -> None:
        """Close all connections."""
        if self._check:
            self._check.cancel()
        if self._pool:
            await self._pool.close()
            self._pool = None

    async def _check_pool(self) -> None:
        """Replace broken connections, each of which would otherwise fail one more request."""
        if self._pool is None:
            return
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._pool.check())
        await asyncio.wait({self._check}, timeout=_CHECK_SECONDS)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with tracing.span("transaction", "client", attributes={"db.system.name": "postgresql"}):
            async with (await self._open_pool()).connection() as connection:
                connection.prepare_threshold = 0  # every statement of ours is run repeatedly
                yield connection

    async def _open_pool(self) -> AsyncConnectionPool[Connection]:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                functools.partial(database_login.conninfo, self._settings),
                connection_class=AsyncConnection[DictRow],
                kwargs={
                    "row_factory": dict_row,
                    "application_name": "ourvidz",
                    "autocommit": True,  # ``session`` sends BEGIN
                    "options": session.options(
                        statement_timeout_ms=self._settings.statement_timeout_ms,
                        lock_timeout_ms=self._settings.lock_timeout_ms,
                    ),
                },
                min_size=1,
                max_size=self._settings.database_connections,
                timeout=_WAIT_SECONDS,
                open=False,
            )
            await self._pool.open()
        return self._pool
