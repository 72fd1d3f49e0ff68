"""generate-admin-image request and response."""

from typing import Literal
from uuid import UUID

from shared.contracts.base import Contract
from shared.contracts.job_catalog import Quality
from shared.contracts.jobs import Prompt

AdminModel = Literal["sdxl", "wan"]


class GenerateAdminImageRequest(Contract):
    """``POST /generate-admin-image``: an image without credits or queue, for an admin."""

    prompt: Prompt
    model_type: AdminModel
    quality: Quality


class GenerateAdminImageResponse(Contract):
    """200 with the image, or 202 if the job takes longer than the request can wait."""

    success: bool = True
    image_url: str
    """A signed URL; empty as long as there is no image."""
    job_id: UUID


class AdminJob(Contract):
    """Response stored for an Idempotency-Key: a repeated request waits for the same job."""

    job_id: UUID
