"""Build a job from a request, and enhance its prompt if that is requested."""

from dataclasses import replace
from uuid import UUID

from functions.queue_job import references
from shared.contracts.job_catalog import ALIASES, JOB_TYPES, JobType, get_job_type
from shared.contracts.jobs import MAX_METADATA_BYTES, JobMetadata, QueueJobRequest
from shared.contracts.postgres import is_json_larger
from shared.contracts.worker_protocol import GenerationParams
from shared.db.queries.jobs import NewJob
from shared.errors import InvalidRequestError
from shared.jobs import submit
from shared.services import Services


def build_job(request: QueueJobRequest, *, user_id: UUID, job_id: UUID, seed: int) -> NewJob:
    """Build the job of a request.

    What the server computes (credits, queue, bucket) is never read from the metadata.

    Args:
        request: validated by its contract.
        user_id: of the job's user.
        job_id: of the new job.
        seed: used if the request has none.

    Raises:
        InvalidRequestError: A field is missing or wrong; its details name the field.
    """
    row = _job_type(request)
    metadata = request.metadata
    prompt = _prompt(metadata)
    _check_offered(request, row)
    parameters = _parameters(metadata, row, seed)
    job = submit.build_job(
        row,
        parameters,
        job_id=job_id,
        user_id=user_id,
        prompt=prompt,
        metadata=_validated_metadata(metadata),
    )
    return replace(
        job,
        destination=metadata.destination,
        enhanced_prompt=metadata.enhanced_prompt,
        project_id=request.project_id,
        video_id=request.video_id,
        image_id=request.image_id,
        reference_roles=list(references.requested_references(request)),
    )


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


def _job_type(request: QueueJobRequest) -> JobType:
    row = get_job_type(request.job_type)
    if row is None:
        known = ", ".join([*JOB_TYPES, *ALIASES])
        raise _field_error("jobType", f"Unknown job type. Known job types: {known}.")
    return row


def _prompt(metadata: JobMetadata) -> str:
    if metadata.prompt is None:
        raise _field_error("metadata.prompt", "Prompt must not be empty.")
    return metadata.prompt


def _check_offered(request: QueueJobRequest, row: JobType) -> None:
    metadata = request.metadata
    if metadata.num_images > row.max_images:
        raise _field_error("metadata.num_images", f"{row.name} supports one image per job.")
    if metadata.reference_image and not references.requested_references(request):
        raise _field_error(
            "metadata.reference_image",
            "reference_image is true, but no reference image URL was sent.",
        )


def _parameters(metadata: JobMetadata, row: JobType, seed: int) -> GenerationParams:
    return GenerationParams(
        prompt=metadata.enhanced_prompt or _prompt(metadata),
        negative_prompt=metadata.negative_prompt,
        steps=metadata.steps or row.steps,
        guidance_scale=row.guidance_scale
        if metadata.guidance_scale is None
        else metadata.guidance_scale,
        num_images=metadata.num_images,
        seed=seed if metadata.seed is None else metadata.seed,
        aspect_ratio=metadata.aspect_ratio,
        reference_strength=metadata.reference_strength,
        reference_type=metadata.reference_type,
        content_type=metadata.content_type,
    )


def _validated_metadata(metadata: JobMetadata) -> dict[str, object]:
    """Return the metadata as the client sent it, checked against the size of its column."""
    stored: dict[str, object] = metadata.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if is_json_larger(stored, MAX_METADATA_BYTES):
        raise _field_error("metadata", f"The metadata holds more than {MAX_METADATA_BYTES} bytes.")
    return stored


def _field_error(field: str, message: str) -> InvalidRequestError:
    detail = {"field": field, "message": message, "type": "value_error"}
    return InvalidRequestError(message, details=[detail])
