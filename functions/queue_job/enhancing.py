"""Enhances a job's prompt before the job is stored, if its user or its job type requests it."""

from dataclasses import replace

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.jobs import JobMetadata
from shared.db.queries.jobs import NewJob
from shared.services import Services


async def apply_enhancement(
    new: NewJob, metadata: JobMetadata, services: Services
) -> tuple[NewJob, str]:
    """Enhance the job's prompt if requested.

    If no language model answers, the prompt stays unchanged: the rules would add words that were
    not requested.

    Returns:
        The job with the prompt that it will run with, and the message for its user.
    """
    is_requested = metadata.user_requested_enhancement or JOB_TYPES[new.job_type].enhanced
    if metadata.enhanced_prompt or not is_requested:
        return new, "Job queued."
    from shared.prompts import enhancer  # noqa: PLC0415 - most jobs need none

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
        return new, f"Job queued with the original prompt. {reason}"
    parameters = {**new.parameters, "prompt": enhanced.text}
    message = "Job queued with the enhanced prompt."
    return replace(new, enhanced_prompt=enhanced.text, parameters=parameters), message
