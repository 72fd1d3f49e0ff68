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

from shared.contracts.chat import ChatModel
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
    """The URL of the Postgres database, such as `postgresql://HOST:PORT/NAME`, with its user."""
    database_connections: int = 10
    """Connections of one process at most."""
    statement_timeout_ms: int = 10_000
    """The longest that a statement may run under the functions' own role."""
    user_statement_timeout_ms: int = 5_000
    """The longest that a statement may run under a user's role, such as a query of `rest`."""
    lock_timeout_ms: int = 5_000
    """The longest that a statement may wait for a lock."""

    # User tokens: a shared secret, or the URL of the issuer's public keys.
    jwt_secret: Secrets = ()
    """The HS256 secret, 32 bytes or more. While it is being rotated, two secrets separated by
    white space: both are accepted."""
    jwt_jwks_url: str | None = None
    """The URL of the issuer's public keys, in place of `JWT_SECRET`."""
    jwt_algorithm: str = "HS256"
    """The one algorithm that is accepted: HS256 with `JWT_SECRET`; RS256, ES256 or EdDSA with
    `JWT_JWKS_URL`."""
    jwt_issuer: str
    """The value that `iss` of every user token must have."""
    jwt_audience: str = "authenticated"
    """The value that `aud` of every user token must have."""

    # The scheduler's token: Google OIDC.
    oidc_jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    """The URL of the public keys that verify the scheduler's token."""
    oidc_issuer: str = "https://accounts.google.com"
    """The value that `iss` of the scheduler's token must have."""
    scheduler_email: str | None = None
    """The service account of the scheduler. Without it `sweep-jobs` refuses every call."""
    scheduler_audience: str | None = None
    """The value that `aud` of the scheduler's token must have."""

    # Workers.
    worker_keys: Json[WorkerKeys] = {}
    """Each worker's signing keys: `{"worker id": ["whsec_...", ...]}`. The first key signs, all
    of them are accepted."""
    worker_hosts: Json[list[str]] = []
    """Suffixes of the host names that a worker may register, such as `[".run.app"]`."""

    # Language models.
    chat_url: WebAddress | None = None
    """A server of the OpenAI protocol. Without it, the registered chat worker that was seen last
    is called."""
    chat_api_key: SecretStr | None = None
    """The bearer token for the chat server."""
    chat_models: Json[dict[ChatModel, str]] = {}
    """The names that the chat server has for the models, such as `{"qwen_instruct": "..."}`.
    Otherwise the same names."""
    enhancement_timeout_seconds: Annotated[float, Field(gt=0)] = 15
    """The longest wait for an enhanced prompt."""
    chat_timeout_seconds: Annotated[float, Field(gt=0)] = 45
    """The longest wait for a chat reply."""
    chat_long_timeout_seconds: Annotated[float, Field(gt=0)] = 90
    """The longest wait for a chat reply with `long_response`."""

    # Storage and queues.
    workspace_bucket: str = "workspace-temp"
    """The bucket of the workspace."""
    library_bucket: str = "user-library"
    """The bucket of the library."""
    storage_emulator_host: str | None = None
    """The URL of an emulator of Cloud Storage."""
    signing_key_file: str | None = None
    """A service account's key file, to sign URLs. Without it, URLs are signed through IAM."""
    url_token_secret: Secrets = ()
    """The secret that signs the URLs of `storage`, 32 bytes or more. While it is being rotated,
    two secrets separated by white space: the first signs, both are accepted."""
    functions_url: str | None = None
    """The URL where clients reach the functions. Without it, signed URLs have no host."""
    tasks_emulator_host: str | None = None
    """The host and port of an emulator of Cloud Tasks."""
    tasks_project: str = "local"
    """The project of the Cloud Tasks queues."""
    tasks_location: str = "local"
    """The region of the Cloud Tasks queues."""

    # Limits, timeouts and credits.
    lease_seconds: Annotated[float, Field(gt=0)] = 60
    """How long a claimed job belongs to its worker without a heartbeat."""
    idempotency_lease_seconds: Annotated[float, Field(gt=0)] = 60
    """How long an Idempotency-Key is reserved by a request that has not answered."""
    idempotency_wait_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a request waits for the response to an earlier one with the same Idempotency-Key."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0)] = 15
    """The longest that a `job-events` stream is silent; then it sends a comment."""
    event_poll_seconds: Annotated[float, Field(gt=0)] = 15
    """How often a stream reads the database without a notification of it."""
    admin_image_wait_seconds: Annotated[float, Field(ge=0)] = 120
    """How long `generate-admin-image` waits for its picture."""
    starting_credits: Annotated[int, Field(ge=0)] = 100
    """A new user's credits."""
    max_queued_jobs_per_user: Limit = 200
    """Queued jobs of one user at most. 0: no limit."""
    rate_limit_jobs_per_minute: Limit = 10
    """Jobs that a user may queue in a minute. 0: no limit."""
    rate_limit_prompts_per_minute: Limit = 30
    """Prompt enhancements and chat messages of a user in a minute. 0: no limit."""
    rate_limit_requests_per_minute: Limit = 120
    """Other requests of a user in a minute. 0: no limit."""
    uploads_per_user: Limit = 500
    """Uploaded pictures that a user may have at a time. 0: no limit."""
    upload_bytes_per_user: Limit = 1024**3
    """Bytes that the uploaded pictures of a user may have together. 0: no limit."""
    prefetch_jobs: Annotated[int, Field(ge=1)] = 1
    """Jobs that are sent to a worker beyond its slots, so that it need not wait for the
    next."""

    # Content safety.
    output_classifier: str | None = None
    """The name of the workers' output classifier. Jobs in `nsfw` need one."""
    safety_throttle_threshold: Annotated[int, Field(ge=0)] = 3
    """Refused requests of a user, within the window below, after which the account must wait. 0:
    never."""
    safety_throttle_window_seconds: Annotated[float, Field(gt=0)] = 600
    """The window in which refused requests are counted."""
    safety_throttle_initial_seconds: Annotated[float, Field(gt=0)] = 30
    """The first wait. It doubles with each further refused request of that day, up to a day."""

    # Connections of clients.
    max_client_connections: Annotated[int, Field(ge=4)] = 5_000
    """WebSockets of `realtime`, and streams of `job-events`, in one process at most. It must be
    lower than the platform's limit of connections to a process (1,000 in Cloud Run), since a
    new connection has to reach the process before an older one is closed for it."""
    forwarded_entries: Annotated[int, Field(ge=0, le=10)] = 0
    """How many entries the trusted proxies add to `X-Forwarded-For`; the first of these is the
    client's address (2 behind Google's load balancer). 0: no proxy is trusted."""

    # The local system.
    local_system: bool = False
    """True on one machine only: workers may be on loopback, and `--admin` tokens are accepted.
    Cloud Run refuses it."""

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
