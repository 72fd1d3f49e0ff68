"""A picture for an admin, past the credits and the queue."""

from typing import Literal
from uuid import UUID

from shared.contracts.base import Contract
from shared.contracts.job_catalog import Quality
from shared.contracts.jobs import Prompt

AdminModel = Literal["sdxl", "wan"]


class GenerateAdminImageRequest(Contract):
    """``POST /generate-admin-image``."""

    prompt: Prompt
    model_type: AdminModel
    quality: Quality


class GenerateAdminImageResponse(Contract):
    """200 with the picture, or 202 where the job takes longer than a request can wait."""

    success: bool = True
    image_url: str
    """A signed address; empty while there is no picture yet."""
    job_id: UUID


class AdminJob(Contract):
    """What an Idempotency-Key stands for: asked again, it is that job that is waited for."""

    job_id: UUID
