"""Making the worker known to the functions, until they have taken it."""

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
"""A worker that is not registered is idle, and asking costs little."""


class HasModels(Protocol):
    """What serves a type, as far as others are told of it."""

    @property
    def models(self) -> list[str]:
        """The names of its models."""
        ...


Served = Mapping[WorkerType, HasModels]
"""What serves each type."""


def requests(settings: WorkerSettings, served: Served) -> list[UpdateWorkerUrlRequest]:
    """One registration a type; where there are several, each has its own id."""
    return [
        UpdateWorkerUrlRequest(
            worker_type=kind,
            worker_url=settings.public_url,
            worker_id=settings.worker_id if len(served) == 1 else _own_id(settings, kind),
            models=one.models,
            slots=settings.worker_slots,
        )
        for kind, one in served.items()
    ]


async def register(settings: WorkerSettings, served: Served, mailbox: SignedClient) -> None:
    """Register every type, each tried until it is accepted. The worker must be listening."""
    await asyncio.gather(*(_register(request, mailbox) for request in requests(settings, served)))


async def _register(request: UpdateWorkerUrlRequest, mailbox: SignedClient) -> None:
    body, message_id = request.model_dump_json().encode(), new_message_id()
    delay = FIRST_DELAY
    while True:
        try:
            answer = await mailbox.post(_ENDPOINT, body, message_id=message_id)
            status = answer.status_code
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


def _own_id(settings: WorkerSettings, kind: WorkerType) -> str:
    return f"{settings.worker_id}-{kind}"
