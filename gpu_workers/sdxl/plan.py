"""From a job to its drawings: what the settings and its reference make of what it asks."""

from gpu_workers.runtime.pipeline import Work
from gpu_workers.sdxl import prompts, references
from gpu_workers.sdxl.drawing import Drawing
from gpu_workers.sdxl.settings import SdxlSettings
from gpu_workers.sdxl.sizes import sides


def planned(work: Work, settings: SdxlSettings, *, own_side: int) -> list[Drawing]:
    """One drawing an image; they differ in their seed alone.

    Raises:
        JobError: the job's reference cannot be used.
    """
    wanted = work.message.parameters
    size = sides(wanted.aspect_ratio, own_side=own_side)
    references.check_promised(work.references, work.message.reference_roles)
    start = references.start(work.references, wanted, size)
    guidance = settings.sdxl_guidance
    return [
        Drawing(
            prompt=prompts.read(wanted.prompt),
            negative=prompts.read(wanted.negative_prompt),
            steps=settings.sdxl_steps or wanted.steps,
            guidance=wanted.guidance_scale if guidance is None else guidance,
            seed=wanted.seed + index,
            size=size,
            way=references.way(start, settings),
            start=start,
        )
        for index in range(wanted.num_images)
    ]
