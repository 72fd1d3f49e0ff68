"""What a job of the WAN queue asks for: a clip, or a clip's single frame as a picture."""

import logging
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from gpu_workers.runtime.pipeline import (
    GenerationRequest,
    Media,
    OnStep,
    PermanentError,
    ReferenceImage,
)
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.wan import output, settings
from gpu_workers.wan.clip_format import round_frames, sides
from gpu_workers.wan.clip_request import ClipRequest
from gpu_workers.wan.reference_images import ReferenceFrames, select_references
from shared.contracts.job_catalog import get_job_type
from shared.contracts.worker_protocol import GenerationParams, JobMessage

if TYPE_CHECKING:
    from gpu_workers.wan.model import Model
    from gpu_workers.wan.model_loader import LoadedModel

_TINY = "tiny-random-wan"


class WanPipeline:
    """Wan, or whatever models of its architecture are configured."""

    _model: "Model"

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        """The folder of the model to film with where none is configured."""

    @property
    def models(self) -> list[str]:
        """The models that film: hub ids, or folders' names."""
        chosen = self._settings
        first = chosen.wan_model or _TINY
        return [settings.name_of(one) for one in (first, chosen.wan_i2v_model) if one]

    @property
    def weights(self) -> list[Weights]:
        """The model that films from text, and the one that begins with a picture."""
        chosen = self._settings
        named = [Weights.named(one) for one in (chosen.wan_model, chosen.wan_i2v_model) if one]
        if chosen.wan_model:
            return named
        from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds

        tiny = [Weights(tiny_model(chosen.model_cache), tiny_model)]
        if not named:
            frames = partial(tiny_model, kind="frames")
            tiny.append(Weights(frames(chosen.model_cache), frames))
        return [*named, *tiny]

    def load(self) -> None:
        """Load the models; until then nothing heavy is imported."""
        from transformers.utils import logging as theirs  # noqa: PLC0415 - heavy, as the one below

        theirs.set_verbosity(logging.ERROR)  # Importing diffusers warns of what is not used here.
        from gpu_workers.wan.model import Model  # noqa: PLC0415 - it takes seconds, so not before

        self._model = Model(self._settings)

    @property
    def max_images(self) -> int:
        """A film takes all there is."""
        return 1

    def batch_key(self, work: GenerationRequest) -> Hashable:
        """No two jobs are made together."""
        return work.message.job_id

    def run_together(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Make one after the other."""
        return [self._made(work) for work in works]

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Film, or draw each picture by itself."""
        return self._made(GenerationRequest(message, references, on_step, _unseen))

    def _made(self, work: GenerationRequest) -> list[Media]:
        row = get_job_type(work.message.job_type)
        if row is None:
            raise PermanentError("unsupported_job_type", "There is no such type of job.")
        begun = select_references(work.references, row.media)
        chosen = self._model.select(begun)
        film = row.media == "video"
        finished = output.clip_of if film else output.picture_of
        outputs = []
        for index in range(work.message.parameters.num_images):
            order = _order(work.message.parameters, begun, index, chosen, film=film)
            frames = self._model.generate(order, _shifted(work, index), work.on_preview)
            outputs.append(finished(frames, order, chosen, self._settings))
        return outputs

    @cached_property
    def _settings(self) -> settings.WanSettings:
        chosen = settings.wan()
        if chosen.wan_model or self._own is None:
            return chosen
        return chosen.model_copy(update={"wan_model": str(self._own)})


def _order(
    params: GenerationParams,
    begun: ReferenceFrames,
    index: int,
    chosen: "LoadedModel",
    *,
    film: bool,
) -> ClipRequest:
    return ClipRequest(
        params=params,
        references=begun,
        seed=params.seed + index,
        frames=round_frames(chosen.clip.frames, every=chosen.every) if film else 1,
        size=sides(params.aspect_ratio, side=chosen.clip.side, multiple=chosen.multiple),
    )


def _shifted(work: GenerationRequest, index: int) -> OnStep:
    """Steps of one picture among several, counted over all of them."""
    images = work.message.parameters.num_images

    def shifted(step: int, steps: int) -> None:
        work.on_step(index * steps + step, images * steps)

    return shifted


def _unseen(_: Callable[[], Image.Image]) -> None:
    pass
