"""Worker registration and health models."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.contracts.base import CamelContract, Contract
from shared.contracts.job_catalog import WorkerType
from shared.contracts.postgres import PostgresText

WorkerId = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
ModelName = Annotated[PostgresText, Field(max_length=200)]


class RegisterChatWorkerRequest(Contract):
    """``POST /register-chat-worker``: register the URL of a chat worker."""

    worker_url: Annotated[PostgresText, Field(min_length=1, max_length=500)]
    worker_id: WorkerId
    """The key id, or ``{key id}-{worker type}`` if one process serves several types."""
    models: Annotated[list[ModelName], Field(max_length=20)] = []
    slots: Annotated[int, Field(ge=1, le=1000)] = 1
    """Number of jobs that the worker runs at the same time."""


class RegisterChatWorkerResponse(Contract):
    """The worker is registered."""

    success: bool = True
    message: str


class UpdateWorkerUrlRequest(RegisterChatWorkerRequest):
    """``POST /update-worker-url``: register the URL of a worker."""

    worker_type: WorkerType


class UpdateWorkerUrlResponse(Contract):
    """The worker is registered."""

    success: bool = True
    message: str


class GetWorkerUrlRequest(Contract):
    """``POST /get-active-worker-url``: look up the URL of a worker type."""

    worker_type: WorkerType


class GetWorkerUrlResponse(Contract):
    """The active worker of the type that was seen most recently."""

    success: bool = True
    worker_url: str
    worker_type: WorkerType
    last_updated: datetime


class Health(CamelContract):
    """Response to ``GET {worker_url}/healthz?challenge=...``."""

    status: Annotated[str, Field(max_length=100)]
    proof: Annotated[str, Field(max_length=100)] | None = None
    """``webhook_signature.challenge_proof`` of the challenge, if one was sent."""
