"""A job's prompt, enhanced before the job is stored, where its user or its type asks for that."""

from dataclasses import replace

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.jobs import JobMetadata
from shared.db.queries.jobs import NewJob
from shared.services import Services


async def apply_enhancement(
    new: NewJob, metadata: JobMetadata, services: Services
) -> tuple[NewJob, str]:
    """The job as it will run, and what its user is told.

    A prompt that no language model could enhance stays as it is: what the rules would add to it
    was not asked for.
    """
    is_asked = metadata.user_requested_enhancement or JOB_TYPES[new.job_type].enhanced
    if metadata.enhanced_prompt or not is_asked:
        return new, "The job is queued."
    from shared.prompts import enhancer  # noqa: PLC0415 - most jobs ask for none

    worker_type = JOB_TYPES[new.job_type].worker_type
    request = enhancer.EnhancementRequest(
        prompt=new.original_prompt,
        content_mode=metadata.content_type,
        target="wan" if worker_type == "wan" else "sdxl",
        media=new.format,
        quality=new.quality,
    )
    enhanced = await enhancer.enhance(request, services)
    if enhanced.fallback_reason:
        reason = enhanced.fallback_reason.partition(": ")[2]
        return new, f"The job is queued, with your prompt as it is. {reason}"
    parameters = {**new.parameters, "prompt": enhanced.text}
    message = "The job is queued, with your prompt enhanced."
    return replace(new, enhanced_prompt=enhanced.text, parameters=parameters), message
