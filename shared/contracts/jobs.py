"""queue-job request and response, and the public job record."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import CamelContract
from shared.contracts.job_catalog import MediaType, Quality, QueueName
from shared.contracts.postgres import PostgresJsonValue, PostgresText
from shared.contracts.text import Text
from shared.contracts.worker_protocol import MAX_ASSETS, AspectRatio, ContentMode, ReferenceType

MAX_PROMPT_CHARACTERS = 2000
MAX_METADATA_BYTES = 16 * 1024

Destination = Literal["library", "workspace"]
JobStatus = Literal["queued", "processing", "completed", "failed", "cancelled"]


Prompt = Annotated[str, Text(min_length=1, max_length=MAX_PROMPT_CHARACTERS)]
SideText = Annotated[str, Text(max_length=MAX_PROMPT_CHARACTERS)]
ReferenceUrl = Annotated[PostgresText, Field(max_length=4096)]


class JobMetadata(BaseModel):
    """The supported metadata keys. Other keys are stored with the job and ignored."""

    model_config = ConfigDict(frozen=True, extra="allow", validate_by_name=True)
    __pydantic_extra__: dict[PostgresText, PostgresJsonValue]

    prompt: Prompt | None = None
    bucket: PostgresText | None = None
    credits: Annotated[float, Field(allow_inf_nan=False)] | None = None
    queue: PostgresText | None = None
    destination: Destination = "workspace"
    session_name: Annotated[str, Text(min_length=1, max_length=200)] | None = None
    num_images: Annotated[int, Field(ge=1, le=MAX_ASSETS, strict=True)] = 1
    user_requested_enhancement: bool = False
    reference_image: bool = False
    reference_strength: Annotated[float, Field(ge=0, le=1)] | None = None
    reference_type: ReferenceType | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] | None = None
    aspect_ratio: AspectRatio = "1:1"
    negative_prompt: SideText = ""
    steps: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    guidance_scale: Annotated[float, Field(ge=0, le=30)] | None = None
    enhanced_prompt: Prompt | None = None
    content_type: ContentMode = Field(default="sfw", alias="contentType")


class QueueJobRequest(CamelContract):
    """``POST /queue-job``."""

    job_type: Annotated[PostgresText, Field(max_length=100)]
    metadata: JobMetadata = JobMetadata()
    project_id: UUID | None = None
    video_id: UUID | None = None
    image_id: UUID | None = None
    reference_image_url: ReferenceUrl | None = None
    start_reference_image_url: ReferenceUrl | None = None
    end_reference_image_url: ReferenceUrl | None = None


class JobRecord(BaseModel):
    """A row of ``jobs`` without the columns of the dispatcher."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    created_at: datetime
    updated_at: datetime
    user_id: UUID
    job_type: str
    status: JobStatus
    queue: QueueName
    model_variant: str
    format: MediaType
    quality: Quality
    destination: Destination
    metadata: dict[str, Any]
    original_prompt: str
    enhanced_prompt: str | None
    error_message: str | None
    credits: int
    project_id: UUID | None
    video_id: UUID | None
    image_id: UUID | None
    workspace_session_id: UUID | None
    attempts: int
    max_attempts: int
    started_at: datetime | None
    completed_at: datetime | None


class QueueJobDebug(CamelContract):
    """Debug information that the specification's clients print."""

    user_id: UUID
    has_prompt: bool
    destination: Destination
    workspace_session_created: bool = False


def _absent(value: object) -> bool:
    return value is None


class QueueJobResponse(CamelContract):
    """The job was stored and queued."""

    success: bool = True
    job: JobRecord
    message: str
    queue_length: int
    """Unfinished jobs of the queue, including this one."""
    model_variant: str
    workspace_session_id: UUID | None = Field(default=None, exclude_if=_absent)
    debug: QueueJobDebug
