"""Operation and response types."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

Json = dict[str, Any]
Requirement = dict[str, list[str]]
"""Security schemes that are required together, in OpenAPI's format."""

BEARER: Requirement = {"bearer": []}
TICKET: Requirement = {"ticket": []}
SIGNED: Requirement = {"signedAddress": []}
WORKER_SIGNATURE: Requirement = {
    "signatureWorker": [],
    "signatureId": [],
    "signatureTimestamp": [],
    "signature": [],
}
SCHEDULER: Requirement = {"scheduler": []}

IDEMPOTENCY_KEY: Json = {"$ref": "#/components/parameters/IdempotencyKey"}


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response: with JSON models, with other media types, or without a body."""

    description: str
    models: tuple[type[BaseModel], ...] = ()
    """The body is any one of these models, as application/json."""
    content: dict[str, Json] = field(default_factory=dict)
    """Further media types, each with its schema."""
    headers: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path, without its error responses."""

    method: str
    answers: dict[int, Response]
    path: str = ""
    """The path below the function's public prefix."""
    reads: type[BaseModel] | None = None
    """The model of the JSON body; None if there is none."""
    parameters: tuple[Json, ...] = ()
    security: tuple[Requirement, ...] = (BEARER,)
    body: dict[str, Json] = field(default_factory=dict)
    """Bodies of other media types, each with its schema."""
    description: str = ""
    """An addition to the handler's docstring."""
    name: str = ""
    """A suffix of the operation's id, if method and path do not make it unique."""
