"""What the tests of references do again and again."""

import io
from typing import Any

import httpx
from PIL import Image

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

FIELDS = ("referenceImageUrl", "startReferenceImageUrl", "endReferenceImageUrl")


def ask(
    person: UserClient, metadata: dict[str, object] | None = None, **given: str
) -> httpx.Response:
    """Queue a picture by references."""
    fields = {"prompt": "like this", **(metadata or {})}
    return person.invoke("queue-job", {"jobType": "sdxl_image_fast", "metadata": fields, **given})


def accepted(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def objects_of(system: LocalSystem, person: UserClient) -> set[str]:
    return {path for path in system.objects() if f"/{person.id}/" in path}


def claimed(worker: ScriptedWorker, job_id: str) -> list[dict[str, Any]]:
    """The references that the claim's answer gives."""
    _, claim = worker.claimed(job_id)
    references: list[dict[str, Any]] = claim["references"]
    return references


def fetched(reference: dict[str, Any]) -> Image.Image:
    """A reference as the worker has it, by its signed URL alone."""
    answer = web.get(reference["url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content))
