"""The bare handler: the functions framework, the same body, a JWT check and one pooled INSERT."""

import asyncio
import os
from typing import Any

import functions_framework.aio
import jwt
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

TABLE = """
    create table if not exists bare_jobs (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null,
        job_type text not null,
        prompt text not null,
        created_at timestamptz not null default now()
    )
"""
INSERT = """
    insert into bare_jobs (user_id, job_type, prompt)
    values (%(user_id)s, %(job_type)s, %(prompt)s) returning id, created_at
"""


class Metadata(BaseModel):
    """The metadata of a request."""

    prompt: str


class JobRequest(BaseModel):
    """The body of a request, as ``queue-job`` accepts it."""

    jobType: str  # noqa: N815 - the name on the wire
    metadata: Metadata


class Answer(BaseModel):
    """The row that was stored."""

    id: str
    status: str
    createdAt: str  # noqa: N815 - the name on the wire


class _Pool:
    def __init__(self) -> None:
        self._opening = asyncio.Lock()
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] | None = None

    async def opened(self) -> AsyncConnectionPool[AsyncConnection[Any]]:
        async with self._opening:
            if self._pool is None:
                self._pool = AsyncConnectionPool(
                    os.environ["FLOOR_DATABASE_URL"],
                    kwargs={"autocommit": True},
                    min_size=1,
                    max_size=10,
                    open=False,
                )
                await self._pool.open()
        return self._pool


_pool = _Pool()


@functions_framework.aio.http
async def main(request: Request) -> Response:
    """Check the token, read the body, store a row durably, and answer 202."""
    claims = jwt.decode(
        request.headers["authorization"].partition(" ")[2],
        os.environ["JWT_SECRET"],
        algorithms=["HS256"],
        audience=os.environ["JWT_AUDIENCE"],
        issuer=os.environ["JWT_ISSUER"],
    )
    body = JobRequest.model_validate_json(await request.body())
    values = {
        "user_id": claims["sub"],
        "job_type": body.jobType,
        "prompt": body.metadata.prompt,
    }
    async with (await _pool.opened()).connection() as connection:
        row = await (await connection.execute(INSERT, values)).fetchone()
    if row is None:
        raise LookupError("an INSERT that returns its row returned none")
    answer = Answer(id=str(row[0]), status="queued", createdAt=row[1].isoformat())
    return Response(answer.model_dump_json(), 202, media_type="application/json")
