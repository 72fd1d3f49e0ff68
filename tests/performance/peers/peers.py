"""Each peer: its packages, how it is started, how a job is submitted and its end detected."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_APPS = Path(__file__).parent / "apps"
_PROMPT = "a big red star on blue, left"


@dataclass(frozen=True)
class Peer:
    """A peer and how to use it."""

    name: str
    packages: Sequence[str]
    durability: str
    commands: Sequence[Sequence[str]]
    """Commands for the environment's Python; the last one serves the port."""
    submit: tuple[str, Mapping[str, object]]
    """Path and body of a request that submits a job."""
    job_of: Callable[[bytes], str]
    """Returns the job's id from the response; empty where the response is the result."""
    status: str = "/{job}"
    is_done: Callable[[bytes], bool] = lambda body: bool(json.loads(body)["done"])
    before: Sequence[Sequence[str]] = ()
    """Commands that run once, before."""


_BODY = {"jobType": "sdxl_image_fast", "metadata": {"prompt": _PROMPT}}


def _id_of(body: bytes) -> str:
    return str(json.loads(body)["job"]["id"])


PEERS = (
    Peer(
        name="procrastinate",
        packages=("procrastinate==3.10.0", "psycopg[binary]==3.3.9", "starlette", "uvicorn"),
        durability="durable: each enqueue and each end is a commit in Postgres",
        before=[["-m", "procrastinate", "--app=procrastinate_app.app", "schema", "--apply"]],
        commands=[
            ["-m", "procrastinate", "--app=procrastinate_app.app", "worker"],
            [str(_APPS / "procrastinate_app.py")],
        ],
        submit=("/", _BODY),
        job_of=_id_of,
    ),
    Peer(
        name="celery",
        packages=("celery[sqlalchemy]==5.7.0", "starlette", "uvicorn"),
        durability="files without fsync, looked for once a second: the machine's crash may lose "
        "jobs, and a worker's does",
        commands=[
            ["-m", "celery", "--app=celery_app", "worker", "--concurrency=1", "--loglevel=ERROR"],
            [str(_APPS / "celery_app.py")],
        ],
        submit=("/", _BODY),
        job_of=_id_of,
    ),
    Peer(
        name="BentoML",
        packages=("bentoml==1.4.39",),
        durability="SQLite, not flushed at each commit; a job that runs as the server ends is lost",
        commands=[["-m", "bentoml", "serve", "bentoml_app:Pictures", "--port={port}"]],
        submit=("/picture/submit", {"prompt": _PROMPT}),
        job_of=lambda body: str(json.loads(body)["task_id"]),
        status="/picture/status?task_id={job}",
        is_done=lambda body: bool(json.loads(body)["status"] == "completed"),
    ),
    Peer(
        name="cog",
        packages=("cog==0.23.1",),
        durability="none: no queue, and the answer is the only copy",
        commands=[["-m", "cog.server.http", "--host=127.0.0.1"]],
        submit=("/predictions", {"input": {"prompt": _PROMPT}}),
        job_of=lambda _: "",
    ),
)
