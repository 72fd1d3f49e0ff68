"""celery: jobs as files in a folder, results in SQLite."""

import os
from pathlib import Path

import uvicorn
from celery import Celery  # type: ignore[import-not-found]
from celery.result import AsyncResult  # type: ignore[import-not-found]
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_FOLDER = Path(os.environ["PEER_FOLDER"])
for name in ("in", "processed", "control"):
    (_FOLDER / name).mkdir(exist_ok=True)
app = Celery("peer", broker="filesystem://", backend=f"db+sqlite:///{_FOLDER}/results.sqlite3")
app.conf.broker_transport_options = {
    "data_folder_in": str(_FOLDER / "in"),
    "data_folder_out": str(_FOLDER / "in"),
    "processed_folder": str(_FOLDER / "processed"),
    "control_folder": str(_FOLDER / "control"),
    "store_processed": True,
}


@app.task(name="picture")  # type: ignore[untyped-decorator]
def picture(prompt: str) -> None:
    """Do nothing."""


async def enqueue(request: Request) -> JSONResponse:
    """Enqueue a job."""
    body = await request.json()
    sent = await run_in_threadpool(picture.delay, body["metadata"]["prompt"])
    return JSONResponse({"job": {"id": sent.id}}, 202)


async def status(request: Request) -> JSONResponse:
    """Return whether the job has ended."""
    result = AsyncResult(request.path_params["job"], app=app)
    return JSONResponse({"done": await run_in_threadpool(result.successful)})


if __name__ == "__main__":
    routes = [Route("/", enqueue, methods=["POST"]), Route("/{job}", status)]
    web = Starlette(routes=routes)
    uvicorn.run(web, port=int(os.environ["PORT"]), log_level="error", access_log=False)
