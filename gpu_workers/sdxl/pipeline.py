"""SDXL pipeline: jobs to pictures, in batches across jobs."""

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
    """SDXL, or the configured model of its architecture."""

    _model: "Model"
    _max_images = 1

    def __init__(self, default: Path | None = None) -> None:
        """Use the model in the folder ``default`` if none is configured."""
        self._default = default

    @property
    def models(self) -> list[str]:
        """The configured model: a hub id, or the name of a folder."""
        configured = self._configured().sdxl_model
        if configured is None:
            return [_TINY]
        return [Path(configured).name if Path(configured).is_dir() else configured]

    @property
    def max_images(self) -> int:
        """The maximum number of pictures in one batch."""
        return self._max_images

    @property
    def weights(self) -> list[Weights]:
        """The weights of the model, its VAE, ControlNet, IP-Adapter and LoRAs."""
        settings = self._configured()
        added = (
            settings.sdxl_vae,
            settings.sdxl_controlnet,
            settings.sdxl_ip_adapter,
            settings.sdxl_loras,
        )
        added_weights = [Weights.named(model) for model in added if model]
        if settings.sdxl_model:
            return [Weights.named(settings.sdxl_model), *added_weights]
        from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds

        return [Weights(tiny_model(settings.model_cache), tiny_model), *added_weights]

    def load(self) -> None:
        """Load the model; heavy modules are imported only here."""
        from transformers.utils import logging as hf_logging  # noqa: PLC0415 - heavy, as below

        hf_logging.set_verbosity(logging.ERROR)  # Importing diffusers warns of unused features.
        from gpu_workers.sdxl import model, optimizations, warming  # noqa: PLC0415 - seconds, so not before

        settings = self._configured()
        self._model = model.Model(settings)
        self._max_images = self._model.max_batch
        self._settings = settings
        if optimizations.compiles(settings):
            warming.warm_up(self._model)

    def batch_key(self, work: GenerationRequest) -> Hashable:
        """Return what all requests in one call of the model must have in common.

        Raises:
            JobError: the job's reference or a LoRA of its prompt cannot be used.
        """
        request = self._image_requests(work)[0]
        pieces = self._model.prompt_chunks(request.prompt, request.negative)
        # The IP-Adapter takes the reference of one job only.
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
        """Draw one job's pictures, without previews."""
        return self.run_together([GenerationRequest(message, references, on_step, _no_preview)])[0]

    def run_together(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Draw the pictures of several jobs; each is the same as drawn alone with its seed."""
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
        media: dict[int, list[Media]] = {id(work): [] for work in works}
        for (work, request), picture in zip(drawings, pictures, strict=True):
            media[id(work)].append(self._media(work, request, picture))
        return list(media.values())

    def _configured(self) -> SdxlSettings:
        configured = settings.sdxl()
        if configured.sdxl_model or self._default is None:
            return configured
        return configured.model_copy(update={"sdxl_model": str(self._default)})

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
    """Return the ``on_step`` of one of several batches: it reports steps of all batches."""

    def on_step(step: int, steps: int) -> None:
        for work in {id(work): work for work in owners}.values():
            work.on_step(index * steps + step, batches * steps)

    return on_step


def _batch_preview(
    owners: Sequence[GenerationRequest],
) -> Callable[[Callable[[int], Image.Image]], None]:
    """Return the ``on_latents`` of a batch: it previews each job's first picture in it."""

    def on_latents(preview: Callable[[int], Image.Image]) -> None:
        first = {id(work): index for index, work in reversed(list(enumerate(owners)))}
        for index in first.values():
            owners[index].on_preview(lambda index=index: preview(index))  # type: ignore[misc]

    return on_latents


def _no_preview(_: Callable[[], Image.Image]) -> None:
    pass
