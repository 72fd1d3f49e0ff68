"""How a worker makes itself known."""

from typing import Annotated

from pydantic import Field

from shared.contracts.base import CamelContract, Contract
from shared.contracts.catalogue import WorkerType

WorkerId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class UpdateWorkerUrlRequest(Contract):
    """``POST /update-worker-url``: this worker can be reached there."""

    worker_type: WorkerType
    worker_url: Annotated[str, Field(min_length=1, max_length=500)]
    worker_id: WorkerId
    """The key's own id, or ``{key id}-{worker type}`` where one process serves several types."""
    models: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)] = []
    slots: Annotated[int, Field(ge=1, le=1000)] = 1
    """Jobs that it runs at the same time."""


class UpdateWorkerUrlResponse(Contract):
    """The worker is registered."""

    success: bool = True
    message: str


class Health(CamelContract):
    """``GET {worker_url}/healthz?challenge=...``."""

    status: str
    proof: str | None = None
    """``signature.prove`` of the challenge, in answer to a registration."""
