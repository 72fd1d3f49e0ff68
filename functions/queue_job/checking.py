"""Whether a job may be asked for: by its words, by what it leaves out, and by its mode."""

from uuid import UUID

from shared import safety
from shared.contracts.jobs import JobMetadata
from shared.services import Services


async def check(metadata: JobMetadata, user_id: UUID, services: Services) -> None:
    """Refuse what the rules refuse, and ``nsfw`` to whom it is not open.

    Raises:
        RefusedError: with the category.
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
