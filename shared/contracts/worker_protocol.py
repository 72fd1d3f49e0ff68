"""The letters between the functions and the GPU workers.

A job message goes out through Cloud Tasks; callbacks come back to ``job-callback``; each callback
is answered. All are JSON, camelCase, and sealed as ``signature`` says.
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
"""Of what is refused."""

MAX_ASSETS = 6
MAX_SEED = 2**32 - 1
"""Of a job; image i of it is drawn with ``seed + i``."""

MAX_MESSAGE_BYTES = 100_000
"""Cloud Tasks takes a task of 100 KB at most."""


class GenerationParams(CamelContract):
    """What the worker is to make, with nothing left to choose but the picture's exact size."""

    prompt: str
    negative_prompt: str = ""
    steps: int
    guidance_scale: float
    num_images: int = 1
    seed: int
    """Of the first image; image i of the job takes ``seed + i``."""
    aspect_ratio: AspectRatio = "1:1"
    """Each model turns it into its own sides, in pixels."""
    reference_strength: float | None = None
    """0 ignores the reference, 1 copies it."""
    reference_type: ReferenceType | None = None
    content_type: ContentMode = "sfw"


class JobMessage(CamelContract):
    """``POST {worker_url}/jobs``: run this job. It is carried by Cloud Tasks."""

    job_id: UUID
    user_id: UUID
    dispatch_no: int
    """Which dispatch of the job this is; a claim under an older one is declined."""
    job_type: str
    """A name of the catalogue."""
    parameters: GenerationParams
    reference_roles: list[ReferenceRole] = []
    traceparent: str | None = None
    expires_at: datetime
    """After this the job has ended, whatever became of it."""


class UploadTarget(CamelContract):
    """Where one asset goes: PUT to the URLs with exactly these headers."""

    asset_index: int
    path: str
    """In the bucket workspace-temp; ``tempStoragePath`` of the asset in the callback."""
    put_url: str
    headers: dict[str, str]
    """Content-Type among them. A signed header that is missing or differs is refused."""
    thumbnail_path: str
    thumbnail_put_url: str
    thumbnail_headers: dict[str, str]


class ReferenceInput(CamelContract):
    """A picture to start from, by a signed URL of ours."""

    role: ReferenceRole
    url: str
    type: ReferenceType | None = None


class CallbackResponse(CamelContract):
    """The answer to every callback; a claim's carries what the worker needs for the job."""

    success: bool = True
    message: str
    proceed: bool = True
    """False: the job has ended or is another's. Stop, and answer the task with 200."""
    heartbeat_seconds: float | None = None
    uploads: list[UploadTarget] = []
    manifest_put_url: str | None = None
    manifest_headers: dict[str, str] = {}
    preview_put_url: str | None = None
    """May be overwritten; every other object is written once."""
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
    """What the worker really used; it is in the file as well."""


class OutputCheck(CamelContract):
    """What looked at the pictures of a job; without it none is completed."""

    kind: Literal["exempt", "checker", "classifier"]
    """``exempt`` is a model that can draw nothing unsafe, and counts in the local system alone."""
    name: Annotated[str, Field(max_length=80, pattern=r"^[ -~]{1,80}$")]
    """Of the model: 1 to 80 printable ASCII characters."""


class Results(CamelContract):
    """What a completed job made."""

    assets: Annotated[list[ReportedAsset], Field(min_length=1, max_length=MAX_ASSETS)]


class JobFailure(CamelContract):
    """Why a job did not complete, for a machine; ``errorMessage`` is for a person."""

    code: Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    retryable: bool = False
    requeue: bool = False
    """A draining worker gives the job back; it costs no attempt."""
    categories: Annotated[list[Category], Field(max_length=8)] = []
    """Of what was refused, where the code is ``content_refused``."""


class CallbackRequest(CamelContract):
    """``POST /job-callback``.

    - ``processing`` without ``progress`` claims the job, under a claimId that the worker made;
    - ``processing`` with ``progress`` is that claim's heartbeat;
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
    """On a claim: the message's own."""
    progress: Fraction | None = None
    step: NonNegativeInt4 | None = None
    steps: NonNegativeInt4 | None = None
    preview: bool | None = None
    """On a heartbeat: a preview lies at the address that the claim was given for it."""
    failure: JobFailure | None = None
    output_check: OutputCheck | None = None
    """On an end: what let the results pass, or refused them."""


class SignedManifest(CamelContract):
    """The object a worker writes last: its completed callback, sealed.

    Where the callback itself is lost, the sweep completes the job from this.
    """

    headers: dict[str, str]
    body: str
