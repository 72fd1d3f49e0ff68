"""WAN pipeline: jobs to clips, or to single frames as pictures."""

import logging
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_workers.runtime.pipeline import (
    GenerationRequest,
    Media,
    OnStep,
    PermanentError,
    Pipeline,
)
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.wan import output, settings
from gpu_workers.wan.clip_format import round_frames, sides
from gpu_workers.wan.clip_request import ClipRequest
from gpu_workers.wan.reference_images import ReferenceFrames, select_references
from shared.contracts.job_catalog import get_job_type
from shared.contracts.worker_protocol import GenerationParams

if TYPE_CHECKING:
    from gpu_workers.wan.model import Model
    from gpu_workers.wan.model_loader import LoadedModel

_TINY = "tiny-random-wan"


class WanPipeline(Pipeline):
    """Wan, or the configured models of its architecture."""

    _model: "Model"

    def __init__(self, default: Path | None = None) -> None:
        """Use the model in the folder ``default`` if none is configured."""
        self._default = default

    @property
    def models(self) -> list[str]:
        """The names of the models: hub ids, or names of folders."""
        configured = self._settings
        text_model = configured.wan_model or _TINY
        models = (text_model, configured.wan_i2v_model)
        return [settings.name_of(model) for model in models if model]

    @property
    def weights(self) -> list[Weights]:
        """The weights of the text-to-video and the image-to-video model."""
        configured = self._settings
        models = (configured.wan_model, configured.wan_i2v_model)
        named = [Weights.named(model) for model in models if model]
        if configured.wan_model:
            return named
        from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds

        tiny = [Weights(tiny_model(configured.model_cache), tiny_model)]
        if not named:
            frames = partial(tiny_model, kind="frames")
            tiny.append(Weights(frames(configured.model_cache), frames))
        return [*named, *tiny]

    def load(self) -> None:
        """Load the models; heavy modules are imported only here."""
        from transformers.utils import logging as hf_logging  # noqa: PLC0415 - heavy, as below

        hf_logging.set_verbosity(logging.ERROR)  # Importing diffusers warns of unused features.
        from gpu_workers.wan.model import Model  # noqa: PLC0415 - it takes seconds, so not before

        self._model = Model(self._settings)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Generate each job's clip, or its pictures one by one, one job after the other."""
        return [self._generate(request) for request in requests]

    def _generate(self, work: GenerationRequest) -> list[Media]:
        row = get_job_type(work.message.job_type)
        if row is None:
            raise PermanentError("unsupported_job_type", "Unknown job type.")
        references = select_references(work.references, row.media)
        model = self._model.select(references)
        is_video = row.media == "video"
        to_media = output.clip_of if is_video else output.picture_of
        outputs = []
        for index in range(work.message.parameters.num_images):
            request = _to_clip_request(
                work.message.parameters, references, index, model, is_video=is_video
            )
            frames = self._model.generate(request, _job_progress(work, index), work.on_preview)
            outputs.append(to_media(frames, request, model, self._settings))
        return outputs

    @cached_property
    def _settings(self) -> settings.WanSettings:
        configured = settings.wan()
        if configured.wan_model or self._default is None:
            return configured
        return configured.model_copy(update={"wan_model": str(self._default)})


def _to_clip_request(
    params: GenerationParams,
    references: ReferenceFrames,
    index: int,
    model: "LoadedModel",
    *,
    is_video: bool,
) -> ClipRequest:
    return ClipRequest(
        params=params,
        references=references,
        seed=params.seed + index,
        frames=round_frames(model.clip.frames, every=model.every) if is_video else 1,
        size=sides(params.aspect_ratio, side=model.clip.side, multiple=model.multiple),
    )


def _job_progress(work: GenerationRequest, index: int) -> OnStep:
    """Return the ``on_step`` of one of a job's pictures: it reports steps of all pictures."""
    images = work.message.parameters.num_images

    def on_step(step: int, steps: int) -> None:
        work.on_step(index * steps + step, images * steps)

    return on_step
