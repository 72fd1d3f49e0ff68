"""Safety checks of a new job: its prompts, its negative prompt and its content mode."""

from uuid import UUID

from shared import safety
from shared.contracts.jobs import JobMetadata
from shared.services import Services


async def check(metadata: JobMetadata, user_id: UUID, services: Services) -> None:
    """Check a job's prompts, and whether the user may use its content mode.

    Raises:
        ContentRefusedError: The safety rules refuse a prompt, or the user may not use ``nsfw``.
            It names the category.
    """
    prompts = (metadata.prompt, metadata.enhanced_prompt)
    safety.check_prompt(*prompts, field="metadata", negative=metadata.negative_prompt)
    await safety.check_mode(
        metadata.content_type,
        metadata.prompt or "",
        field="metadata.contentType",
        user_id=user_id,
        services=services,
    )
