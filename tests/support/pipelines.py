"""Run one job on a pipeline, without a worker."""

from collections.abc import Sequence

from gpu_workers.runtime.pipeline import (
    GenerationRequest,
    Media,
    OnStep,
    Pipeline,
    ReferenceImage,
)
from shared.contracts.worker_protocol import JobMessage


def ignore_step(_step: int, _steps: int) -> None:
    """Do nothing after a step."""


def generate_alone(
    pipeline: Pipeline,
    message: JobMessage,
    references: Sequence[ReferenceImage] = (),
    on_step: OnStep = ignore_step,
) -> list[Media]:
    """Return the media of a job that is alone in its call of the pipeline."""
    (media,) = pipeline.generate([GenerationRequest(message, references, on_step)])
    return media
