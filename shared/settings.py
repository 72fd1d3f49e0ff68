"""Settings of the functions, read from environment variables on first use."""

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
"""RFC 7518, section 3.2: an HS256 key must be at least as long as its hash."""


def _split_secrets(value: object) -> object:
    """Split secrets at white space, which no secret contains."""
    return value.split() if isinstance(value, str) else value or ()


def _long_enough(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES for secret in secrets):
        raise ValueError(f"must hold {MIN_SECRET_BYTES} bytes or more, without white space")
    return secrets


def _well_formed(keys: dict[str, list[SecretStr]]) -> dict[str, list[SecretStr]]:
    for key in (key for worker_keys in keys.values() for key in worker_keys):
        key_bytes(key.get_secret_value())
    return keys


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return url


Secrets = Annotated[
    tuple[SecretStr, ...], BeforeValidator(_split_secrets), AfterValidator(_long_enough)
]
"""Secrets, the newest first. The first one signs; all of them verify."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
WorkerKeys = Annotated[dict[str, list[SecretStr]], AfterValidator(_well_formed)]
Limit = Annotated[int, Field(ge=0)]
"""A limit; 0 means no limit."""


class Settings(TelemetrySettings):
    """Settings of a function. Each field is read from the variable of its name in capitals."""

    # Database.
    database_url: SecretStr
    database_connections: int = 10
    statement_timeout_ms: int = 10_000
    user_statement_timeout_ms: int = 5_000
    """For a statement under a caller's role, such as a query of ``rest``."""
    lock_timeout_ms: int = 5_000

    # User tokens: a shared secret, or the URL of the issuer's public keys.
    jwt_secret: Secrets = ()
    """One secret, or two separated by white space during a rotation; each of them verifies."""
    jwt_jwks_url: str | None = None
    jwt_algorithm: str = "HS256"
    jwt_issuer: str
    jwt_audience: str = "authenticated"

    # The scheduler's token: Google OIDC.
    oidc_jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    oidc_issuer: str = "https://accounts.google.com"
    scheduler_email: str | None = None
    scheduler_audience: str | None = None

    # Workers.
    worker_keys: Json[WorkerKeys] = {}
    """``{"worker id": ["whsec_...", ...]}``: the first key signs, all of them verify."""
    worker_hosts: Json[list[str]] = []
    """Allowed suffixes of worker host names, such as ``[".run.app"]``."""

    # Language models.
    chat_url: WebAddress | None = None
    """Server of the OpenAI protocol. Without it, the chat worker seen most recently is used."""
    chat_api_key: SecretStr | None = None
    """Bearer token for the chat server, if it requires one."""
    chat_models: Json[dict[ChatModel, str]] = {}
    """Names of the models on that server, ``{"qwen_instruct": "..."}``; default: our names."""
    enhancement_timeout_seconds: Annotated[float, Field(gt=0)] = 15
    chat_timeout_seconds: Annotated[float, Field(gt=0)] = 45
    chat_long_timeout_seconds: Annotated[float, Field(gt=0)] = 90
    """Timeout for a request with ``long_response``."""

    # Storage and queues.
    workspace_bucket: str = "workspace-temp"
    library_bucket: str = "user-library"
    storage_emulator_host: str | None = None
    signing_key_file: str | None = None
    """Key file of a service account. Without it, URLs are signed through IAM."""
    url_token_secret: Secrets = ()
    """One secret, or two during a rotation: the first signs, all of them verify."""
    functions_url: str | None = None
    """Base URL of the functions. Without it, signed URLs are returned without a host."""
    tasks_emulator_host: str | None = None
    tasks_project: str = "local"
    tasks_location: str = "local"

    # Limits, timeouts and credits.
    lease_seconds: Annotated[float, Field(gt=0)] = 60
    idempotency_lease_seconds: Annotated[float, Field(gt=0)] = 60
    idempotency_wait_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a request waits for the response to an earlier one with the same key."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0)] = 15
    """Maximum time without output on an event stream."""
    event_poll_seconds: Annotated[float, Field(gt=0)] = 15
    """Fallback: how often code that waits for a database notification polls the database."""
    admin_image_wait_seconds: Annotated[float, Field(ge=0)] = 120
    """How long an admin's request waits for its image."""
    starting_credits: Annotated[int, Field(ge=0)] = 100
    max_queued_jobs_per_user: Limit = 200
    rate_limit_jobs_per_minute: Limit = 10
    rate_limit_prompts_per_minute: Limit = 30
    """Enhancements and chat."""
    rate_limit_requests_per_minute: Limit = 120
    """All other requests of a user."""
    uploads_per_user: Limit = 500
    upload_bytes_per_user: Limit = 1024**3
    prefetch_jobs: Annotated[int, Field(ge=1)] = 1
    """Jobs sent to a worker beyond its slots, so that it does not idle between two jobs."""

    # Content safety.
    output_classifier: str | None = None
    """Name of the classifier that workers check outputs with; ``nsfw`` requires one."""
    safety_throttle_threshold: Annotated[int, Field(ge=0)] = 3
    """Refusals of a user within the window below before the account is throttled. 0: no limit."""
    safety_throttle_window_seconds: Annotated[float, Field(gt=0)] = 600
    safety_throttle_initial_seconds: Annotated[float, Field(gt=0)] = 30
    """First wait; it doubles with each further refusal within a day."""

    # Connections of clients.
    max_client_connections: Annotated[int, Field(ge=4)] = 5_000
    """Maximum number of WebSockets of ``realtime``, and likewise of ``job-events`` streams, in one
    process. It must be lower than the platform's limit per process (1,000 in Cloud Run), because a
    new connection must reach the process before the process can close an old one for it."""
    forwarded_entries: Annotated[int, Field(ge=0, le=10)] = 0
    """How many entries trusted proxies add to ``X-Forwarded-For``; the first of them is the client
    address. 2 behind Google's load balancer, 0 if no proxy is trusted."""

    local_system: bool = False
    """Allows workers on loopback and ``--admin`` tokens. Must not be set in the cloud."""

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
        """Return the valid keys of a worker; an empty list for an unknown worker."""
        return [key.get_secret_value() for key in self.worker_keys.get(worker_id, [])]


class SettingsError(ValueError):
    """A setting is missing from the environment or malformed."""


@functools.cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: Names each invalid variable, and never contains its value.
    """
    try:
        return from_environment(Settings)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, detail['loc'])).upper() or 'settings'}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_context=False)
        ]
        raise SettingsError("; ".join(wrong)) from None
