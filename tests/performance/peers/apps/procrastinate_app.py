"""procrastinate: jobs in Postgres, each deferred and ended by a commit."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import procrastinate  # type: ignore[import-not-found]
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["PEER_DATABASE_URL"])
)


@app.task(name="picture")  # type: ignore[untyped-decorator]
async def picture(prompt: str) -> None:
    """Do nothing."""


async def enqueue(request: Request) -> JSONResponse:
    """Enqueue a job."""
    body = await request.json()
    job = await picture.defer_async(prompt=body["metadata"]["prompt"])
    return JSONResponse({"job": {"id": str(job)}}, 202)


async def status(request: Request) -> JSONResponse:
    """Return whether the job has ended."""
    job = int(request.path_params["job"])
    row = await app.connector.execute_query_one_async(
        "select status from procrastinate_jobs where id = %(id)s", id=job
    )
    return JSONResponse({"done": row["status"] == "succeeded"})


@asynccontextmanager
async def _opened(_: Starlette) -> AsyncIterator[None]:
    async with app.open_async():
        yield


if __name__ == "__main__":
    routes = [Route("/", enqueue, methods=["POST"]), Route("/{job}", status)]
    web = Starlette(routes=routes, lifespan=_opened)
    uvicorn.run(web, port=int(os.environ["PORT"]), log_level="error", access_log=False)
