"""Worker settings, read from environment variables on first use."""

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
"""The default cache folder of the generated tiny random models."""


def _checked_key(key: str) -> str:
    webhook_signature.key_bytes(key)
    return key


class Settings(BaseModel):
    """Base class: each field is read from the environment variable of its name in capitals."""

    model_config = ConfigDict(frozen=True)


class WorkerSettings(TelemetrySettings):
    """The worker's identity, URLs and limits."""

    worker_id: WorkerId
    """The id of the worker, under which the functions have its key."""
    worker_key: Annotated[str, AfterValidator(_checked_key), Field(repr=False)]
    """The worker's signing key, `whsec_...`."""
    functions_url: Annotated[str, Field(pattern="^https?://")]
    """The URL of the functions, such as `https://example.com/functions/v1`."""
    worker_url: str | None = None
    """The URL where the functions reach this worker. Without it, this machine's port."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=1, le=65535)]
    """The port to listen on."""
    worker_slots: Annotated[int, Field(ge=1, le=1000)] = 1
    """Jobs that run at the same time."""
    prefetch_jobs: Annotated[int, Field(ge=0, le=1000)] = 1
    """Jobs that may wait for a free slot. One may always wait."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a running job may go on after the worker was asked to stop."""

    @property
    def public_url(self) -> str:
        """The URL that is registered, without a trailing slash."""
        return (self.worker_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def has_public_url(self) -> bool:
        """Whether the worker knows its URL; if not, the operator has registered it."""
        return self.worker_url is not None or _is_loopback(self.host)

    def endpoint(self, name: str) -> str:
        """Return the URL of one of the functions."""
        return f"{self.functions_url.rstrip('/')}/{name}"


class ChatSettings(Settings):
    """The chat worker's models, limits and API key."""

    chat_model: str | None = None
    """The folder or hub id of the model served as `qwen_instruct`. Without it, a tiny random
    model whose text has no meaning."""
    chat_base_model: str | None = None
    """The same for `qwen_base`. Without it, the model above."""
    chat_queue_size: Annotated[int, Field(ge=1, le=1000)] = 8
    """Requests that may wait for the running one."""
    chat_max_tokens: Annotated[int, Field(ge=1)] = 512
    """Tokens of a reply at most, where its request has no limit of its own."""
    model_cache: Path = MODEL_CACHE
    """Where the tiny random model is stored."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation. Without it, torch's own choice."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port to listen on. A chat worker that registers must set it."""
    chat_api_key: Annotated[str | None, Field(repr=False, validate_default=True)] = None
    """The bearer token that callers of `/v1` must send. Required unless the worker listens on
    loopback."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a running reply may go on after the worker was asked to stop."""
    worker_id: str | None = None
    """The id of the worker. With this or one of the next two, it registers with the functions,
    and needs every setting of a worker."""
    worker_key: Annotated[str | None, Field(repr=False)] = None
    """The worker's signing key."""
    functions_url: str | None = None
    """The URL of the functions."""

    @property
    def should_register(self) -> bool:
        """Whether the worker registers; it then needs all settings of `WorkerSettings`."""
        return any((self.worker_id, self.worker_key, self.functions_url))

    @field_validator("chat_api_key")
    @classmethod
    def _closed_beyond_loopback(cls, key: str | None, others: ValidationInfo) -> str | None:
        if key is None and not _is_loopback(others.data.get("host", "")):
            raise ValueError("is required unless HOST is a loopback address")
        return key


class ProvenanceSettings(Settings):
    """The C2PA certificates and key; without both, outputs are not signed."""

    c2pa_certificates: Path | None = None
    """A file of PEM certificates, the signer's own first. The root may be left out."""
    c2pa_key: Path | None = None
    """A file with the PEM private key of the first certificate."""


class NoopSettings(Settings):
    """The steps that the noop worker simulates."""

    noop_steps: Annotated[int, Field(ge=0)] = 0
    """Steps of each job, of which it reports the progress."""
    noop_seconds: Annotated[float, Field(ge=0)] = 0
    """How long each step takes."""


@cache
def worker() -> WorkerSettings:
    """The settings of a worker that runs jobs."""
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
    """Read the fields of ``form`` from the environment; exit the process if one is invalid."""
    try:
        return from_environment(form)
    except ValidationError as error:
        sys.exit(_error_message(error))


def _error_message(error: ValidationError) -> str:
    """Describe an error by the variable's name only: the value may be a key."""
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    missing = [
        str(problem["loc"][0]).upper() for problem in problems if problem["type"] == "missing"
    ]
    if missing:
        return f"The worker cannot start: set {', '.join(missing)} in its environment."
    name, reason = str(problems[0]["loc"][0]).upper(), problems[0]["msg"]
    return f"The worker cannot start: {name} is not usable ({reason})."
