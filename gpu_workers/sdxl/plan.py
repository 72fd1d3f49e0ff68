"""Plan a job: its image requests, from its parameters, its reference and the settings."""

from gpu_workers.runtime.pipeline import GenerationRequest
from gpu_workers.sdxl import prompt_parser, reference_images
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.resolutions import resolution
from gpu_workers.sdxl.settings import SdxlSettings


def planned(
    work: GenerationRequest, settings: SdxlSettings, *, own_side: int
) -> list[ImageRequest]:
    """Return one request per picture of a job; they differ only in their seed.

    Args:
        work: the job with its references.
        settings: may override the job's steps and guidance.
        own_side: the side of the square that the model was trained on, in pixels.

    Raises:
        JobError: the job's reference cannot be used.
    """
    params = work.message.parameters
    size = resolution(params.aspect_ratio, own_side=own_side)
    reference_images.check_all_present(work.references, work.message.reference_roles)
    start = reference_images.init_image(work.references, params, size)
    guidance = settings.sdxl_guidance
    return [
        ImageRequest(
            prompt=prompt_parser.read(params.prompt),
            negative=prompt_parser.read(params.negative_prompt),
            steps=settings.sdxl_steps or params.steps,
            guidance=params.guidance_scale if guidance is None else guidance,
            seed=params.seed + index,
            size=size,
            way=reference_images.select_mode(start, settings),
            start=start,
        )
        for index in range(params.num_images)
    ]
