"""SDXL pipeline: jobs to pictures, in batches across jobs."""

import logging
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from gpu_workers.runtime.pipeline import GenerationRequest, Media, OnStep, Pipeline
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.sdxl import output, prompt_parser, reference_images, settings
from gpu_workers.sdxl.image_request import ImageRequest, resolution
from gpu_workers.sdxl.settings import SdxlSettings

if TYPE_CHECKING:
    from gpu_workers.sdxl.model import Model

_TINY = "tiny-random-sdxl"


class SdxlPipeline(Pipeline):
    """SDXL, or the configured model of its architecture."""

    _model: "Model"
    _max_batch_size = 1

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
    def max_batch_size(self) -> int:
        """The maximum number of pictures in one batch."""
        return self._max_batch_size

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
        from gpu_workers.sdxl import model, optimizations  # noqa: PLC0415 - seconds, so not before

        settings = self._configured()
        self._model = model.Model(settings)
        self._max_batch_size = self._model.max_batch
        self._settings = settings
        if optimizations.compiles(settings):
            model.warm_up(self._model)

    def batch_key(self, request: GenerationRequest) -> Hashable:
        """Return what all images in one call of the model must have in common.

        Raises:
            JobError: the job's reference or a LoRA of its prompt cannot be used.
        """
        image = self._image_requests(request)[0]
        chunks = self._model.prompt_chunks(image.prompt, image.negative)
        # The IP-Adapter takes the reference of one job only.
        own_batch = request.message.job_id if image.mode == "adapter" else None
        start = image.start and (image.start.type, image.start.strength)
        return (
            image.steps,
            image.guidance,
            image.size,
            image.mode,
            start,
            image.prompt.loras,
            chunks,
            own_batch,
        )

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Draw the pictures of several jobs; each is the same as drawn alone with its seed."""
        images = [
            (request, image) for request in requests for image in self._image_requests(request)
        ]
        batches = [
            images[first : first + self._max_batch_size]
            for first in range(0, len(images), self._max_batch_size)
        ]
        pictures: list[Image.Image] = []
        for index, batch in enumerate(batches):
            owners = [request for request, _ in batch]
            pictures += self._model.generate(
                [image for _, image in batch],
                _batch_progress(owners, index, len(batches)),
                _batch_preview(owners),
            )
        media: dict[int, list[Media]] = {id(request): [] for request in requests}
        for (request, image), picture in zip(images, pictures, strict=True):
            media[id(request)].append(self._media(request, image, picture))
        return list(media.values())

    def _configured(self) -> SdxlSettings:
        configured = settings.sdxl()
        if configured.sdxl_model or self._default is None:
            return configured
        return configured.model_copy(update={"sdxl_model": str(self._default)})

    def _image_requests(self, request: GenerationRequest) -> list[ImageRequest]:
        """Return one request per picture of a job; they differ only in their seed."""
        params = request.message.parameters
        size = resolution(params.aspect_ratio, native_side=self._model.native_side)
        reference_images.check_all_present(request.references, request.message.reference_roles)
        start = reference_images.init_image(request.references, params, size)
        settings = self._settings
        guidance = settings.sdxl_guidance
        return [
            ImageRequest(
                prompt=prompt_parser.read(params.prompt),
                negative=prompt_parser.read(params.negative_prompt),
                steps=settings.sdxl_steps or params.steps,
                guidance=params.guidance_scale if guidance is None else guidance,
                seed=params.seed + index,
                size=size,
                mode=reference_images.select_mode(start, settings),
                start=start,
            )
            for index in range(params.num_images)
        ]

    def _media(
        self, request: GenerationRequest, image: ImageRequest, picture: Image.Image
    ) -> Media:
        return output.media_of(
            picture,
            image,
            request.message.parameters,
            model=self.models[0],
            sampler=self._model.sampler,
            lossy=self._settings.lossy,
        )


def _batch_progress(owners: Sequence[GenerationRequest], index: int, batches: int) -> OnStep:
    """Return the ``on_step`` of one of several batches: it reports steps of all batches."""

    def on_step(step: int, steps: int) -> None:
        for request in {id(request): request for request in owners}.values():
            request.on_step(index * steps + step, batches * steps)

    return on_step


def _batch_preview(
    owners: Sequence[GenerationRequest],
) -> Callable[[Callable[[int], Image.Image]], None]:
    """Return the ``on_latents`` of a batch: it previews each job's first picture in it."""

    def on_latents(preview: Callable[[int], Image.Image]) -> None:
        first = {id(request): index for index, request in reversed(list(enumerate(owners)))}
        for index in first.values():
            owners[index].on_preview(lambda index=index: preview(index))  # type: ignore[misc]

    return on_latents
