"""Helpers for the tests of reference images."""

import io
from typing import Any

import httpx
from PIL import Image

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

FIELDS = ("referenceImageUrl", "startReferenceImageUrl", "endReferenceImageUrl")


def ask(
    person: UserClient, metadata: dict[str, object] | None = None, **references: str
) -> httpx.Response:
    """Queue an image job with reference images; keyword arguments are fields of the body."""
    fields = {"prompt": "like this", **(metadata or {})}
    body = {"jobType": "sdxl_image_fast", "metadata": fields, **references}
    return person.invoke("queue-job", body)


def accepted(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def objects_of(system: LocalSystem, person: UserClient) -> set[str]:
    return {path for path in system.objects() if f"/{person.id}/" in path}


def claimed(worker: ScriptedWorker, job_id: str) -> list[dict[str, Any]]:
    """The references in the response to a claim."""
    _, claim = worker.claimed(job_id)
    references: list[dict[str, Any]] = claim["references"]
    return references


def fetched(reference: dict[str, Any]) -> Image.Image:
    """Download a reference as the worker does, by its signed URL only."""
    answer = web.get(reference["url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content))
