"""From a job to its drawings: what the settings and its reference make of what it asks."""

from gpu_workers.runtime.pipeline import Work
from gpu_workers.sdxl import prompt_parser, reference_images
from gpu_workers.sdxl.image_request import Drawing
from gpu_workers.sdxl.resolutions import sides
from gpu_workers.sdxl.settings import SdxlSettings


def planned(work: Work, settings: SdxlSettings, *, own_side: int) -> list[Drawing]:
    """One drawing an image; they differ in their seed alone.

    Raises:
        JobError: the job's reference cannot be used.
    """
    wanted = work.message.parameters
    size = sides(wanted.aspect_ratio, own_side=own_side)
    reference_images.check_promised(work.references, work.message.reference_roles)
    start = reference_images.start(work.references, wanted, size)
    guidance = settings.sdxl_guidance
    return [
        Drawing(
            prompt=prompt_parser.read(wanted.prompt),
            negative=prompt_parser.read(wanted.negative_prompt),
            steps=settings.sdxl_steps or wanted.steps,
            guidance=wanted.guidance_scale if guidance is None else guidance,
            seed=wanted.seed + index,
            size=size,
            way=reference_images.way(start, settings),
            start=start,
        )
        for index in range(wanted.num_images)
    ]
