"""Worker protocol: job messages, callbacks and their responses.

A job message is sent through Cloud Tasks; a worker sends callbacks to ``job-callback`` and reads
the responses. Messages are JSON in camelCase, signed as in ``webhook_signature``.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import CamelContract
from shared.contracts.job_catalog import MediaType
from shared.contracts.postgres import (
    Fraction,
    NonNegativeInt4,
    PositiveFloat4,
    PositiveInt4,
    PositiveInt8,
    PostgresJson,
    PostgresText,
)

AspectRatio = Literal["1:1", "16:9", "9:16", "4:3", "3:4"]
ReferenceType = Literal["character", "style", "composition"]
ReferenceRole = Literal["reference", "start", "end"]
ContentMode = Literal["sfw", "nsfw"]

Category = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""Category of refused content."""

MAX_ASSETS = 6
MAX_SEED = 2**32 - 1
"""Maximum seed of a job; image i of the job uses ``seed + i``."""

MAX_MESSAGE_BYTES = 100_000
"""Cloud Tasks accepts tasks of up to 100 KB."""


class GenerationParams(CamelContract):
    """Generation parameters of a job, complete except for the exact size in pixels."""

    prompt: str
    negative_prompt: str = ""
    steps: int
    guidance_scale: float
    num_images: int = 1
    seed: int
    """Seed of the first image; image i of the job uses ``seed + i``."""
    aspect_ratio: AspectRatio = "1:1"
    """Each model maps it to a size in pixels."""
    reference_strength: float | None = None
    """From 0 (ignore the reference) to 1 (copy it)."""
    reference_type: ReferenceType | None = None
    content_type: ContentMode = "sfw"


class JobMessage(CamelContract):
    """``POST {worker_url}/jobs``: run this job. It is delivered by Cloud Tasks."""

    job_id: UUID
    user_id: UUID
    dispatch_no: int
    """Number of this dispatch of the job; a claim with an older number is declined."""
    job_type: str
    """A name in ``job_catalog``."""
    parameters: GenerationParams
    reference_roles: list[ReferenceRole] = []
    traceparent: str | None = None
    expires_at: datetime
    """The job has finished or failed by this time."""


class UploadTarget(CamelContract):
    """Signed URLs for one asset and its thumbnail: PUT with exactly these headers."""

    asset_index: int
    path: str
    """Path in the bucket workspace-temp; the ``tempStoragePath`` of the asset in the callback."""
    put_url: str
    headers: dict[str, str]
    """Includes Content-Type. A PUT with a missing or different signed header is refused."""
    thumbnail_path: str
    thumbnail_put_url: str
    thumbnail_headers: dict[str, str]


class ReferenceInput(CamelContract):
    """A reference image, by a signed URL."""

    role: ReferenceRole
    url: str
    type: ReferenceType | None = None


class CallbackResponse(CamelContract):
    """Response to a callback; the response to a claim carries the URLs for the job."""

    success: bool = True
    message: str
    proceed: bool = True
    """False: the job has finished or is another worker's. Stop, and respond 200 to the task."""
    heartbeat_seconds: float | None = None
    uploads: list[UploadTarget] = []
    manifest_put_url: str | None = None
    manifest_headers: dict[str, str] = {}
    preview_put_url: str | None = None
    """The preview may be overwritten; all other objects are written once."""
    preview_headers: dict[str, str] = {}
    references: list[ReferenceInput] = []


class ReportedAsset(CamelContract):
    """One finished image or video, as the worker reports it."""

    asset_type: MediaType
    temp_storage_path: PostgresText = Field(max_length=1024)
    file_size_bytes: PositiveInt8
    mime_type: PostgresText = Field(max_length=100)
    duration_seconds: PositiveFloat4 | None = None
    asset_index: Annotated[int, Field(ge=0, lt=MAX_ASSETS)] = 0
    thumbnail_path: PostgresText | None = Field(default=None, max_length=1024)
    crc32c: PostgresText | None = Field(default=None, max_length=8, alias="crc32c")
    """Base64 of the big-endian CRC-32C, as Cloud Storage writes it."""
    width: PositiveInt4 | None = None
    height: PositiveInt4 | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED + MAX_ASSETS - 1)] | None = None
    generation_settings: PostgresJson = {}
    """Settings that the worker used; they are also stored in the file."""


class OutputCheck(CamelContract):
    """The check that a job's outputs passed; a job cannot complete without one."""

    kind: Literal["exempt", "checker", "classifier"]
    """``exempt``: the model cannot generate unsafe images; accepted in the local system only."""
    name: Annotated[str, Field(max_length=80, pattern=r"^[ -~]{1,80}$")]
    """Name of the checking model: 1 to 80 printable ASCII characters."""


class Results(CamelContract):
    """Assets of a completed job."""

    assets: Annotated[list[ReportedAsset], Field(min_length=1, max_length=MAX_ASSETS)]


class JobFailure(CamelContract):
    """Machine-readable reason of a failure; ``errorMessage`` is for a person."""

    code: Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    retryable: bool = False
    requeue: bool = False
    """Set by a draining worker: the job is queued again without counting an attempt."""
    categories: Annotated[list[Category], Field(max_length=8)] = []
    """Categories of the refused content, if the code is ``content_refused``."""


class CallbackRequest(CamelContract):
    """``POST /job-callback``.

    - ``processing`` without ``progress`` claims the job under a claimId chosen by the worker;
    - ``processing`` with ``progress`` is a heartbeat of the claim;
    - ``completed`` carries ``results``, ``failed`` an ``errorMessage`` and ``failure``.
    """

    job_id: UUID
    user_id: UUID
    status: Literal["processing", "completed", "failed"]
    results: Results | None = None
    error_message: PostgresText | None = Field(default=None, max_length=2000)
    metadata: PostgresJson | None = None
    claim_id: UUID
    dispatch_no: NonNegativeInt4 | None = None
    """On a claim: the number from the job message."""
    progress: Fraction | None = None
    step: NonNegativeInt4 | None = None
    steps: NonNegativeInt4 | None = None
    preview: bool | None = None
    """On a heartbeat: whether a preview was uploaded to the claim's preview URL."""
    failure: JobFailure | None = None
    output_check: OutputCheck | None = None
    """On ``completed`` and ``failed``: the check that accepted or refused the results."""


class SignedManifest(CamelContract):
    """The object that a worker writes last: its signed completed callback.

    If the callback is lost, the sweep completes the job from the manifest.
    """

    headers: dict[str, str]
    body: str


MAX_THUMBNAIL_BYTES = 256 * 1024
"""256 by 256 pixels take 192 KiB without any compression; the rest is for metadata."""

MAX_PREVIEW_BYTES = 64 * 1024
"""128 by 128 pixels take 48 KiB without any compression."""

MAX_MANIFEST_BYTES = 1024 * 1024
"""Fits a callback with six assets, each with ``postgres.MAX_JSON_BYTES`` of settings, encoded as a
JSON string, in which each quotation mark takes two bytes."""
