"""Settings of the functions, read from the environment on first use."""

import functools
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    Json,
    SecretStr,
    ValidationError,
    model_validator,
)

from shared.contracts.language_models import ChatModel
from shared.contracts.webhook_signature import key_bytes
from shared.telemetry.settings import TelemetrySettings, from_environment

MIN_SECRET_BYTES = 32
"""RFC 7518, section 3.2: a key of HS256 is at least as long as its hash."""


def _several(value: object) -> object:
    """Secrets apart by white space, which none of them holds."""
    return value.split() if isinstance(value, str) else value or ()


def _long_enough(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES for secret in secrets):
        raise ValueError(f"must hold {MIN_SECRET_BYTES} bytes or more, without white space")
    return secrets


def _well_formed(keys: dict[str, list[SecretStr]]) -> dict[str, list[SecretStr]]:
    for key in (key for several in keys.values() for key in several):
        key_bytes(key.get_secret_value())
    return keys


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return url


Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_several), AfterValidator(_long_enough)]
"""The newest first, which signs; each of them checks."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
WorkerKeys = Annotated[dict[str, list[SecretStr]], AfterValidator(_well_formed)]
Limit = Annotated[int, Field(ge=0)]
"""0 lifts it."""


class Settings(TelemetrySettings):
    """Each field is the environment variable of its name in capitals."""

    # The database.
    database_url: SecretStr
    database_connections: int = 10
    statement_timeout_ms: int = 10_000
    user_statement_timeout_ms: int = 5_000
    """For a statement under a user's own role, such as a query of ``rest``."""
    lock_timeout_ms: int = 5_000

    # Users' tokens: a shared secret, or the address of the issuer's public keys.
    jwt_secret: Secrets = ()
    """One, or while it is changed two, apart by white space: each of them checks."""
    jwt_jwks_url: str | None = None
    jwt_algorithm: str = "HS256"
    jwt_issuer: str
    jwt_audience: str = "authenticated"

    # The scheduler's token: Google's OIDC.
    oidc_jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    oidc_issuer: str = "https://accounts.google.com"
    scheduler_email: str | None = None
    scheduler_audience: str | None = None

    # Workers.
    worker_keys: Json[WorkerKeys] = {}
    """``{"worker id": ["whsec_...", ...]}``: the first key seals, each of them opens."""
    worker_hosts: Json[list[str]] = []
    """Suffixes of host names at which a worker may be, such as ``[".run.app"]``."""

    # Language models.
    chat_url: WebAddress | None = None
    """A server of the OpenAI protocol; without it, the chat worker that was seen last is asked."""
    chat_api_key: SecretStr | None = None
    """What the chat server asks for as a bearer token, where it does."""
    chat_models: Json[dict[ChatModel, str]] = {}
    """What it calls our models, ``{"qwen_instruct": "..."}``; otherwise by our names."""
    enhancement_timeout_seconds: Annotated[float, Field(gt=0)] = 15
    chat_timeout_seconds: Annotated[float, Field(gt=0)] = 45
    chat_long_timeout_seconds: Annotated[float, Field(gt=0)] = 90
    """For a long response."""

    # Storage and queues.
    workspace_bucket: str = "workspace-temp"
    library_bucket: str = "user-library"
    storage_emulator_host: str | None = None
    signing_key_file: str | None = None
    """A service account's key; where there is none, URLs are signed through IAM."""
    url_token_secret: Secrets = ()
    """One, or while it is changed two: the first signs, each of them checks."""
    functions_url: str | None = None
    """Where clients reach the functions; without it, a signed address is told without a host."""
    tasks_emulator_host: str | None = None
    tasks_project: str = "local"
    tasks_location: str = "local"

    # The product's own numbers.
    lease_seconds: Annotated[float, Field(gt=0)] = 60
    idempotency_lease_seconds: Annotated[float, Field(gt=0)] = 60
    idempotency_wait_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a request waits for the answer to the one before it."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0)] = 15
    """How long a stream of events says nothing, at most."""
    event_poll_seconds: Annotated[float, Field(gt=0)] = 15
    """Seconds after which whatever waits for a notification of the database looks for itself."""
    admin_image_wait_seconds: Annotated[float, Field(ge=0)] = 120
    """How long an admin's request waits for its picture."""
    starting_credits: Annotated[int, Field(ge=0)] = 100
    max_queued_jobs_per_user: Limit = 200
    rate_limit_jobs_per_minute: Limit = 10
    rate_limit_prompts_per_minute: Limit = 30
    """Enhancements and chat."""
    rate_limit_requests_per_minute: Limit = 120
    """Whatever else a user asks for."""
    uploads_per_user: Limit = 500
    upload_bytes_per_user: Limit = 1024**3
    prefetch_jobs: Annotated[int, Field(ge=1)] = 1
    """Jobs sent to a worker beyond its slots, so that it never idles between two."""

    # Content safety.
    output_classifier: str | None = None
    """The name of the classifier by which workers check what they make; ``nsfw`` needs one."""
    safety_throttle_threshold: Annotated[int, Field(ge=0)] = 3
    """Refusals of a user's within the time below; from then on the account waits. 0 lifts it."""
    safety_throttle_window_seconds: Annotated[float, Field(gt=0)] = 600
    safety_throttle_initial_seconds: Annotated[float, Field(gt=0)] = 30
    """It doubles with each further refusal of a day."""

    # Connections of clients.
    max_client_connections: Annotated[int, Field(ge=4)] = 5_000
    """WebSockets of ``realtime``, and likewise streams of ``job-events``, in one process. It must
    be lower than the connections that the platform lets through to a process (1,000 in Cloud Run):
    a new one has to reach the process, which makes room for it."""
    forwarded_entries: Annotated[int, Field(ge=0, le=10)] = 0
    """How many entries the trusted proxies add to ``X-Forwarded-For``, of which the first is the
    client's address (2 behind Google's load balancer); 0 where no proxy is trusted."""

    local_system: bool = False
    """One machine: workers on loopback, and ``--admin`` tokens count. The cloud refuses it."""

    @model_validator(mode="after")
    def _coherent(self) -> "Settings":
        if self.local_system and self.k_service:
            raise ValueError("LOCAL_SYSTEM is not for the cloud")
        if not (self.jwt_secret or self.jwt_jwks_url):
            raise ValueError("one of JWT_SECRET and JWT_JWKS_URL is needed")
        if bool(self.jwt_secret) != self.jwt_algorithm.startswith("HS"):
            raise ValueError("JWT_SECRET goes with HS256, JWT_JWKS_URL with RS256, ES256 or EdDSA")
        return self

    def worker_keys_for(self, worker_id: str) -> list[str]:
        """The valid keys of a worker; none for one that is not known."""
        return [key.get_secret_value() for key in self.worker_keys.get(worker_id, [])]


class SettingsError(ValueError):
    """The environment lacks a setting, or holds one that is malformed."""


@functools.cache
def settings() -> Settings:
    """The process's settings.

    Raises:
        SettingsError: naming each variable that is wrong, and never telling what it holds.
    """
    try:
        return from_environment(Settings)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, detail['loc'])).upper() or 'settings'}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_context=False)
        ]
        raise SettingsError("; ".join(wrong)) from None
