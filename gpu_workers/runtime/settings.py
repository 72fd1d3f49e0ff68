"""Settings of a worker, read from the environment on first use."""

import sys
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from shared.contracts import webhook_signature
from shared.contracts.worker_registration import WorkerId
from shared.telemetry.settings import TelemetrySettings, from_environment

MODEL_CACHE = Path(__file__).resolve().parents[2] / ".local" / "models"
"""Where tiny random models are kept once they have been made, if no other place is named."""


def _checked_key(key: str) -> str:
    webhook_signature.key_bytes(key)
    return key


class Settings(BaseModel):
    """Each field is the environment variable of its name in capitals."""

    model_config = ConfigDict(frozen=True)


class WorkerSettings(TelemetrySettings):
    """Who this worker is and how it is reached."""

    worker_id: WorkerId
    """The id of its key."""
    worker_key: Annotated[str, AfterValidator(_checked_key), Field(repr=False)]
    functions_url: Annotated[str, Field(pattern="^https?://")]
    """Where the functions are, such as ``https://example.com/functions/v1``."""
    worker_url: str | None = None
    """Where the functions reach this worker; without it, this machine's own port."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    worker_slots: Annotated[int, Field(ge=1, le=1000)] = 1
    """Jobs that run at the same time."""
    prefetch_jobs: Annotated[int, Field(ge=0, le=1000)] = 1
    """Jobs that may wait here for a slot; there is always room for one."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a running job may go on once the worker was told to end."""

    @property
    def public_url(self) -> str:
        """The address that is registered."""
        return (self.worker_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def has_public_url(self) -> bool:
        """Whether it can say where it is reached; if not, the operator has made it known."""
        return self.worker_url is not None or _is_loopback(self.host)

    def endpoint(self, name: str) -> str:
        """The address of one of the functions."""
        return f"{self.functions_url.rstrip('/')}/{name}"


class ChatSettings(Settings):
    """Which language models are served, to whom, and where."""

    chat_model: str | None = None
    """A folder or a hub id, served as qwen_instruct; without it, a tiny random one that babbles."""
    chat_base_model: str | None = None
    """The same for qwen_base; without it, the model above."""
    chat_queue_size: Annotated[int, Field(ge=1, le=1000)] = 8
    """Requests that may wait for the one that is answered."""
    chat_max_tokens: Annotated[int, Field(ge=1)] = 512
    """Of a reply, where its request names no bound."""
    model_cache: Path = MODEL_CACHE
    """Where the tiny random model is kept once it has been made."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation; without it, torch's own choice."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """Where it registers, PORT must be set."""
    chat_api_key: Annotated[str | None, Field(repr=False, validate_default=True)] = None
    """What callers of /v1 show as their bearer token; only on loopback it may be left out."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a running reply may go on once the worker was told to end."""
    worker_id: str | None = None
    worker_key: Annotated[str | None, Field(repr=False)] = None
    functions_url: str | None = None

    @property
    def should_register(self) -> bool:
        """Whether it is to be known to the functions; then it needs all that any worker does."""
        return any((self.worker_id, self.worker_key, self.functions_url))

    @field_validator("chat_api_key")
    @classmethod
    def _closed_beyond_loopback(cls, key: str | None, others: ValidationInfo) -> str | None:
        if key is None and not _is_loopback(others.data.get("host", "")):
            raise ValueError("beyond loopback there must be one")
        return key


class ProvenanceSettings(Settings):
    """Who signs what is made, by C2PA; without both, nobody does."""

    c2pa_certificates: Path | None = None
    """A file of PEM certificates, the signer's own first; the root may be left out."""
    c2pa_key: Path | None = None
    """A file with the PEM private key of the first of them."""


class NoopSettings(Settings):
    """How long the noop worker pretends to work."""

    noop_steps: Annotated[int, Field(ge=0)] = 0
    noop_seconds: Annotated[float, Field(ge=0)] = 0
    """Of each step."""


@cache
def worker() -> WorkerSettings:
    """The runtime's own settings."""
    return load_settings(WorkerSettings)


@cache
def chat() -> ChatSettings:
    """The chat worker's settings."""
    return load_settings(ChatSettings)


@cache
def provenance() -> ProvenanceSettings:
    """The signer's settings."""
    return load_settings(ProvenanceSettings)


@cache
def noop() -> NoopSettings:
    """The noop pipeline's settings."""
    return load_settings(NoopSettings)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


_S = TypeVar("_S", bound=BaseModel)


def load_settings(form: type[_S]) -> _S:
    """What the environment says of these fields; where it is not usable, the process ends."""
    try:
        return from_environment(form)
    except ValidationError as error:
        sys.exit(_sentence(error))


def _sentence(error: ValidationError) -> str:
    """What is wrong, by name alone: the value may be a key."""
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    missing = [
        str(problem["loc"][0]).upper() for problem in problems if problem["type"] == "missing"
    ]
    if missing:
        return f"The worker cannot start: set {', '.join(missing)} in its environment."
    name, reason = str(problems[0]["loc"][0]).upper(), problems[0]["msg"]
    return f"The worker cannot start: {name} is not usable ({reason})."
