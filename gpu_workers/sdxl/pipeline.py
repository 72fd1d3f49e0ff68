"""From jobs to pictures and their files: several jobs at once, where they go together."""

import logging
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from gpu_workers.runtime.pipeline import GenerationRequest, Media, OnStep, ReferenceImage
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.sdxl import output, settings
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.plan import planned
from gpu_workers.sdxl.settings import SdxlSettings
from shared.contracts.worker_protocol import JobMessage

if TYPE_CHECKING:
    from gpu_workers.sdxl.model import Model

_TINY = "tiny-random-sdxl"


class SdxlPipeline:
    """SDXL, or whatever model of its architecture is configured."""

    _model: "Model"
    _max_images = 1

    def __init__(self, default: Path | None = None) -> None:
        """``default`` is a model's folder, for where none is configured."""
        self._default = default

    @property
    def models(self) -> list[str]:
        """The configured model: a hub id, or a folder's name."""
        configured = self._configured().sdxl_model
        if configured is None:
            return [_TINY]
        return [Path(configured).name if Path(configured).is_dir() else configured]

    @property
    def max_images(self) -> int:
        """Drawn at the same time."""
        return self._max_images

    @property
    def weights(self) -> list[Weights]:
        """The model, and whatever is added to it."""
        settings = self._configured()
        added = (
            settings.sdxl_vae,
            settings.sdxl_controlnet,
            settings.sdxl_ip_adapter,
            settings.sdxl_loras,
        )
        others = [Weights.named(one) for one in added if one]
        if settings.sdxl_model:
            return [Weights.named(settings.sdxl_model), *others]
        from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds

        return [Weights(tiny_model(settings.model_cache), tiny_model), *others]

    def load(self) -> None:
        """Load the model; until then nothing heavy is imported."""
        from transformers.utils import logging as theirs  # noqa: PLC0415 - heavy, as the one below

        theirs.set_verbosity(logging.ERROR)  # Importing diffusers warns of what is not used here.
        from gpu_workers.sdxl import model, optimizations, warming  # noqa: PLC0415 - seconds, so not before

        settings = self._configured()
        self._model = model.Model(settings)
        self._max_images = self._model.max_batch
        self._settings = settings
        if optimizations.compiles(settings):
            warming.warm_up(self._model)

    def batch_key(self, work: GenerationRequest) -> Hashable:
        """What one call of the model has in common."""
        request = self._image_requests(work)[0]
        pieces = self._model.prompt_chunks(request.prompt, request.negative)
        alone = work.message.job_id if request.way == "adapter" else None
        start = request.start and (request.start.type, request.start.strength)
        return (
            request.steps,
            request.guidance,
            request.size,
            request.way,
            start,
            request.prompt.loras,
            pieces,
            alone,
        )

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Draw one job's images."""
        return self.run_together([GenerationRequest(message, references, on_step, _unseen)])[0]

    def run_together(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Draw the images of all; each is what its seed draws alone."""
        drawings = [(work, request) for work in works for request in self._image_requests(work)]
        batches = [
            drawings[first : first + self._max_images]
            for first in range(0, len(drawings), self._max_images)
        ]
        pictures: list[Image.Image] = []
        for index, batch in enumerate(batches):
            owners = [work for work, _ in batch]
            on_step, on_latents = (
                _batch_progress(owners, index, len(batches)),
                _batch_preview(owners),
            )
            pictures += self._model.generate([request for _, request in batch], on_step, on_latents)
        made: dict[int, list[Media]] = {id(work): [] for work in works}
        for (work, one), picture in zip(drawings, pictures, strict=True):
            made[id(work)].append(self._media(work, one, picture))
        return list(made.values())

    def _configured(self) -> SdxlSettings:
        own = settings.sdxl()
        if own.sdxl_model or self._default is None:
            return own
        return own.model_copy(update={"sdxl_model": str(self._default)})

    def _image_requests(self, work: GenerationRequest) -> list[ImageRequest]:
        return planned(work, self._settings, own_side=self._model.native_size)

    def _media(self, work: GenerationRequest, request: ImageRequest, picture: Image.Image) -> Media:
        return output.media_of(
            picture,
            request,
            work.message.parameters,
            model=self.models[0],
            sampler=self._model.sampler,
            lossy=self._settings.lossy,
        )


def _batch_progress(owners: Sequence[GenerationRequest], index: int, batches: int) -> OnStep:
    """Steps of one batch among several, counted over all of them, to each job in it."""

    def told(step: int, steps: int) -> None:
        for work in {id(work): work for work in owners}.values():
            work.on_step(index * steps + step, batches * steps)

    return told


def _batch_preview(
    owners: Sequence[GenerationRequest],
) -> Callable[[Callable[[int], Image.Image]], None]:
    """A preview of each job's first picture in the batch."""

    def shown(preview: Callable[[int], Image.Image]) -> None:
        places = {id(work): place for place, work in reversed(list(enumerate(owners)))}
        for place in places.values():
            owners[place].on_preview(lambda place=place: preview(place))  # type: ignore[misc]

    return shown


def _unseen(_: Callable[[], Image.Image]) -> None:
    pass
