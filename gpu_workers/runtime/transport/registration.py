"""Register the worker with the functions."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import httpx

from gpu_workers.runtime import log
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport.retry import FIRST_DELAY
from gpu_workers.runtime.transport.signed_client import SignedClient, new_message_id
from shared.contracts.job_catalog import WorkerType
from shared.contracts.worker_registration import UpdateWorkerUrlRequest

_ENDPOINT = "update-worker-url"
_LONGEST_DELAY = 2.0
"""Seconds. An unregistered worker is idle, and an attempt costs little."""


class HasModels(Protocol):
    """A pipeline or worker whose models are registered."""

    @property
    def models(self) -> list[str]:
        """The names of its models."""
        ...


Served = Mapping[WorkerType, HasModels]
"""What serves each worker type."""


def requests(settings: WorkerSettings, served: Served) -> list[UpdateWorkerUrlRequest]:
    """Return one registration per worker type; with several types, each id ends in its type."""
    return [
        UpdateWorkerUrlRequest(
            worker_type=kind,
            worker_url=settings.public_url,
            worker_id=settings.worker_id if len(served) == 1 else _id_of_type(settings, kind),
            models=model_source.models,
            slots=settings.worker_slots,
        )
        for kind, model_source in served.items()
    ]


async def register(settings: WorkerSettings, served: Served, client: SignedClient) -> None:
    """Register every worker type, with retries until each is accepted.

    The worker must be listening, because the functions call it to verify its key.
    """
    await asyncio.gather(*(_register(request, client) for request in requests(settings, served)))


async def _register(request: UpdateWorkerUrlRequest, client: SignedClient) -> None:
    body, message_id = request.model_dump_json().encode(), new_message_id()
    delay = FIRST_DELAY
    while True:
        try:
            response = await client.post(_ENDPOINT, body, message_id=message_id)
            status = response.status_code
        except httpx.TransportError:
            status = None
        if status is not None and status < httpx.codes.BAD_REQUEST:
            log.event("registered", worker_id=request.worker_id)
            return
        log.event(
            "not registered yet", severity="WARNING", worker_id=request.worker_id, status=status
        )
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY)


def _id_of_type(settings: WorkerSettings, kind: WorkerType) -> str:
    return f"{settings.worker_id}-{kind}"
