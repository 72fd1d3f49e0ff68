"""What is told of one method at one address."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

Json = dict[str, Any]
Requirement = dict[str, list[str]]
"""Schemes that are needed together, as OpenAPI writes it."""

BEARER: Requirement = {"bearer": []}
TICKET: Requirement = {"ticket": []}
SIGNED: Requirement = {"signedAddress": []}
WORKER_SIGNATURE: Requirement = {"sealWorker": [], "sealId": [], "sealTimestamp": [], "seal": []}
SCHEDULER: Requirement = {"scheduler": []}

IDEMPOTENCY_KEY: Json = {"$ref": "#/components/parameters/IdempotencyKey"}


@dataclass(frozen=True, slots=True)
class Response:
    """A good answer: of models, of another media type, or neither."""

    description: str
    models: tuple[type[BaseModel], ...] = ()
    """Any one of them, as application/json."""
    content: dict[str, Json] = field(default_factory=dict)
    """Further media types, each with its schema."""
    headers: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address, with nothing yet of how it may be refused."""

    method: str
    answers: dict[int, Response]
    path: str = ""
    """Below the function's public prefix."""
    reads: type[BaseModel] | None = None
    """The body; None where it is not looked at, or no JSON."""
    parameters: tuple[Json, ...] = ()
    security: tuple[Requirement, ...] = (BEARER,)
    body: dict[str, Json] = field(default_factory=dict)
    """Of other media types, each with its schema."""
    description: str = ""
    """Where the handler's own does not say enough."""
    name: str = ""
    """What tells it apart, where its method and its address's words do not."""
